// The passes over memory that batch normalisation with activation consists of, on channels-last maps: float32 or
// bfloat16 in memory, float32 in arithmetic, sums combined in float64 in an order that the shape alone decides.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace coarsely {

/// Writes float64 [2C]: of every channel Σ x and Σ x².
void sumOfValues(const at::Tensor& input, double* sums);

struct Normalisation {
  const at::Tensor& scale;     // [C]
  const at::Tensor& shift;     // [C]
  const at::Tensor& residual;  // like the input, or undefined
  bool relu;
};

/// relu(input · scale + shift + residual). With `mask`, a bit for each element: whether the activation let it through.
at::Tensor normalised(const at::Tensor& input, const Normalisation& normalisation, uint8_t* mask);

/// What reached the output, back to before the activation: through `mask`, or where input · scale + shift is positive.
struct Activation {
  const at::Tensor& scale;
  const at::Tensor& shift;
  const uint8_t* mask;
  bool relu;
};

/// Writes float64 [2C]: of every channel Σ g and Σ g · (x − mean), g the gradient before the activation.
void sumOfGradients(const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& mean,
                    const Activation& activation, double* sums);

/// Each [C]: the input's gradient is a · g + b · (x − mean) + c.
struct GradientFactors {
  std::vector<float> a, b, c;
};

/// Fills `inputGradient` and, where it is defined, `residualGradient` with g. Both are like the input.
void writeGradients(const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& mean,
                    const Activation& activation, const GradientFactors& factors, at::Tensor& inputGradient,
                    at::Tensor& residualGradient);

}  // namespace coarsely
