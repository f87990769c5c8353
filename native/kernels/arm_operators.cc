// The operators of ARM and of weight normalisation: what they are called, their gradients, and, on devices without a
// kernel of ours, the same as a composition of the engine's operators, whose gradients the engine knows.

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>

#include "arm_pixel.h"
#include "weight_norm.h"

namespace coarsely {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using TwoTensors = std::tuple<at::Tensor, at::Tensor>;

template <typename Signature>
c10::TypedOperatorHandle<Signature> find(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

/// Whether a kernel of ours serves this tensor's device.
bool hasKernel(const char* name, const at::Tensor& tensor) {
  if (!tensor.is_cuda()) return tensor.is_cpu();
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").hasKernelForDispatchKey(c10::DispatchKey::CUDA);
}

class ArmWeights : public torch::autograd::Function<ArmWeights> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& confidence, const at::Tensor& valid,
                            const at::Tensor& parameters, int64_t p) {
    at::AutoDispatchBelowADInplaceOrView below;
    static const auto op = find<TwoTensors(const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t)>(
        "coarsely::arm_weights_forward");
    const auto [weights, sums] = op.call(confidence, valid, parameters, p);
    context->save_for_backward({confidence, valid, parameters, weights, sums});
    context->saved_data["p"] = p;
    context->saved_data["confidence"] = confidence.requires_grad();
    return weights;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    static const auto op =
        find<TwoTensors(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
                        const at::Tensor&, int64_t, bool)>("coarsely::arm_weights_backward");
    const auto saved = context->get_saved_variables();
    const bool confidenceToo = context->saved_data["confidence"].toBool();
    const auto [parameters, confidence] = op.call(gradients[0], saved[0], saved[1], saved[2], saved[3], saved[4],
                                                  context->saved_data["p"].toInt(), confidenceToo);
    return {confidenceToo ? confidence : at::Tensor(), at::Tensor(), parameters, at::Tensor()};
  }
};

class NormaliseWeights : public torch::autograd::Function<NormaliseWeights> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weights, const at::Tensor& valid, int64_t p) {
    at::AutoDispatchBelowADInplaceOrView below;
    static const auto op =
        find<TwoTensors(const at::Tensor&, const at::Tensor&, int64_t)>("coarsely::normalise_weights_forward");
    const auto [normalised, sums] = op.call(weights, valid, p);
    context->save_for_backward({valid, normalised, sums});
    context->saved_data["p"] = p;
    return normalised;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    static const auto op = find<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                           int64_t)>("coarsely::normalise_weights_backward");
    const auto saved = context->get_saved_variables();
    return {op.call(gradients[0], saved[0], saved[1], saved[2], context->saved_data["p"].toInt()), at::Tensor(),
            at::Tensor()};
  }
};

void expectMaps(const at::Tensor& map, const at::Tensor& valid, int64_t p) {
  TORCH_CHECK(map.scalar_type() == at::kFloat && valid.scalar_type() == at::kBool && map.sizes() == valid.sizes(),
              "expected a float32 map and a bool mask of its shape, received ", map.scalar_type(), map.sizes(),
              " and ", valid.scalar_type(), valid.sizes());
  TORCH_CHECK(p >= 1 && p <= 3, "expected p = 1, 2 or 3, received ", p);
}

void expectParameters(const at::Tensor& parameters) {
  TORCH_CHECK(parameters.scalar_type() == at::kFloat && parameters.dim() == 1 &&
                  parameters.numel() == armParameterCount,
              "expected ", armParameterCount, " float32 parameters, received ", parameters.scalar_type(),
              parameters.sizes());
}

at::Tensor normaliseComposed(const at::Tensor& weights, const at::Tensor& valid, int64_t p) {
  expectMaps(weights, valid, p);
  const auto masked = at::where(valid, weights + weightFloor, at::zeros({}, weights.options()));
  // 1 when no pixel is valid, else 0: everything then stays 0 instead of NaN. No derivative of a root at 0 either.
  const auto empty = valid.any().logical_not().to(at::kFloat);
  const auto powers = p == 1 ? masked.sum() : p == 2 ? masked.square().sum() : masked.pow(3).sum();
  const auto norm = powers.clamp_min(1e-37).pow(1.0 / static_cast<double>(p)) + empty;
  const auto unit = masked / norm;
  return unit / (unit.detach().sum() + empty);
}

at::Tensor armComposed(const at::Tensor& confidence, const at::Tensor& valid, const at::Tensor& parameters,
                       int64_t p) {
  expectMaps(confidence, valid, p);
  expectParameters(parameters);
  auto features = confidence.reshape({1, -1});
  int64_t used = 0;
  const auto take = [&](int64_t rows, int64_t columns) {
    const auto part = parameters.narrow(0, used, rows * columns).reshape({rows, columns});
    used += rows * columns;
    return part;
  };
  const auto layer = [&](int64_t outputs, int64_t inputs) {
    const auto weight = take(outputs, inputs), bias = take(outputs, 1);
    features = at::addmm(bias, weight, features);
  };
  layer(armHidden, 1);
  for (int i = 0; i < 2; ++i) {
    features = at::silu(features);
    layer(armHidden, armHidden);
  }
  features = at::silu(features);
  layer(1, armHidden);
  return normaliseComposed(at::sigmoid(features).reshape(confidence.sizes()), valid, p);
}

at::Tensor normaliseWeights(const at::Tensor& weights, const at::Tensor& valid, int64_t p) {
  expectMaps(weights, valid, p);
  if (!hasKernel("coarsely::normalise_weights_forward", weights)) return normaliseComposed(weights, valid, p);
  return NormaliseWeights::apply(weights, valid, p);
}

at::Tensor armWeights(const at::Tensor& confidence, const at::Tensor& valid, const at::Tensor& parameters,
                      int64_t p) {
  expectMaps(confidence, valid, p);
  expectParameters(parameters);
  if (!hasKernel("coarsely::arm_weights_forward", confidence)) return armComposed(confidence, valid, parameters, p);
  return ArmWeights::apply(confidence, valid, parameters, p);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def("normalise_weights(Tensor weights, Tensor valid, int p) -> Tensor", normaliseWeights);
  library.def("normalise_weights_composed(Tensor weights, Tensor valid, int p) -> Tensor", normaliseComposed);
  library.def("normalise_weights_forward(Tensor weights, Tensor valid, int p) -> (Tensor, Tensor)");
  library.def(
      "normalise_weights_backward(Tensor gradient, Tensor valid, Tensor normalised, Tensor sums, int p) -> Tensor");
  library.def("arm_weights(Tensor confidence, Tensor valid, Tensor parameters, int p) -> Tensor", armWeights);
  library.def("arm_weights_composed(Tensor confidence, Tensor valid, Tensor parameters, int p) -> Tensor",
              armComposed);
  library.def("arm_weights_forward(Tensor confidence, Tensor valid, Tensor parameters, int p) -> (Tensor, Tensor)");
  library.def(
      "arm_weights_backward(Tensor gradient, Tensor confidence, Tensor valid, Tensor parameters, Tensor weights, "
      "Tensor sums, int p, bool confidence_too) -> (Tensor, Tensor)");
}

}  // namespace coarsely
