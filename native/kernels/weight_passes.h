// Passes over all pixels that ARM and weight normalisation share on the CPU. Sums are taken in float64 over pieces of a
// fixed number of pixels and then piece by piece, so that they do not depend on the number of threads.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "weight_norm.h"

namespace coarsely {

/// Pixels whose intermediate values stay in the fastest cache.
inline constexpr int64_t pixelBlock = 128;
/// Pixels that one thread takes at a time, and that one partial sum is made of.
inline constexpr int64_t pixelPiece = 32 * pixelBlock;

/// Calls body(piece, begin, end) for pieces of [0, pixels), on all threads.
template <typename Body>
void forEachPiece(int64_t pixels, const Body& body) {
  const int64_t pieces = (pixels + pixelPiece - 1) / pixelPiece;
  at::parallel_for(0, pieces, 1, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece)
      body(piece, piece * pixelPiece, std::min(pixels, (piece + 1) * pixelPiece));
  });
}

inline int64_t pieceCount(int64_t pixels) { return (pixels + pixelPiece - 1) / pixelPiece; }

/// sum(m) and sum(m^p).
struct WeightSums {
  double sum = 0;
  double powers = 0;
};

WeightSums addUp(const std::vector<WeightSums>& pieces);

/// Of `count` weights m.
WeightSums sumWeights(const float* weights, int64_t count, int64_t p);

/// Sums as the operators hand them to their backward: float64 [2], where the weights are.
at::Tensor tensorOf(const WeightSums& sums);
WeightSums sumsOf(const at::Tensor& sums);

/// weights *= 1 / sum(m), in place.
void scaleWeights(float* weights, int64_t pixels, const WeightNorm& norm);

/// Sum of gradient times weight.
double sumOfProducts(const float* gradient, const float* weights, int64_t pixels);

/// out[i] = gradient to W, 0 where not valid.
void weightGradients(float* out, const float* gradient, const float* weights, const bool* valid, int64_t count,
                     float product, const WeightNorm& norm, int64_t p);

}  // namespace coarsely
