// Implements coarsely::normalize_weights, the double normalization of a weight map (section 4.2), on the CPU: two
// passes over the pixels forward and two backward.

#include <ATen/ATen.h>
#include <torch/library.h>

#include <tuple>

#include "vectorized.h"
#include "weight_map.h"

namespace coarsely {

namespace {

COARSELY_VECTORIZED
void maskWeights(float* out, const float* weights, const bool* valid, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float weight = weights[i] + weightFloor;
    out[i] = valid[i] ? weight : 0.0f;
  }
}

std::tuple<at::Tensor, at::Tensor> normalizeWeights(const at::Tensor& weights, const at::Tensor& valid, int64_t p) {
  const auto map = weights.contiguous(), mask = valid.contiguous();
  auto output = at::empty(map.sizes(), map.options());
  const int64_t pixels = map.numel();
  const auto* source = map.data_ptr<float>();
  const auto* isValid = mask.data_ptr<bool>();
  auto* target = output.data_ptr<float>();
  std::vector<WeightSums> chunks(chunkCount(pixels));
  forEachPixelChunk(pixels, [&](int64_t chunk, int64_t begin, int64_t end) {
    maskWeights(target + begin, source + begin, isValid + begin, end - begin);
    chunks[chunk] = sumWeights(target + begin, end - begin, p);
  });
  const auto sums = addUp(chunks);
  scaleWeights(target, pixels, weightNorm(sums.sum, sums.powers, p));
  return {output, tensorOf(sums)};
}

at::Tensor normalizeWeightsBackward(const at::Tensor& gradient, const at::Tensor& valid, const at::Tensor& normalized,
                                    const at::Tensor& sums, int64_t p) {
  const auto above = gradient.contiguous(), mask = valid.contiguous();
  auto output = at::empty(normalized.sizes(), normalized.options());
  const int64_t pixels = normalized.numel();
  const auto* source = above.data_ptr<float>();
  const auto* weights = normalized.data_ptr<float>();
  const auto* isValid = mask.data_ptr<bool>();
  auto* target = output.data_ptr<float>();
  const auto [sum, powers] = sumsOf(sums);
  const auto norm = weightNorm(sum, powers, p);
  const auto product = static_cast<float>(sumOfProducts(source, weights, pixels));
  forEachPixelChunk(pixels, [&](int64_t, int64_t begin, int64_t end) {
    weightGradients(target + begin, source + begin, weights + begin, isValid + begin, end - begin, product, norm, p);
  });
  return output;
}

}  // namespace

TORCH_LIBRARY_IMPL(coarsely, CPU, library) {
  library.impl("normalize_weights_forward", normalizeWeights);
  library.impl("normalize_weights_backward", normalizeWeightsBackward);
}

}  // namespace coarsely
