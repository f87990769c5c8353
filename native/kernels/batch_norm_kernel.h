// Declares the passes over memory of batch normalization with activation on the CPU, for channels-last maps of float32
// or bfloat16. Arithmetic is in float32; sums are added in float64 in an order that only the shape determines.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace coarsely {

/// Writes [2C]: the sum of x and the sum of x^2 of every channel.
void sumValues(const at::Tensor& input, double* sums);

/// Holds the scale and shift of each channel and what follows them.
struct Normalization {
  const at::Tensor& scale;     // [C]
  const at::Tensor& shift;     // [C]
  const at::Tensor& residual;  // like the input, or undefined
  bool relu;
};

/// Returns relu(input * scale + shift + residual). Where `mask` is not null, sets a bit for each element that the ReLU
/// passed.
at::Tensor normalizeActivate(const at::Tensor& input, const Normalization& normalization, uint8_t* mask);

/// Says which elements the activation passed: all without `relu`, those of `mask` where it is not null, and otherwise
/// those with input * scale + shift > 0.
struct Activation {
  const at::Tensor& scale;
  const at::Tensor& shift;
  const uint8_t* mask;
  bool relu;
};

/// Writes [2C]: the sum of g and the sum of g * (x - mean) of every channel, where g is the gradient before the
/// activation.
void sumGradients(const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& mean,
                  const Activation& activation, double* sums);

/// Holds factors [C] of the input's gradient a * g + b * (x - mean) + c.
struct GradientFactors {
  std::vector<float> a, b, c;
};

/// Writes the input's gradient, and g to `residualGradient` where it is defined. Both have the input's layout and type.
void writeGradients(const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& mean,
                    const Activation& activation, const GradientFactors& factors, at::Tensor& inputGradient,
                    at::Tensor& residualGradient);

}  // namespace coarsely
