// Allocates tensors of 64 KiB and more from an arena that keeps their pages for the next training step, and smaller
// ones with malloc. glibc would return large blocks to the kernel at once, and every step would fault their pages in
// again.
#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <torch/version.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "arena.h"
#include "memory_limit.h"

namespace coarsely {

namespace {

constexpr size_t alignment = 64;
constexpr size_t leastArenaBytes = 64 * 1024;

// Precedes the data in a cache line of its own, so that the data keeps its alignment.
struct alignas(alignment) Header {
  size_t requested;
  bool fromArena;
};
static_assert(sizeof(Header) == alignment);

std::atomic<uint64_t> liveBytes{0};
std::atomic<uint64_t> peakBytes{0};

Arena& arena() {
  // Leaked on purpose: tensors held by other static objects may be freed after main() returns.
  static auto* instance = new Arena();
  return *instance;
}

void release(void* data) {
  if (!data) return;
  auto* header = reinterpret_cast<Header*>(static_cast<char*>(data) - sizeof(Header));
  liveBytes.fetch_sub(header->requested, std::memory_order_relaxed);
  if (header->fromArena) {
    arena().release(header);
  } else {
    std::free(header);
  }
}

class CachingAllocator final : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  c10::DataPtr allocate(size_t bytes) override {
    return acquire(bytes);
  }
  void copy_data(void* destination, const void* source, std::size_t count) const override {
    std::memcpy(destination, source, count);
  }
#else
  c10::DataPtr allocate(size_t bytes) const override {
    return acquire(bytes);
  }
#endif
  c10::DeleterFnPtr raw_deleter() const override {
    return &release;
  }

 private:
  static c10::DataPtr acquire(size_t bytes) {
    if (bytes == 0) return {nullptr, nullptr, &release, c10::Device(c10::DeviceType::CPU)};
    const size_t total = bytes + sizeof(Header);
    const uint64_t held = liveBytes.load(std::memory_order_relaxed);
    const bool large = total >= leastArenaBytes;
    void* block = nullptr;
    if (large) {
      const uint64_t limit = tensorLimit();
      if (held <= limit && bytes <= limit - held) block = arena().allocate(total);
    } else if (posix_memalign(&block, alignment, total) != 0) {
      block = nullptr;
    }
    if (!block) throw OutOfMemory(bytes, held);
    new (block) Header{bytes, large};
    const uint64_t live = liveBytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    uint64_t peak = peakBytes.load(std::memory_order_relaxed);
    while (live > peak && !peakBytes.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
    }
    void* data = static_cast<char*>(block) + sizeof(Header);
    return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

void installAllocator() {
  static CachingAllocator allocator;
  static std::once_flag once;
  std::call_once(once, [] { c10::SetCPUAllocator(&allocator, 1); });
}

MemoryStatistics memoryStatistics() {
  return {liveBytes.load(), peakBytes.load(), arena().cachedBytes()};
}

void resetPeakMemory() {
  peakBytes.store(liveBytes.load());
}

uint64_t trimMemory() {
  return arena().trim();
}

}  // namespace coarsely
