// Loops over all pixels of a weight map that ARM and weight normalization share on the CPU. Sums are computed in
// float64 over chunks of a fixed number of pixels and then added chunk by chunk, so that they do not depend on the
// number of threads.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "weight_norm.h"

namespace coarsely {

/// Counts pixels whose intermediate values stay in the first-level cache.
inline constexpr int64_t pixelBlock = 128;
/// Counts the pixels of one chunk, which one thread handles at a time.
inline constexpr int64_t pixelChunk = 32 * pixelBlock;

inline int64_t chunkCount(int64_t pixels) {
  return (pixels + pixelChunk - 1) / pixelChunk;
}

/// Calls body(chunk, begin, end) for all chunks of [0, pixels), in parallel.
template <typename Body>
void forEachPixelChunk(int64_t pixels, const Body& body) {
  at::parallel_for(0, chunkCount(pixels), 1, [&](int64_t first, int64_t last) {
    for (int64_t chunk = first; chunk < last; ++chunk)
      body(chunk, chunk * pixelChunk, std::min(pixels, (chunk + 1) * pixelChunk));
  });
}

/// Holds sum(m) and sum(m^p).
struct WeightSums {
  double sum = 0;
  double powers = 0;
};

/// Adds the sums of chunks in order.
WeightSums addUp(const std::vector<WeightSums>& chunks);

/// Returns the sums of `count` weights m.
WeightSums sumWeights(const float* weights, int64_t count, int64_t p);

/// Converts sums to the float64 tensor [2] that the operators save for backward.
at::Tensor tensorOf(const WeightSums& sums);
/// Converts a tensor made by `tensorOf` back.
WeightSums sumsOf(const at::Tensor& sums);

/// Multiplies weights by 1 / sum(m) in place.
void scaleWeights(float* weights, int64_t pixels, const WeightNorm& norm);

/// Returns the sum of gradient * weight over all pixels.
double sumOfProducts(const float* gradient, const float* weights, int64_t pixels);

/// Writes the gradients of W, 0 where a pixel is not valid.
void weightGradients(float* out, const float* gradient, const float* weights, const bool* valid, int64_t count,
                     float product, const WeightNorm& norm, int64_t p);

}  // namespace coarsely
