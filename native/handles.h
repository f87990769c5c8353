// Integer handles. JavaScript holds a tensor or generator as a number: the index of a slot in the low 32 bits and the
// slot's generation above it, so that a handle used after disposal is detected instead of reaching another tensor.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <node_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace coarsely {

/// Owns values and names each by a handle.
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

  /// Returns the value of a handle. @throws std::runtime_error naming `what` when the handle is stale
  Value& get(double handle, const char* what) {
    Slot* slot = find(handle);
    if (!slot) {
      throw std::runtime_error(std::string("the ") + what +
                               " was already disposed, or belongs to another thread; expected one that is alive here");
    }
    return slot->value;
  }

  /// Frees the value of a handle. A stale handle is accepted: a scope may hold tensors that were disposed by hand.
  void remove(double handle) {
    Slot* slot = find(handle);
    if (!slot) return;
    slot->value = Value();
    slot->used = false;
    // A double holds 53 bits, which leaves 21 for the generation; it wraps around to 1.
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

/// Returns the tensors of this thread. Handles never cross threads, so operations need no lock.
SlotTable<at::Tensor>& tensors();
/// Returns the generators of this thread.
SlotTable<at::Generator>& generators();

/// Returns the tensor whose handle a JavaScript argument holds. @throws when it is stale or not a number
at::Tensor& tensorArgument(napi_env env, napi_value value);
/// Returns the generator whose handle a JavaScript argument holds. @throws when it is stale or not a number
at::Generator& generatorArgument(napi_env env, napi_value value);

}  // namespace coarsely
