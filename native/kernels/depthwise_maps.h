// Declares convolution with one filter per channel for training: values, gradient to the input and gradient to the
// filters, for channels-last maps of float32 or bfloat16. Arithmetic is in float32, and sums are added in an order that
// only the shapes determine.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "depthwise_lattice.h"

namespace coarsely {

/// Holds stride, padding and dilation as [vertical, horizontal].
struct DepthwiseGeometry {
  std::vector<int64_t> stride, padding, dilation;
};

/// Returns the sizes along an axis: 0 for the vertical, 1 for the horizontal one.
Axis axisOf(int64_t dimension, int64_t input, int64_t kernel, const DepthwiseGeometry& geometry);

/// Returns whether these kernels compute a convolution: one filter of 3 or 5 columns per channel, strides of 1 or 2,
/// and at least as many channels as are loaded at once: 16 of float32, or 32 of bfloat16.
bool convolvesDepthwise(const at::Tensor& input, const at::Tensor& weight, const DepthwiseGeometry& geometry,
                        int64_t groups, at::ScalarType type);

/// Returns the convolution of maps [N, C, H, W] of float32 or bfloat16, in their type. `bias` may be undefined.
at::Tensor convolveDepthwise(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                             const DepthwiseGeometry& geometry);

/// Returns the gradient to an input of the given shape, in the gradient's type.
at::Tensor depthwiseInputGradient(const at::Tensor& gradient, const at::Tensor& weight, at::IntArrayRef inputShape,
                                  const DepthwiseGeometry& geometry);

/// Returns the gradient to the filters, float32 [C, 1, height, width]. Both maps have one type.
at::Tensor depthwiseWeightGradient(const at::Tensor& gradient, const at::Tensor& input, at::IntArrayRef weightShape,
                                   const DepthwiseGeometry& geometry);

}  // namespace coarsely
