// Many tensors as one flat row of elements, divided evenly among threads whatever the tensors' sizes.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace coarsely {

/// Elements of a piece: small enough to balance and to stay in a core's cache, the same for any number of threads.
constexpr int64_t flatPiece = 16384;

struct FlatPiece {
  size_t tensor;
  int64_t offset;
  int64_t count;
};

inline std::vector<FlatPiece> flatPieces(const std::vector<at::Tensor>& tensors) {
  std::vector<FlatPiece> pieces;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const int64_t count = tensors[i].numel();
    for (int64_t offset = 0; offset < count; offset += flatPiece) {
      pieces.push_back({i, offset, std::min(flatPiece, count - offset)});
    }
  }
  return pieces;
}

/// Calls `work(piece, its index)` for every piece, in parallel.
template <typename Work>
void forEachPiece(const std::vector<FlatPiece>& pieces, Work work) {
  at::parallel_for(0, static_cast<int64_t>(pieces.size()), 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) work(pieces[i], i);
  });
}

/// Whether the elements of both lie in the same order in memory, without gaps.
inline bool sameOrder(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || !a.is_non_overlapping_and_dense() || !b.is_non_overlapping_and_dense()) return false;
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (a.size(d) != 1 && a.stride(d) != b.stride(d)) return false;
  }
  return true;
}

inline bool plainFloats(const std::vector<at::Tensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const at::Tensor& tensor) {
    return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided;
  });
}

}  // namespace coarsely
