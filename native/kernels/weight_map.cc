// Implements the loops over weight maps, compiled for several instruction sets.
#include "weight_map.h"

#include <ATen/ATen.h>

#include "vectorized.h"

namespace coarsely {

namespace {

template <int p>
COARSELY_INLINE WeightSums sumPowers(const float* weights, int64_t count) {
  double sum = 0, powers = 0;
#pragma omp simd reduction(+ : sum, powers)
  for (int64_t i = 0; i < count; ++i) {
    const double weight = weights[i];
    sum += weight;
    powers += weightPower<p>(weight);
  }
  return {sum, powers};
}

template <int p>
COARSELY_INLINE void gradientsOf(float* out, const float* gradient, const float* weights, const bool* valid,
                                 int64_t count, float product, const WeightNorm& norm) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float value = weightGradient<p>(gradient[i], weights[i], product, norm);
    out[i] = valid[i] ? value : 0.0f;
  }
}

COARSELY_VECTORIZED
void scale(float* weights, int64_t count, float factor) {
  for (int64_t i = 0; i < count; ++i) weights[i] *= factor;
}

COARSELY_VECTORIZED
double products(const float* a, const float* b, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

COARSELY_VECTORIZED
WeightSums sumWeights(const float* weights, int64_t count, int64_t p) {
  if (p == 1) return sumPowers<1>(weights, count);
  if (p == 2) return sumPowers<2>(weights, count);
  return sumPowers<3>(weights, count);
}

COARSELY_VECTORIZED
void weightGradients(float* out, const float* gradient, const float* weights, const bool* valid, int64_t count,
                     float product, const WeightNorm& norm, int64_t p) {
  if (p == 1) return gradientsOf<1>(out, gradient, weights, valid, count, product, norm);
  if (p == 2) return gradientsOf<2>(out, gradient, weights, valid, count, product, norm);
  return gradientsOf<3>(out, gradient, weights, valid, count, product, norm);
}

WeightSums addUp(const std::vector<WeightSums>& chunks) {
  WeightSums total;
  for (const auto& chunk : chunks) {
    total.sum += chunk.sum;
    total.powers += chunk.powers;
  }
  return total;
}

at::Tensor tensorOf(const WeightSums& sums) {
  auto tensor = at::empty({2}, at::kDouble);
  tensor.data_ptr<double>()[0] = sums.sum;
  tensor.data_ptr<double>()[1] = sums.powers;
  return tensor;
}

WeightSums sumsOf(const at::Tensor& sums) {
  return {sums.data_ptr<double>()[0], sums.data_ptr<double>()[1]};
}

void scaleWeights(float* weights, int64_t pixels, const WeightNorm& norm) {
  forEachPixelChunk(pixels,
                    [&](int64_t, int64_t begin, int64_t end) { scale(weights + begin, end - begin, norm.inverse); });
}

double sumOfProducts(const float* gradient, const float* weights, int64_t pixels) {
  std::vector<double> chunks(chunkCount(pixels));
  forEachPixelChunk(pixels, [&](int64_t chunk, int64_t begin, int64_t end) {
    chunks[chunk] = products(gradient + begin, weights + begin, end - begin);
  });
  double total = 0;
  for (const double chunk : chunks) total += chunk;
  return total;
}

}  // namespace coarsely
