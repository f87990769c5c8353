// Implements coarsely::clip_grad_norm_: clips gradients by the norm of all of them together, with one pass that reads
// and one that writes where the norm is above the maximum. Squares are summed in float64 in an order that only the
// shapes determine.

#include <ATen/ATen.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "constants.h"
#include "tensor_chunks.h"
#include "vectorized.h"

namespace coarsely {

namespace {

/// Returns the sum of squares, computed as sixteen running sums so that additions do not wait for each other.
COARSELY_VECTORIZED
double sumOfSquares(const float* values, int64_t count) {
  constexpr int64_t lanes = 16;
  double sums[lanes] = {};
  const int64_t whole = count / lanes * lanes;
  for (int64_t i = 0; i < whole; i += lanes) {
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const double value = values[i + lane];
      sums[lane] += value * value;
    }
  }
  double sum = 0;
  for (const double lane : sums) sum += lane;
  for (int64_t i = whole; i < count; ++i) sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  return sum;
}

COARSELY_VECTORIZED
void scale(float* values, float factor, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] *= factor;
}

at::Tensor clipGradNorm(at::TensorList gradients, double maximum) {
  const at::NoGradGuard noGrad;
  if (gradients.empty()) return at::zeros({}, at::kFloat);
  expectFloats("gradients", gradients);
  // A gradient with gaps in memory is clipped in a dense copy and copied back.
  std::vector<at::Tensor> dense;
  for (const auto& gradient : gradients) dense.push_back(isDense(gradient) ? gradient : gradient.contiguous());
  const auto chunks = chunksOf(dense);
  std::vector<double> sums(chunks.size());
  forEachChunk(chunks, [&](const Chunk& chunk, int64_t i) {
    sums[i] = sumOfSquares(dense[chunk.tensor].data_ptr<float>() + chunk.offset, chunk.count);
  });
  double sum = 0;
  for (const double each : sums) sum += each;
  const double norm = std::sqrt(sum);
  const double factor = maximum / (norm + clipEpsilon);
  // A norm of NaN scales the gradients by NaN, as libtorch's operators do, so that a diverged run is noticed.
  if (!(factor >= 1)) {
    forEachChunk(chunks, [&](const Chunk& chunk, int64_t) {
      scale(dense[chunk.tensor].data_ptr<float>() + chunk.offset, static_cast<float>(factor), chunk.count);
    });
    for (size_t i = 0; i < dense.size(); ++i) {
      if (dense[i].is_same(gradients[i])) dense[i].unsafeGetTensorImpl()->bump_version();
      else gradients[i].copy_(dense[i]);
    }
  }
  return at::full({}, norm, at::kFloat);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def("clip_grad_norm_(Tensor(a!)[] gradients, float maximum) -> Tensor", clipGradNorm);
}

}  // namespace coarsely
