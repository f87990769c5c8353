// The double normalisation of a weight map (section 4.2) on the CPU: two passes forward, two backward.

#include <ATen/ATen.h>
#include <torch/library.h>

#include <tuple>

#include "vectorised.h"
#include "weight_passes.h"

namespace coarsely {

namespace {

COARSELY_VECTORISED
void maskWeights(float* out, const float* weights, const bool* valid, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float weight = weights[i] + weightFloor;
    out[i] = valid[i] ? weight : 0.0f;
  }
}

std::tuple<at::Tensor, at::Tensor> normaliseWeights(const at::Tensor& weights, const at::Tensor& valid, int64_t p) {
  const auto map = weights.contiguous(), mask = valid.contiguous();
  auto output = at::empty(map.sizes(), map.options());
  const int64_t pixels = map.numel();
  const auto* source = map.data_ptr<float>();
  const auto* isValid = mask.data_ptr<bool>();
  auto* target = output.data_ptr<float>();
  std::vector<WeightSums> pieces(pieceCount(pixels));
  forEachPiece(pixels, [&](int64_t piece, int64_t begin, int64_t end) {
    maskWeights(target + begin, source + begin, isValid + begin, end - begin);
    pieces[piece] = sumWeights(target + begin, end - begin, p);
  });
  const auto sums = addUp(pieces);
  scaleWeights(target, pixels, weightNorm(sums.sum, sums.powers, p));
  return {output, tensorOf(sums)};
}

at::Tensor normaliseWeightsBackward(const at::Tensor& gradient, const at::Tensor& valid, const at::Tensor& normalised,
                                    const at::Tensor& sums, int64_t p) {
  const auto above = gradient.contiguous(), mask = valid.contiguous();
  auto output = at::empty(normalised.sizes(), normalised.options());
  const int64_t pixels = normalised.numel();
  const auto* source = above.data_ptr<float>();
  const auto* weights = normalised.data_ptr<float>();
  const auto* isValid = mask.data_ptr<bool>();
  auto* target = output.data_ptr<float>();
  const auto [sum, powers] = sumsOf(sums);
  const auto norm = weightNorm(sum, powers, p);
  const auto product = static_cast<float>(sumOfProducts(source, weights, pixels));
  forEachPiece(pixels, [&](int64_t, int64_t begin, int64_t end) {
    weightGradients(target + begin, source + begin, weights + begin, isValid + begin, end - begin, product, norm, p);
  });
  return output;
}

}  // namespace

TORCH_LIBRARY_IMPL(coarsely, CPU, library) {
  library.impl("normalise_weights_forward", normaliseWeights);
  library.impl("normalise_weights_backward", normaliseWeightsBackward);
}

}  // namespace coarsely
