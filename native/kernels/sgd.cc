// The update of stochastic gradient descent for all parameters in one pass: every parameter, gradient and momentum is
// read once and nothing is written but parameters and momenta. The engine's operators need five passes and a temporary
// of the parameters' size. The same roundings as theirs, so the results are equal bit for bit.

#include <ATen/ATen.h>
#include <torch/library.h>

#include <cmath>
#include <vector>

#include "flat_tensors.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
// Products and sums are fused only where the code says so.
#define COARSELY_VECTORISED \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("fp-contract=off")))
#else
#define COARSELY_VECTORISED
#endif

namespace coarsely {

namespace {

struct Rule {
  float learningRate;
  float momentum;
  float weightDecay;
  bool maximize;
  /// No step before this one: the momenta are empty.
  bool first;
};

/// `velocity` is null without momentum.
COARSELY_VECTORISED
void update(float* parameter, const float* gradient, float* velocity, const Rule& rule, int64_t count) {
#ifdef __clang__
#pragma clang fp contract(off)
#endif
  const float sign = rule.maximize ? -1.0f : 1.0f;
  const float step = -rule.learningRate;
  const float momentum = rule.momentum, decay = rule.weightDecay;
  // Adding a decay of zero would turn a gradient of −0 into 0.
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

/// Where there is no kernel of ours: several passes, each over all tensors.
void stepElsewhere(at::TensorList parameters, at::TensorList gradients, at::TensorList momenta, double learningRate,
                   double momentum, double weightDecay, bool maximize, bool first) {
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

void sgdStep(at::TensorList parameters, at::TensorList gradients, at::TensorList momenta, double learningRate,
             double momentum, double weightDecay, bool maximize, bool first) {
  const bool carries = momentum != 0;
  TORCH_CHECK(parameters.size() == gradients.size() && (!carries || parameters.size() == momenta.size()),
              "expected as many gradients and momenta as parameters, received ", parameters.size(), " parameters, ",
              gradients.size(), " gradients and ", momenta.size(), " momenta");
  for (size_t i = 0; i < parameters.size(); ++i) {
    const bool fits = parameters[i].sizes() == gradients[i].sizes() &&
                      (!carries || parameters[i].sizes() == momenta[i].sizes());
    TORCH_CHECK(fits, "expected a gradient and a momentum of the shape of parameter ", i, ", ", parameters[i].sizes(),
                ", received a gradient of shape ", gradients[i].sizes());
  }
  at::NoGradGuard without;
  std::vector<at::Tensor> values = parameters.vec(), slopes = gradients.vec(), carried = momenta.vec();
  bool alike = plainFloats(values) && plainFloats(slopes) && plainFloats(carried);
  for (size_t i = 0; alike && i < values.size(); ++i) {
    alike = values[i].is_non_overlapping_and_dense() && (!carries || sameOrder(values[i], carried[i]));
    if (alike && !sameOrder(values[i], slopes[i])) slopes[i] = at::empty_like(values[i]).copy_(slopes[i]);
  }
  if (!alike) {
    stepElsewhere(parameters, gradients, momenta, learningRate, momentum, weightDecay, maximize, first);
    return;
  }
  const Rule rule{static_cast<float>(learningRate), static_cast<float>(momentum), static_cast<float>(weightDecay),
                  maximize, first};
  forEachPiece(flatPieces(values), [&](const FlatPiece& piece, int64_t) {
    float* velocity = carries ? carried[piece.tensor].data_ptr<float>() + piece.offset : nullptr;
    update(values[piece.tensor].data_ptr<float>() + piece.offset,
           slopes[piece.tensor].data_ptr<float>() + piece.offset, velocity, rule, piece.count);
  });
  // A graph that still holds a parameter must notice that it has changed.
  for (const auto& value : values) value.unsafeGetTensorImpl()->bump_version();
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "sgd_step_(Tensor(a!)[] parameters, Tensor[] gradients, Tensor(b!)[] momenta, *, float learning_rate, "
      "float momentum, float weight_decay, bool maximize, bool first) -> ()",
      sgdStep);
}

}  // namespace coarsely
