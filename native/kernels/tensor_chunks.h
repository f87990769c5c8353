// Divides the elements of many tensors into chunks of equal size, so that threads share the work evenly whatever the
// sizes of the tensors.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace coarsely {

/// Counts the elements of a chunk: few enough to balance threads and to stay in a core's cache, and independent of the
/// number of threads.
constexpr int64_t chunkElements = 16384;

/// Is a range of elements of one tensor.
struct Chunk {
  size_t tensor;
  int64_t offset;
  int64_t count;
};

/// Returns the chunks of dense tensors, in order.
inline std::vector<Chunk> chunksOf(const std::vector<at::Tensor>& tensors) {
  std::vector<Chunk> chunks;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const int64_t count = tensors[i].numel();
    for (int64_t offset = 0; offset < count; offset += chunkElements) {
      chunks.push_back({i, offset, std::min(chunkElements, count - offset)});
    }
  }
  return chunks;
}

/// Calls `work(chunk, index)` for every chunk, in parallel.
template <typename Work>
void forEachChunk(const std::vector<Chunk>& chunks, Work work) {
  at::parallel_for(0, static_cast<int64_t>(chunks.size()), 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) work(chunks[i], i);
  });
}

/// Returns whether the elements of a tensor fill a range of memory without gaps or overlaps.
inline bool isDense(const at::Tensor& tensor) {
  return tensor.is_non_overlapping_and_dense();
}

/// Returns whether two tensors are dense and their elements lie in the same order in memory.
inline bool sameOrder(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || !isDense(a) || !isDense(b)) return false;
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (a.size(d) != 1 && a.stride(d) != b.stride(d)) return false;
  }
  return true;
}

/// Throws where a tensor is not float32 on the CPU.
inline void expectFloats(const char* name, at::TensorList tensors) {
  for (const auto& tensor : tensors) {
    TORCH_CHECK(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided,
                "expected ", name, " of float32 on the CPU, received ", tensor.scalar_type(), " on ", tensor.device());
  }
}

}  // namespace coarsely
