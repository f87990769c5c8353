// Manages the address space of large tensors as blocks that are split for smaller requests and merged when they are
// free. Pages are moved between addresses, so that no new page is mapped while a free one exists elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace coarsely {

/**
 * Allocates by best fit. Long-lived blocks leave holes between them that later requests do not fit. When no hole fits,
 * the arena grows into fresh addresses and moves the pages of its holes there with mremap (2 MiB at a time, in
 * microseconds, without copying), so that the mapped pages follow the greatest number of bytes that was ever live.
 *
 * A block is Used, Cached (free, with its pages mapped) or Reserved (free addresses without pages).
 */
class Arena {
 public:
  /// Returns a block of at least `bytes` bytes, aligned to a page, or null when the system cannot give as much.
  void* allocate(size_t bytes);
  void release(void* start);
  /// Returns the pages of all free blocks to the system and reports how many bytes that were.
  uint64_t trim();
  /// Returns the bytes of free blocks that keep their pages.
  uint64_t cachedBytes();

 private:
  enum class State : uint8_t { Used, Cached, Reserved };
  struct Block {
    size_t bytes;
    State state;
  };
  using Blocks = std::map<char*, Block>;
  using FreeList = std::set<std::pair<size_t, char*>>;

  char* takeCached(size_t bytes);
  bool grow(size_t bytes);
  char* findReserved(size_t bytes);
  bool reserve(size_t bytes);
  size_t movePages(char* target, size_t bytes);
  Blocks::iterator split(Blocks::iterator block, char* at);
  Blocks::iterator merge(Blocks::iterator block);
  void index(const Blocks::value_type& block);
  void unindex(const Blocks::value_type& block);
  FreeList* freeListOf(State state);

  std::mutex mutex_;
  Blocks blocks_;
  FreeList cached_;
  FreeList reserved_;
  uint64_t cachedBytes_ = 0;
};

}  // namespace coarsely
