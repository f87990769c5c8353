// Address space that tensors live in, cut into blocks: split where a request is smaller, merged where neighbours are
// free. Pages and addresses are managed apart, so that free pages lie idle nowhere while others are asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace coarsely {

/**
 * Best fit with merging keeps waste small but not zero: between blocks that live longer lie holes that no request fits.
 * When none fits, the arena grows into fresh addresses and moves the pages of its holes there (two MiB at a time, by
 * mremap: microseconds, nothing is copied or cleared), so that the pages held follow the most that was ever live.
 *
 * A block is in one of three states: used; warm, free with pages behind it; cold, free addresses alone.
 */
class Arena {
 public:
  /// At least `bytes` bytes, aligned to a page. @throws std::bad_alloc
  void* take(size_t bytes);
  void give(void* start);
  /// Gives the pages of all free blocks back to the system; the bytes given back.
  uint64_t trim();
  /// Bytes of free blocks with pages behind them.
  uint64_t warmBytes();

 private:
  enum class State : uint8_t { Used, Warm, Cold };
  struct Block {
    size_t bytes;
    State state;
  };
  using Blocks = std::map<char*, Block>;
  using Free = std::set<std::pair<size_t, char*>>;

  char* takeWarm(size_t bytes);
  bool grow(size_t bytes);
  char* findCold(size_t bytes);
  bool reserve(size_t bytes);
  size_t movePages(char* target, size_t bytes);
  Blocks::iterator cut(Blocks::iterator block, char* at);
  Blocks::iterator merge(Blocks::iterator block);
  void index(const Blocks::value_type& block);
  void unindex(const Blocks::value_type& block);
  Free* listOf(State state);

  std::mutex mutex_;
  Blocks blocks_;
  Free warm_;
  Free cold_;
  uint64_t warmBytes_ = 0;
};

}  // namespace coarsely
