// Lets kernels sum statistics over all ranks without depending on c10d: the process group installs a function here
// while it is open.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>

namespace coarsely {

/// Replaces `sums` by its sum over all ranks. Every rank must make the same calls in the same order.
using AllReduceSum = void (*)(at::Tensor& sums);

/// Holds the function of the open process group; null in a single process.
inline std::atomic<AllReduceSum> allReduceSumHook{nullptr};

/// Returns the function that sums over ranks, or null when no process group is open.
inline AllReduceSum allReduceSum() {
  return allReduceSumHook.load();
}

}  // namespace coarsely
