// Clipping by the norm of all gradients together: one pass that reads, and one that writes where there is anything to
// clip. Sums of squares are kept in double and added in an order that depends on the shapes alone.

#include <ATen/ATen.h>
#include <torch/library.h>

#include <cmath>
#include <vector>

#include "flat_tensors.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define COARSELY_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define COARSELY_VECTORISED
#endif

namespace coarsely {

namespace {

/// Sixteen running sums, so that the additions need not wait for each other.
COARSELY_VECTORISED
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

COARSELY_VECTORISED
void scale(float* values, float factor, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] *= factor;
}

at::Tensor clipElsewhere(at::TensorList gradients, double maximum) {
  std::vector<at::Tensor> norms;
  for (const auto& gradient : gradients) norms.push_back(at::norm(gradient).to(gradients[0].device()));
  const auto norm = at::norm(at::stack(norms));
  const auto factor = (maximum / (norm + 1e-6)).clamp_max(1);
  for (const auto& gradient : gradients) gradient.mul_(factor.to(gradient.device()));
  return norm;
}

at::Tensor clipGradNorm(at::TensorList gradients, double maximum) {
  at::NoGradGuard without;
  if (gradients.empty()) return at::zeros({}, at::kFloat);
  const std::vector<at::Tensor> slopes = gradients.vec();
  const bool dense = std::all_of(slopes.begin(), slopes.end(),
                                 [](const at::Tensor& slope) { return slope.is_non_overlapping_and_dense(); });
  if (!dense || !plainFloats(slopes)) return clipElsewhere(gradients, maximum);
  const auto pieces = flatPieces(slopes);
  std::vector<double> sums(pieces.size());
  forEachPiece(pieces, [&](const FlatPiece& piece, int64_t i) {
    sums[i] = sumOfSquares(slopes[piece.tensor].data_ptr<float>() + piece.offset, piece.count);
  });
  double sum = 0;
  for (const double each : sums) sum += each;
  const double norm = std::sqrt(sum);
  const double factor = maximum / (norm + 1e-6);
  // A norm that is no number makes the gradients none either, as with the engine's operators: nothing is hidden.
  if (!(factor >= 1)) {
    forEachPiece(pieces, [&](const FlatPiece& piece, int64_t) {
      scale(slopes[piece.tensor].data_ptr<float>() + piece.offset, static_cast<float>(factor), piece.count);
    });
    for (const auto& slope : slopes) slope.unsafeGetTensorImpl()->bump_version();
  }
  return at::full({}, norm, at::kFloat);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def("clip_grad_norm_(Tensor(a!)[] gradients, float maximum) -> Tensor", clipGradNorm);
}

}  // namespace coarsely
