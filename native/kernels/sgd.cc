// Implements coarsely::sgd_step_: one step of stochastic gradient descent for many parameters. On the CPU it is one
// pass that reads every parameter, gradient and momentum once; libtorch's operators need five passes and a temporary
// tensor. The roundings are those of libtorch's operators, so the results are equal bit for bit. On a GPU libtorch's
// multi-tensor kernels do the work.

#include <ATen/ATen.h>
#include <torch/library.h>

#include <cmath>
#include <vector>

#include "tensor_chunks.h"
#include "vectorized.h"

namespace coarsely {

namespace {

/// Holds the settings of a step.
struct Rule {
  float learningRate;
  float momentum;
  float weightDecay;
  bool maximize;
  /// Is true for the first step, before which the momenta hold no values.
  bool first;
};

/// Updates `count` parameters and their momenta; `velocity` is null without momentum.
COARSELY_VECTORIZED_EXACT
void update(float* parameter, const float* gradient, float* velocity, const Rule& rule, int64_t count) {
  COARSELY_EXACT
  const float sign = rule.maximize ? -1.0f : 1.0f;
  const float step = -rule.learningRate;
  const float momentum = rule.momentum, decay = rule.weightDecay;
  // Adding a decay of 0 would turn a gradient of -0 into 0.
  const bool decays = decay != 0;
  if (velocity == nullptr) {
    for (int64_t i = 0; i < count; ++i) {
      float direction = sign * gradient[i];
      if (decays) direction = std::fma(parameter[i], decay, direction);
      parameter[i] = std::fma(direction, step, parameter[i]);
    }
  } else if (rule.first) {
    for (int64_t i = 0; i < count; ++i) {
      float direction = sign * gradient[i];
      if (decays) direction = std::fma(parameter[i], decay, direction);
      velocity[i] = direction;
      parameter[i] = std::fma(direction, step, parameter[i]);
    }
  } else {
    for (int64_t i = 0; i < count; ++i) {
      float direction = sign * gradient[i];
      if (decays) direction = std::fma(parameter[i], decay, direction);
      const float carried = velocity[i] * momentum;
      direction = carried + direction;
      velocity[i] = direction;
      parameter[i] = std::fma(direction, step, parameter[i]);
    }
  }
}

/// Steps with libtorch's multi-tensor kernels.
void sgdStepMultiTensor(at::TensorList parameters, at::TensorList gradients, at::TensorList momenta,
                        double learningRate, double momentum, double weightDecay, bool maximize, bool first) {
  std::vector<at::Tensor> directions = maximize ? at::_foreach_neg(gradients) : gradients.vec();
  if (weightDecay != 0) directions = at::_foreach_add(directions, parameters, weightDecay);
  if (momentum != 0) {
    if (first) {
      for (size_t i = 0; i < momenta.size(); ++i) momenta[i].copy_(directions[i]);
    } else {
      at::_foreach_mul_(momenta, momentum);
      at::_foreach_add_(momenta, directions);
    }
    directions = momenta.vec();
  }
  at::_foreach_add_(parameters, directions, -learningRate);
}

/// Returns each tensor itself where it is dense, and otherwise a dense copy.
std::vector<at::Tensor> denseCopies(at::TensorList tensors) {
  std::vector<at::Tensor> copies;
  for (const auto& tensor : tensors) copies.push_back(isDense(tensor) ? tensor : tensor.contiguous());
  return copies;
}

/// Returns each tensor itself where its elements lie in the order of `values`, and otherwise a copy in that order.
std::vector<at::Tensor> inOrderOf(const std::vector<at::Tensor>& values, at::TensorList tensors) {
  std::vector<at::Tensor> copies;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto& tensor = tensors[i];
    copies.push_back(sameOrder(values[i], tensor) ? tensor : at::empty_like(values[i]).copy_(tensor));
  }
  return copies;
}

/// Writes copies back to their tensors. Tensors that were updated in place get a new version, which a graph that saved
/// them checks.
void copyBack(at::TensorList tensors, const std::vector<at::Tensor>& updated) {
  for (size_t i = 0; i < updated.size(); ++i) {
    if (updated[i].is_same(tensors[i])) updated[i].unsafeGetTensorImpl()->bump_version();
    else tensors[i].copy_(updated[i]);
  }
}

void sgdStep(at::TensorList parameters, at::TensorList gradients, at::TensorList momenta, double learningRate,
             double momentum, double weightDecay, bool maximize, bool first) {
  const bool carries = momentum != 0;
  TORCH_CHECK(parameters.size() == gradients.size() && (!carries || parameters.size() == momenta.size()),
              "expected as many gradients and momenta as parameters, received ", parameters.size(), " parameters, ",
              gradients.size(), " gradients and ", momenta.size(), " momenta");
  for (size_t i = 0; i < parameters.size(); ++i) {
    const bool fits =
        parameters[i].sizes() == gradients[i].sizes() && (!carries || parameters[i].sizes() == momenta[i].sizes());
    TORCH_CHECK(fits, "expected a gradient and a momentum of the shape of parameter ", i, ", ", parameters[i].sizes(),
                ", received a gradient of shape ", gradients[i].sizes());
  }
  const at::NoGradGuard noGrad;
  if (parameters.empty()) return;
  if (parameters[0].is_cuda()) {
    sgdStepMultiTensor(parameters, gradients, momenta, learningRate, momentum, weightDecay, maximize, first);
    return;
  }
  expectFloats("parameters", parameters);
  expectFloats("gradients", gradients);
  expectFloats("momenta", momenta);
  const auto values = denseCopies(parameters), slopes = inOrderOf(values, gradients);
  const auto velocities = carries ? inOrderOf(values, momenta) : std::vector<at::Tensor>();
  const Rule rule{static_cast<float>(learningRate), static_cast<float>(momentum), static_cast<float>(weightDecay),
                  maximize, first};
  forEachChunk(chunksOf(values), [&](const Chunk& chunk, int64_t) {
    float* velocity = carries ? velocities[chunk.tensor].data_ptr<float>() + chunk.offset : nullptr;
    update(values[chunk.tensor].data_ptr<float>() + chunk.offset, slopes[chunk.tensor].data_ptr<float>() + chunk.offset,
           velocity, rule, chunk.count);
  });
  copyBack(parameters, values);
  if (carries) copyBack(momenta, velocities);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "sgd_step_(Tensor(a!)[] parameters, Tensor[] gradients, Tensor(b!)[] momenta, *, float learning_rate, "
      "float momentum, float weight_decay, bool maximize, bool first) -> ()",
      sgdStep);
}

}  // namespace coarsely
