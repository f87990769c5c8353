// Batch normalisation with what follows it, by the engine's own operators: for layouts, types and devices that the
// fused passes do not read.
#pragma once

#include <ATen/core/Tensor.h>

namespace coarsely {

struct BatchNormArguments {
  const at::Tensor& weight;       // [C]
  const at::Tensor& bias;         // [C]
  const at::Tensor& runningMean;  // [C]
  const at::Tensor& runningVar;   // [C]
  const at::Tensor& residual;     // like the input, or undefined
  bool training;
  double momentum;
  double epsilon;
  bool relu;
  bool synchronise;
};

at::Tensor activatedBatchNormElsewhere(const at::Tensor& input, const BatchNormArguments& arguments);

}  // namespace coarsely
