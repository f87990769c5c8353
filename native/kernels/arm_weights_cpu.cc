// Implements coarsely::arm_weights, ARM's weights (section 4.2), on the CPU: the weight function and the double
// normalization in two passes over the pixels forward and two backward. Only the weights are kept between them;
// libtorch's operators would keep 24 hidden values per pixel.

#include <ATen/ATen.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "arm_network.h"
#include "vectorized.h"
#include "weight_map.h"

namespace coarsely {

namespace {

using ArmSums = std::array<double, armParameterCount>;

const ArmParameters& parametersOf(const at::Tensor& parameters) {
  return *reinterpret_cast<const ArmParameters*>(parameters.data_ptr<float>());
}

/// Copies the confidences of a block, with 0 for invalid pixels and beyond the end, so that no NaN there reaches a sum.
COARSELY_INLINE void loadBlock(float* out, const float* confidence, const bool* valid, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = valid[i] ? confidence[i] : 0.0f;
  for (int64_t i = count; i < pixelBlock; ++i) out[i] = 0.0f;
}

COARSELY_VECTORIZED
void weighBlock(float* out, const float* confidence, const bool* valid, int64_t count,
                const ArmParameters& parameters) {
  alignas(64) float point[pixelBlock];
  loadBlock(point, confidence, valid, count);
#pragma omp simd
  for (int64_t i = 0; i < pixelBlock; ++i) point[i] = armWeight(point[i], parameters) + weightFloor;
  for (int64_t i = 0; i < count; ++i) out[i] = valid[i] ? point[i] : 0.0f;
}

COARSELY_INLINE double sumOf(const float* values) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < pixelBlock; ++i) sum += values[i];
  return sum;
}

COARSELY_INLINE double dotOf(const float* a, const float* b) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < pixelBlock; ++i) sum += a[i] * b[i];
  return sum;
}

/// Holds the confidences of a block, the gradients of W(v), and the results of armTrace as arrays over pixels.
struct TraceBlock {
  float point[pixelBlock];
  float gradient[pixelBlock];
  float last[pixelBlock];
  float confidenceGradient[pixelBlock];
  float value[3][armHiddenUnits][pixelBlock];
  float delta[3][armHiddenUnits][pixelBlock];
};

/// Adds the gradients of all parameters over a block.
COARSELY_VECTORIZED
void traceBlock(ArmSums& sums, TraceBlock& block, const ArmParameters& parameters) {
#pragma omp simd
  for (int64_t i = 0; i < pixelBlock; ++i) {
    const ArmTrace trace = armTrace(block.point[i], block.gradient[i], parameters);
    COARSELY_UNROLL
    for (int k = 0; k < armHiddenUnits; ++k) {
      block.value[0][k][i] = trace.value1.unit[k];
      block.value[1][k][i] = trace.value2.unit[k];
      block.value[2][k][i] = trace.value3.unit[k];
      block.delta[0][k][i] = trace.delta1.unit[k];
      block.delta[1][k][i] = trace.delta2.unit[k];
      block.delta[2][k][i] = trace.delta3.unit[k];
    }
    block.last[i] = trace.delta4;
    block.confidenceGradient[i] = trace.confidenceGradient;
  }

  double* sum = sums.data();
  for (int k = 0; k < armHiddenUnits; ++k) *sum++ += dotOf(block.delta[0][k], block.point);
  for (int k = 0; k < armHiddenUnits; ++k) *sum++ += sumOf(block.delta[0][k]);
  for (int layer = 1; layer < 3; ++layer) {
    for (int k = 0; k < armHiddenUnits; ++k)
      for (int j = 0; j < armHiddenUnits; ++j) *sum++ += dotOf(block.delta[layer][k], block.value[layer - 1][j]);
    for (int k = 0; k < armHiddenUnits; ++k) *sum++ += sumOf(block.delta[layer][k]);
  }
  for (int j = 0; j < armHiddenUnits; ++j) *sum++ += dotOf(block.last, block.value[2][j]);
  *sum += sumOf(block.last);
}

COARSELY_VECTORIZED
void loadTrace(TraceBlock& block, const float* confidence, const bool* valid, int64_t count) {
  loadBlock(block.point, confidence, valid, count);
  std::fill(block.gradient + count, block.gradient + pixelBlock, 0.0f);
}

std::tuple<at::Tensor, at::Tensor> armWeights(const at::Tensor& confidence, const at::Tensor& valid,
                                              const at::Tensor& parameters, int64_t p) {
  const auto map = confidence.contiguous(), mask = valid.contiguous(), flat = parameters.contiguous();
  auto weights = at::empty(map.sizes(), map.options());
  const int64_t pixels = map.numel();
  const auto* points = map.data_ptr<float>();
  const auto* isValid = mask.data_ptr<bool>();
  auto* target = weights.data_ptr<float>();
  const auto& weightFunction = parametersOf(flat);
  std::vector<WeightSums> chunks(chunkCount(pixels));
  forEachPixelChunk(pixels, [&](int64_t chunk, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += pixelBlock)
      weighBlock(target + i, points + i, isValid + i, std::min(pixelBlock, end - i), weightFunction);
    chunks[chunk] = sumWeights(target + begin, end - begin, p);
  });
  const auto sums = addUp(chunks);
  scaleWeights(target, pixels, weightNorm(sums.sum, sums.powers, p));
  return {weights, tensorOf(sums)};
}

std::tuple<at::Tensor, at::Tensor> armWeightsBackward(const at::Tensor& gradient, const at::Tensor& confidence,
                                                      const at::Tensor& valid, const at::Tensor& parameters,
                                                      const at::Tensor& weights, const at::Tensor& sums, int64_t p,
                                                      bool needsConfidenceGradient) {
  const auto above = gradient.contiguous(), map = confidence.contiguous(), mask = valid.contiguous();
  const auto flat = parameters.contiguous();
  auto confidenceGradient = at::empty(needsConfidenceGradient ? map.sizes() : at::IntArrayRef{0}, map.options());
  const int64_t pixels = map.numel();
  const auto* source = above.data_ptr<float>();
  const auto* points = map.data_ptr<float>();
  const auto* isValid = mask.data_ptr<bool>();
  const auto* normalized = weights.data_ptr<float>();
  auto* target = needsConfidenceGradient ? confidenceGradient.data_ptr<float>() : nullptr;
  const auto& weightFunction = parametersOf(flat);
  const auto [sum, powers] = sumsOf(sums);
  const auto norm = weightNorm(sum, powers, p);
  const auto product = static_cast<float>(sumOfProducts(source, normalized, pixels));
  std::vector<ArmSums> chunks(chunkCount(pixels));
  forEachPixelChunk(pixels, [&](int64_t chunk, int64_t begin, int64_t end) {
    TraceBlock block;
    chunks[chunk].fill(0);
    for (int64_t i = begin; i < end; i += pixelBlock) {
      const int64_t count = std::min(pixelBlock, end - i);
      loadTrace(block, points + i, isValid + i, count);
      weightGradients(block.gradient, source + i, normalized + i, isValid + i, count, product, norm, p);
      traceBlock(chunks[chunk], block, weightFunction);
      if (target != nullptr) std::copy(block.confidenceGradient, block.confidenceGradient + count, target + i);
    }
  });
  ArmSums total{};
  for (const auto& chunk : chunks) {
    for (int i = 0; i < armParameterCount; ++i) total[i] += chunk[i];
  }
  auto parameterGradient = at::empty({armParameterCount}, flat.options());
  std::copy(total.begin(), total.end(), parameterGradient.data_ptr<float>());
  return {parameterGradient, confidenceGradient};
}

}  // namespace

TORCH_LIBRARY_IMPL(coarsely, CPU, library) {
  library.impl("arm_weights_forward", armWeights);
  library.impl("arm_weights_backward", armWeightsBackward);
}

}  // namespace coarsely
