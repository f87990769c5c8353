// A caching CPU allocator for all tensors. It keeps pages mapped between training steps, which saves page faults, and
// counts live and peak bytes exactly.
#pragma once
#include <cstddef>
#include <cstdint>

namespace coarsely {

/// Counts bytes of CPU tensors of all threads.
struct MemoryStatistics {
  uint64_t live;
  uint64_t peak;
  /// Counts bytes of free blocks that keep their pages.
  uint64_t cached;
};

/// Makes the caching allocator libtorch's CPU allocator; later calls do nothing.
void installAllocator();
MemoryStatistics memoryStatistics();
/// Sets the peak to the bytes that are live now.
void resetPeakMemory();
/// Returns all cached pages to the system and reports how many bytes that were.
uint64_t trimMemory();

}  // namespace coarsely
