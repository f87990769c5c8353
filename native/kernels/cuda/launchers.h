// The kernels for a GPU as plain functions over addresses there: nvcc compiles them without libtorch, and what knows
// libtorch calls them without nvcc. Each queues its work on a stream and returns the error of the launch (0: none).
#pragma once

#include <cstdint>

#include "axis_at.h"

struct CUstream_st;

namespace coarsely::cuda {

using Stream = CUstream_st*;

struct ResizedMaps;
struct PixelLossInput;

int resizeForward(const ResizedMaps& maps, int64_t images, const float* input, float* output, Stream stream);
int resizeBackward(const ResizedMaps& maps, int64_t images, const float* gradient, float* output, Stream stream);

/// `confidence` may be null where `indicator` is 0.
int pixelLossForward(const PixelLossInput& input, int64_t images, int64_t indicator, float* losses, float* confidence,
                     Stream stream);
/// `space` has room for 3 floats a label pixel.
int pixelLossBackward(const PixelLossInput& input, int64_t images, const float* gradient, float* space, float* output,
                      Stream stream);

/// Pixels whose weights are normalised together.
struct WeighedPixels {
  int64_t count;
  int64_t p;
  const bool* valid;
  /// W, or with parameters the confidence that ARM makes W from.
  const float* points;
  /// ARM's [53], or null.
  const float* parameters;
};

/// Doubles of working space that the two below need.
int64_t weightsSpace(int64_t pixels);
int64_t weightsBackwardSpace(int64_t pixels, bool arm);

/// `weights` [pixels] and `sums` [2].
int weightsForward(const WeighedPixels& pixels, float* weights, double* sums, double* space, Stream stream);

struct WeightsGradient {
  const float* gradient;
  const float* weights;
  const double* sums;
  /// To what W was made from: to W itself; with parameters to the confidence, where it may be null.
  float* toPoints;
  /// [53], or null without parameters.
  double* toParameters;
};

int weightsBackward(const WeighedPixels& pixels, const WeightsGradient& gradient, double* space, Stream stream);

}  // namespace coarsely::cuda
