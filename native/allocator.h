// A caching CPU allocator under every tensor: pages stay mapped between steps, and live and peak bytes are exact.
#pragma once
#include <cstddef>
#include <cstdint>

namespace coarsely {

struct MemoryStatistics {
  uint64_t live;
  uint64_t peak;
  uint64_t cached;
};

void installAllocator();
MemoryStatistics memoryStatistics();
void resetPeakMemory();
/// Gives every cached block back to the system; the bytes given back.
uint64_t trimMemory();

}  // namespace coarsely
