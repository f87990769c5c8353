#include "arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <new>

namespace coarsely {

namespace {

constexpr size_t page = 4096;
/// Addresses grow and pages move in units of a huge page: a smaller move would break huge pages up.
constexpr size_t unit = 2 * 1024 * 1024;

size_t roundUp(size_t bytes, size_t multiple) { return (bytes + multiple - 1) / multiple * multiple; }

char* alignUp(char* address) {
  return reinterpret_cast<char*>(roundUp(reinterpret_cast<uintptr_t>(address), unit));
}

char* alignDown(char* address) {
  return reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(address) / unit * unit);
}

/// Addresses cost nothing until pages stand behind them, and many spare work later; fewer where the system counts them.
size_t reservation() {
  static const size_t bytes = [] {
    const long pages = sysconf(_SC_PHYS_PAGES), pageBytes = sysconf(_SC_PAGESIZE);
    const size_t physical = pages > 0 && pageBytes > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(pageBytes) : 0;
    return roundUp(std::max<size_t>(4 * physical, size_t{16} << 30), unit);
  }();
  return bytes;
}

/// Moves one unit's pages, leaving its addresses without any. False where the system cannot.
bool movePage([[maybe_unused]] char* target, [[maybe_unused]] char* source) {
#ifdef MREMAP_DONTUNMAP
  const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
  if (mremap(source, unit, unit, flags, target) != MAP_FAILED) return true;
  // The system takes the target's addresses away before it looks at the source: they are ours again, whatever it found.
  const int fresh = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (mmap(target, unit, PROT_READ | PROT_WRITE, fresh, -1, 0) == MAP_FAILED) throw std::bad_alloc();
  madvise(target, unit, MADV_HUGEPAGE);
  return false;
#else
  return false;
#endif
}

}  // namespace

void* Arena::take(size_t requested) {
  const size_t bytes = roundUp(std::max<size_t>(requested, 1), page);
  std::lock_guard<std::mutex> lock(mutex_);
  char* start = takeWarm(bytes);
  if (!start && grow(bytes)) start = takeWarm(bytes);
  if (!start) throw std::bad_alloc();
  return start;
}

void Arena::give(void* start) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto block = blocks_.find(static_cast<char*>(start));
  block->second.state = State::Warm;
  index(*merge(block));
}

uint64_t Arena::trim() {
  std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t before = warmBytes_;
  while (!warm_.empty()) {
    const auto block = blocks_.find(warm_.begin()->second);
    unindex(*block);
    madvise(block->first, block->second.bytes, MADV_DONTNEED);
    block->second.state = State::Cold;
    index(*merge(block));
  }
  return before;
}

uint64_t Arena::warmBytes() {
  std::lock_guard<std::mutex> lock(mutex_);
  return warmBytes_;
}

/// The smallest warm block that holds `bytes`, the lowest of equals; null when there is none.
char* Arena::takeWarm(size_t bytes) {
  const auto fitting = warm_.lower_bound({bytes, nullptr});
  if (fitting == warm_.end()) return nullptr;
  const auto block = blocks_.find(fitting->second);
  unindex(*block);
  if (block->second.bytes > bytes) index(*cut(block, block->first + bytes));
  block->second.state = State::Used;
  return block->first;
}

/// Makes a warm block of at least `bytes` from cold addresses and the pages of warm blocks too small.
bool Arena::grow(size_t bytes) {
  const size_t wanted = roundUp(bytes, unit);
  char* start = findCold(wanted);
  if (!start && reserve(wanted)) start = findCold(wanted);
  if (!start) return false;
  auto block = std::prev(blocks_.upper_bound(start));
  unindex(*block);
  if (block->first < start) {
    const auto before = block;
    block = cut(block, start);
    index(*before);
  }
  if (block->second.bytes > wanted) index(*cut(block, start + wanted));
  // Not yet merged with what lies before it, whose pages may be among those that move.
  block->second.state = State::Used;
  movePages(start, wanted);
  block->second.state = State::Warm;
  index(*merge(block));
  return true;
}

/// Where `bytes` (whole units) of aligned cold addresses begin; null when there are none.
char* Arena::findCold(size_t bytes) {
  for (auto at = cold_.lower_bound({bytes, nullptr}); at != cold_.end(); ++at) {
    char* start = alignUp(at->second);
    if (start + bytes <= at->second + at->first) return start;
  }
  return nullptr;
}

bool Arena::reserve(size_t bytes) {
  for (size_t size = std::max(reservation(), bytes + unit); size >= bytes + unit; size = roundUp(size / 2, unit)) {
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
    const auto block = blocks_.emplace(static_cast<char*>(start), Block{size, State::Cold}).first;
    index(*merge(block));
    return true;
  }
  return false;
}

/// Moves pages of warm blocks to `target`, from the largest blocks first; the bytes moved.
size_t Arena::movePages(char* target, size_t bytes) {
  size_t moved = 0;
  for (auto at = warm_.rbegin(); at != warm_.rend() && at->first >= unit && moved < bytes;) {
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
      block = cut(block, start);
      index(*before);
    }
    if (block->first + block->second.bytes > end) index(*cut(block, end));
    for (char* source = start; source < end; source += unit, moved += unit) {
      // Where pages cannot move they are given back, and the target's come fresh from the system.
      if (!movePage(target + moved, source)) madvise(source, unit, MADV_DONTNEED);
    }
    block->second.state = State::Cold;
    index(*merge(block));
    at = warm_.rbegin();
  }
  return moved;
}

/// Splits a block in two of the same state, neither indexed; the second one.
Arena::Blocks::iterator Arena::cut(Blocks::iterator block, char* at) {
  const auto first = static_cast<size_t>(at - block->first);
  const auto second = blocks_.emplace_hint(std::next(block), at, Block{block->second.bytes - first, block->second.state});
  block->second.bytes = first;
  return second;
}

/**
 * Joins a free block that is not indexed with its free neighbours; the whole, not indexed. A sliver of cold addresses
 * joins a warm block: left alone it would never serve again.
 */
Arena::Blocks::iterator Arena::merge(Blocks::iterator block) {
  const auto joins = [&](const Block& neighbour) {
    if (neighbour.state == block->second.state) return true;
    return block->second.state == State::Warm && neighbour.state == State::Cold && neighbour.bytes < unit;
  };
  // Beyond a sliver there may be another one to join.
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

Arena::Free* Arena::listOf(State state) {
  switch (state) {
    case State::Warm:
      return &warm_;
    case State::Cold:
      return &cold_;
    case State::Used:
      break;
  }
  return nullptr;
}

void Arena::index(const Blocks::value_type& block) {
  if (auto* list = listOf(block.second.state)) list->emplace(block.second.bytes, block.first);
  if (block.second.state == State::Warm) warmBytes_ += block.second.bytes;
}

void Arena::unindex(const Blocks::value_type& block) {
  if (auto* list = listOf(block.second.state)) list->erase({block.second.bytes, block.first});
  if (block.second.state == State::Warm) warmBytes_ -= block.second.bytes;
}

}  // namespace coarsely
