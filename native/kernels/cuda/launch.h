// Launches the kernels for a GPU. A kernel is a struct of pointers and numbers whose operator()(index) writes the
// results of that index and nothing else: it uses no shared memory and no atomics and does not depend on the order of
// threads. The same structs therefore run in a plain loop on the CPU, which is how their arithmetic is tested without a
// GPU.
#pragma once

#ifdef __CUDACC__
#include <cuda_runtime.h>
#endif

#include <algorithm>
#include <cstdint>

namespace coarsely::cuda {

#ifdef __CUDACC__

template <typename Body>
__global__ void runEach(const Body body, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) body(i);
}

/// Queues body(0) to body(count - 1) on a stream. The caller checks for an error of the launch.
template <typename Body>
void forEach(const Body& body, int64_t count, cudaStream_t stream) {
  constexpr int64_t blockSize = 256, mostBlocks = 1 << 20;
  if (count == 0) return;
  const auto blocks = static_cast<unsigned>(std::min((count + blockSize - 1) / blockSize, mostBlocks));
  runEach<<<blocks, static_cast<unsigned>(blockSize), 0, stream>>>(body, count);
}

#endif

/// Returns the number of threads that loop over all pixels with a stride, each with sums of its own. It depends only on
/// the number of pixels, so the sums do too.
inline int64_t threadsFor(int64_t pixels) {
  return std::clamp<int64_t>((pixels + 31) / 32, 1, 8192);
}

/// Counts the rows that one step of a reduction adds.
inline constexpr int64_t sumStep = 64;

inline int64_t rowsAfterStep(int64_t rows) {
  return (rows + sumStep - 1) / sumStep;
}

}  // namespace coarsely::cuda
