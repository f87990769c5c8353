// How every kernel here is written and launched. A kernel is a struct of pointers and numbers with an operator()(index)
// that writes what belongs to that index and nothing else: no shared memory, no atomic, no order between threads. So the
// same structs run in a plain loop on the CPU, which is how their arithmetic is tested where there is no GPU.
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

/// Queues body(0) … body(count - 1) on the stream. The caller asks for the launch's error.
template <typename Body>
void forEach(const Body& body, int64_t count, cudaStream_t stream) {
  constexpr int64_t blockSize = 256, mostBlocks = 1 << 20;
  if (count == 0) return;
  const auto blocks = static_cast<unsigned>(std::min((count + blockSize - 1) / blockSize, mostBlocks));
  runEach<<<blocks, static_cast<unsigned>(blockSize), 0, stream>>>(body, count);
}

#endif

/// Threads that walk over all pixels with a stride, each with sums of its own. It depends on the number of pixels alone,
/// and so do the sums.
inline int64_t walkersFor(int64_t pixels) { return std::clamp<int64_t>((pixels + 31) / 32, 1, 8192); }

/// Rows that one step of a sum takes together.
inline constexpr int64_t sumStep = 64;

inline int64_t rowsAfterStep(int64_t rows) { return (rows + sumStep - 1) / sumStep; }

}  // namespace coarsely::cuda
