// Declares the kernels for a GPU as functions over device addresses: nvcc compiles them without libtorch's headers, and
// operators.cc calls them without nvcc. Each queues its work on a stream and returns the CUDA error of the launch, 0
// for none.
#pragma once

#include <cstdint>

#include "../resize_axis.h"
#include "constants.h"

struct CUstream_st;

namespace coarsely::cuda {

using Stream = CUstream_st*;

struct ResizedMaps;
struct PixelLossInput;

int resizeForward(const ResizedMaps& maps, int64_t images, const float* input, float* output, Stream stream);
int resizeBackward(const ResizedMaps& maps, int64_t images, const float* gradient, float* output, Stream stream);

/// `confidence` may be null without an indicator.
int pixelLossForward(const PixelLossInput& input, int64_t images, Indicator indicator, float* losses, float* confidence,
                     Stream stream);
/// `space` has room for 3 floats per label pixel.
int pixelLossBackward(const PixelLossInput& input, int64_t images, const float* gradient, float* space, float* output,
                      Stream stream);

/// Describes the pixels whose weights are normalized together.
struct WeighedPixels {
  int64_t count;
  int64_t p;
  const bool* valid;
  /// Points to the weights W, or where `parameters` is not null to the confidences from which ARM computes W.
  const float* points;
  /// Points to ARM's parameters, or is null.
  const float* parameters;
};

// Return the number of doubles of working space that weightsForward and weightsBackward need.
int64_t weightsSpace(int64_t pixels);
int64_t weightsBackwardSpace(int64_t pixels, bool arm);

/// Writes `weights` [pixels] and `sums` [2].
int weightsForward(const WeighedPixels& pixels, float* weights, double* sums, double* space, Stream stream);

/// Holds the arrays of the backward pass.
struct WeightsGradient {
  const float* gradient;
  const float* weights;
  const double* sums;
  /// Receives the gradient of `points`; may be null where there are parameters.
  float* pointsGradient;
  /// Receives the gradient of the parameters; null without parameters.
  double* parametersGradient;
};

int weightsBackward(const WeighedPixels& pixels, const WeightsGradient& gradient, double* space, Stream stream);

}  // namespace coarsely::cuda
