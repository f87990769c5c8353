// Integer handles. A tensor (or generator) in JavaScript is a number: slot index in the low 32 bits, the slot's
// generation above, so that a stale handle is recognised instead of meaning another tensor.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <node_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace coarsely {

template <typename Value>
class SlotTable {
 public:
  double add(Value value) {
    uint32_t index;
    if (free_.empty()) {
      index = static_cast<uint32_t>(slots_.size());
      slots_.push_back({std::move(value), 1, true});
    } else {
      index = free_.back();
      free_.pop_back();
      slots_[index].value = std::move(value);
      slots_[index].used = true;
    }
    ++live_;
    return static_cast<double>((static_cast<uint64_t>(slots_[index].generation) << 32) | index);
  }

  Value& get(double handle, const char* what) {
    Slot* slot = find(handle);
    if (!slot) {
      throw std::runtime_error(std::string("the ") + what + " was already disposed (or belongs to another thread)");
    }
    return slot->value;
  }

  /// A handle that is already gone is no error: a scope may hold what was disposed by hand.
  void remove(double handle) {
    Slot* slot = find(handle);
    if (!slot) return;
    slot->value = Value();
    slot->used = false;
    // 53 bits of a double: 21 for the generation, which starts again at 1.
    slot->generation = slot->generation == 0x1FFFFF ? 1 : slot->generation + 1;
    free_.push_back(static_cast<uint32_t>(static_cast<uint64_t>(handle)));
    --live_;
  }

  size_t live() const { return live_; }

  void clear() {
    slots_.clear();
    free_.clear();
    live_ = 0;
  }

 private:
  struct Slot {
    Value value;
    uint32_t generation;
    bool used;
  };

  Slot* find(double handle) {
    if (!(handle >= 0 && handle < 9007199254740992.0)) return nullptr;
    const auto bits = static_cast<uint64_t>(handle);
    const auto index = static_cast<uint32_t>(bits);
    if (index >= slots_.size()) return nullptr;
    Slot& slot = slots_[index];
    return slot.used && slot.generation == (bits >> 32) ? &slot : nullptr;
  }

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  size_t live_ = 0;
};

/// One table per thread: a handle never crosses threads, so no lock stands in an operation's way.
SlotTable<at::Tensor>& tensors();
SlotTable<at::Generator>& generators();

/// The tensor that a JavaScript argument names. @throws when the handle is stale or no number
at::Tensor& tensorArgument(napi_env env, napi_value value);
at::Generator& generatorArgument(napi_env env, napi_value value);

}  // namespace coarsely
