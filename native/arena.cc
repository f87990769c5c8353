// Implements the arena over mmap and mremap. All bookkeeping is in ordered containers, so that equal requests get equal
// addresses.
#include "arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <new>

#include "memory_limit.h"

namespace coarsely {

namespace {

constexpr size_t page = 4096;
/// Addresses are reserved and pages are moved in units of a huge page; smaller moves would split huge pages.
constexpr size_t unit = 2 * 1024 * 1024;

size_t roundUp(size_t bytes, size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

char* alignUp(char* address) {
  return reinterpret_cast<char*>(roundUp(reinterpret_cast<uintptr_t>(address), unit));
}

char* alignDown(char* address) {
  return reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(address) / unit * unit);
}

/// Returns how many bytes of addresses to reserve at once. Addresses without pages are free of charge, so a large
/// reservation saves later ones; `reserve` asks for less where the system limits them.
size_t reservationBytes() {
  static const size_t bytes = [] {
    const long pages = sysconf(_SC_PHYS_PAGES), pageBytes = sysconf(_SC_PAGESIZE);
    const size_t physical =
        pages > 0 && pageBytes > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(pageBytes) : 0;
    return roundUp(std::max<size_t>(4 * physical, size_t{16} << 30), unit);
  }();
  return bytes;
}

/// Returns whether the system has as many bytes, counting pages that are already cached. Requests that are too small to
/// exhaust it by themselves are not checked, because asking takes as long as a small operation.
bool isAvailable(size_t bytes, uint64_t cached) {
  constexpr size_t leastChecked = 64 * 1024 * 1024;
  if (bytes < leastChecked) return true;
  const uint64_t available = availableMemory();
  return bytes <= cached || bytes - cached <= available;
}

/// Moves the pages of one unit to `target` and leaves `source` without pages. Returns false where the system cannot.
bool movePage([[maybe_unused]] char* target, [[maybe_unused]] char* source) {
#ifdef MREMAP_DONTUNMAP
  const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
  if (mremap(source, unit, unit, flags, target) != MAP_FAILED) return true;
  // A failed mremap may have unmapped the target already, so it is mapped again.
  const int fresh = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (mmap(target, unit, PROT_READ | PROT_WRITE, fresh, -1, 0) == MAP_FAILED) throw std::bad_alloc();
  madvise(target, unit, MADV_HUGEPAGE);
  return false;
#else
  return false;
#endif
}

}  // namespace

void* Arena::allocate(size_t requested) {
  const size_t bytes = roundUp(std::max<size_t>(requested, 1), page);
  std::lock_guard<std::mutex> lock(mutex_);
  char* start = takeCached(bytes);
  if (!start && isAvailable(bytes, cachedBytes_) && grow(bytes)) start = takeCached(bytes);
  return start;
}

void Arena::release(void* start) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto block = blocks_.find(static_cast<char*>(start));
  block->second.state = State::Cached;
  index(*merge(block));
}

uint64_t Arena::trim() {
  std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t before = cachedBytes_;
  while (!cached_.empty()) {
    const auto block = blocks_.find(cached_.begin()->second);
    unindex(*block);
    madvise(block->first, block->second.bytes, MADV_DONTNEED);
    block->second.state = State::Reserved;
    index(*merge(block));
  }
  return before;
}

uint64_t Arena::cachedBytes() {
  std::lock_guard<std::mutex> lock(mutex_);
  return cachedBytes_;
}

/// Takes the smallest cached block that holds `bytes`, at the lowest address among equals; null when there is none.
char* Arena::takeCached(size_t bytes) {
  const auto fitting = cached_.lower_bound({bytes, nullptr});
  if (fitting == cached_.end()) return nullptr;
  const auto block = blocks_.find(fitting->second);
  unindex(*block);
  if (block->second.bytes > bytes) index(*split(block, block->first + bytes));
  block->second.state = State::Used;
  return block->first;
}

/// Makes a cached block of at least `bytes` from reserved addresses and the pages of cached blocks that are too small.
bool Arena::grow(size_t bytes) {
  const size_t wanted = roundUp(bytes, unit);
  char* start = findReserved(wanted);
  if (!start && reserve(wanted)) start = findReserved(wanted);
  if (!start) return false;
  auto block = std::prev(blocks_.upper_bound(start));
  unindex(*block);
  if (block->first < start) {
    const auto before = block;
    block = split(block, start);
    index(*before);
  }
  if (block->second.bytes > wanted) index(*split(block, start + wanted));
  // Merged only afterwards: the pages of the block before it may be among those that are moved.
  block->second.state = State::Used;
  movePages(start, wanted);
  block->second.state = State::Cached;
  index(*merge(block));
  return true;
}

/// Returns where `bytes` (whole units) of aligned reserved addresses begin, or null when there are none.
char* Arena::findReserved(size_t bytes) {
  for (auto at = reserved_.lower_bound({bytes, nullptr}); at != reserved_.end(); ++at) {
    char* start = alignUp(at->second);
    if (start + bytes <= at->second + at->first) return start;
  }
  return nullptr;
}

/// Reserves fresh addresses for at least `bytes`, as many as the system grants. Returns false when it grants none.
bool Arena::reserve(size_t bytes) {
  for (size_t size = std::max(reservationBytes(), bytes + unit); size >= bytes + unit; size = roundUp(size / 2, unit)) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_NORESERVE
    flags |= MAP_NORESERVE;
#endif
    void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (start == MAP_FAILED) {
      if (size == bytes + unit) return false;
      if (size / 2 < bytes + unit) size = 2 * (bytes + unit);
      continue;
    }
#ifdef MADV_HUGEPAGE
    madvise(start, size, MADV_HUGEPAGE);
#endif
    const auto block = blocks_.emplace(static_cast<char*>(start), Block{size, State::Reserved}).first;
    index(*merge(block));
    return true;
  }
  return false;
}

/// Moves pages of cached blocks to `target`, largest blocks first, and returns the bytes moved.
size_t Arena::movePages(char* target, size_t bytes) {
  size_t moved = 0;
  for (auto at = cached_.rbegin(); at != cached_.rend() && at->first >= unit && moved < bytes;) {
    char* start = alignUp(at->second);
    char* end = std::min(alignDown(at->second + at->first), start + (bytes - moved));
    if (end <= start) {
      ++at;
      continue;
    }
    auto block = blocks_.find(at->second);
    unindex(*block);
    if (block->first < start) {
      const auto before = block;
      block = split(block, start);
      index(*before);
    }
    if (block->first + block->second.bytes > end) index(*split(block, end));
    for (char* source = start; source < end; source += unit, moved += unit) {
      // Where pages cannot be moved they are returned, and the target gets fresh ones from the system.
      if (!movePage(target + moved, source)) madvise(source, unit, MADV_DONTNEED);
    }
    block->second.state = State::Reserved;
    index(*merge(block));
    at = cached_.rbegin();
  }
  return moved;
}

/// Splits an unindexed block in two of the same state and returns the second; neither is indexed.
Arena::Blocks::iterator Arena::split(Blocks::iterator block, char* at) {
  const auto first = static_cast<size_t>(at - block->first);
  const auto second =
      blocks_.emplace_hint(std::next(block), at, Block{block->second.bytes - first, block->second.state});
  block->second.bytes = first;
  return second;
}

/**
 * Merges an unindexed free block with its free neighbors and returns the result, unindexed. Reserved addresses shorter
 * than a unit also merge into a cached block, because nothing else could use them.
 */
Arena::Blocks::iterator Arena::merge(Blocks::iterator block) {
  const auto joins = [&](const Block& neighbor) {
    if (neighbor.state == block->second.state) return true;
    return block->second.state == State::Cached && neighbor.state == State::Reserved && neighbor.bytes < unit;
  };
  // Behind a short reserved block another one may follow.
  for (auto next = std::next(block); next != blocks_.end(); next = std::next(block)) {
    if (block->first + block->second.bytes != next->first || !joins(next->second)) break;
    unindex(*next);
    block->second.bytes += next->second.bytes;
    blocks_.erase(next);
  }
  while (block != blocks_.begin()) {
    const auto before = std::prev(block);
    if (before->first + before->second.bytes != block->first || !joins(before->second)) break;
    unindex(*before);
    before->second.bytes += block->second.bytes;
    before->second.state = block->second.state;
    blocks_.erase(block);
    block = before;
  }
  return block;
}

Arena::FreeList* Arena::freeListOf(State state) {
  switch (state) {
    case State::Cached: return &cached_;
    case State::Reserved: return &reserved_;
    case State::Used: break;
  }
  return nullptr;
}

void Arena::index(const Blocks::value_type& block) {
  if (auto* list = freeListOf(block.second.state)) list->emplace(block.second.bytes, block.first);
  if (block.second.state == State::Cached) cachedBytes_ += block.second.bytes;
}

void Arena::unindex(const Blocks::value_type& block) {
  if (auto* list = freeListOf(block.second.state)) list->erase({block.second.bytes, block.first});
  if (block.second.state == State::Cached) cachedBytes_ -= block.second.bytes;
}

}  // namespace coarsely
