// glibc returns large blocks to the kernel at once, so every training step pays for page faults again. Blocks of
// 64 KiB and more are kept here on free lists by size class (sixteenths of a power of two) and ask for huge pages.
#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <torch/version.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

namespace coarsely {

namespace {

constexpr size_t alignment = 64;
constexpr size_t smallest = 64 * 1024;
constexpr size_t hugePage = 2 * 1024 * 1024;

// Stands just before the data, in its own cache line.
struct alignas(alignment) Header {
  size_t requested;
  size_t blockBytes;  // 0: from malloc
};
static_assert(sizeof(Header) == alignment);

size_t sizeClass(size_t bytes) {
  const size_t step = std::max<size_t>(size_t{1} << (63 - __builtin_clzll(bytes)), smallest) / 16;
  return (bytes + step - 1) / step * step;
}

std::atomic<uint64_t> liveBytes{0};
std::atomic<uint64_t> peakBytes{0};

class FreeLists {
 public:
  void* take(size_t blockBytes) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      auto& list = lists_[blockBytes];
      if (!list.empty()) {
        void* block = list.back();
        list.pop_back();
        cached_ -= blockBytes;
        return block;
      }
    }
    void* block = map(blockBytes);
    if (block == MAP_FAILED) {
      trim();
      block = map(blockBytes);
    }
    if (block == MAP_FAILED) throw std::bad_alloc();
    return block;
  }

  void give(void* block, size_t blockBytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    lists_[blockBytes].push_back(block);
    cached_ += blockBytes;
  }

  uint64_t trim() {
    std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t before = cached_;
    for (auto& [blockBytes, list] : lists_) {
      for (void* block : list) munmap(block, blockBytes);
      list.clear();
    }
    cached_ = 0;
    return before;
  }

  uint64_t cached() {
    std::lock_guard<std::mutex> lock(mutex_);
    return cached_;
  }

 private:
  static void* map(size_t bytes) {
    void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#ifdef MADV_HUGEPAGE
    if (block != MAP_FAILED && bytes >= hugePage) madvise(block, bytes, MADV_HUGEPAGE);
#endif
    return block;
  }

  std::mutex mutex_;
  std::unordered_map<size_t, std::vector<void*>> lists_;
  uint64_t cached_ = 0;
};

FreeLists& freeLists() {
  // Never destroyed: tensors of other static objects may be freed after main ends.
  static auto* lists = new FreeLists();
  return *lists;
}

void release(void* data) {
  if (!data) return;
  auto* header = reinterpret_cast<Header*>(static_cast<char*>(data) - sizeof(Header));
  liveBytes.fetch_sub(header->requested, std::memory_order_relaxed);
  if (header->blockBytes == 0) {
    std::free(header);
  } else {
    freeLists().give(header, header->blockBytes);
  }
}

class CachingAllocator final : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  c10::DataPtr allocate(size_t bytes) override { return acquire(bytes); }
  void copy_data(void* destination, const void* source, std::size_t count) const override {
    std::memcpy(destination, source, count);
  }
#else
  c10::DataPtr allocate(size_t bytes) const override { return acquire(bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return &release; }

 private:
  static c10::DataPtr acquire(size_t bytes) {
    if (bytes == 0) return {nullptr, nullptr, &release, c10::Device(c10::DeviceType::CPU)};
    const size_t total = bytes + sizeof(Header);
    void* block = nullptr;
    size_t blockBytes = 0;
    if (total >= smallest) {
      blockBytes = sizeClass(total);
      block = freeLists().take(blockBytes);
    } else if (posix_memalign(&block, alignment, total) != 0) {
      throw std::bad_alloc();
    }
    new (block) Header{bytes, blockBytes};
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

MemoryStatistics memoryStatistics() { return {liveBytes.load(), peakBytes.load(), freeLists().cached()}; }

void resetPeakMemory() { peakBytes.store(liveBytes.load()); }

uint64_t trimMemory() { return freeLists().trim(); }

}  // namespace coarsely
