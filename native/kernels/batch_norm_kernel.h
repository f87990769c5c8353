// Declares the passes over memory of batch normalization with activation on the CPU, for channels-last maps of float32
// or bfloat16. Arithmetic is in float32; sums are added in float64 in an order that only the shape determines.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "activation.h"

namespace coarsely {

/// Writes [2C]: the sum of x and the sum of x^2 of every channel.
void sumValues(const at::Tensor& input, double* sums);

/// Holds the scale and shift of each channel and what follows them.
struct Normalization {
  const at::Tensor& scale;     // [C]
  const at::Tensor& shift;     // [C]
  const at::Tensor& residual;  // like the input, or undefined
  Activation activation;
};

/// Returns activation(input * scale + shift + residual). Where `mask` is not null, sets a bit for each element that the
/// activation, which is a gate, passed.
at::Tensor normalizeActivate(const at::Tensor& input, const Normalization& normalization, uint8_t* mask);

/// Says what the activation passed of the gradient: what `mask` says where it is not null, and otherwise what follows
/// from input * scale + shift + residual.
struct Passage {
  const at::Tensor& scale;
  const at::Tensor& shift;
  const at::Tensor& residual;  // like the input, or undefined; not needed where there is a mask
  const uint8_t* mask;
  Activation activation;
};

/// Writes [2C]: the sum of g and the sum of g * (x - mean) of every channel, where g is the gradient before the
/// activation.
void sumGradients(const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& mean, const Passage& passage,
                  double* sums);

/// Holds factors [C] of the input's gradient a * g + b * (x - mean) + c.
struct GradientFactors {
  std::vector<float> a, b, c;
};

/// Writes the input's gradient, and g to `residualGradient` where it is defined. Both have the input's layout and type.
void writeGradients(const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& mean, const Passage& passage,
                    const GradientFactors& factors, at::Tensor& inputGradient, at::Tensor& residualGradient);

}  // namespace coarsely
