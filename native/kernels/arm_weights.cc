// Defines the operators of ARM and of weight normalization and their gradients. Devices register their kernels as
// *_forward and *_backward.

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>

#include "constants.h"

namespace coarsely {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using TwoTensors = std::tuple<at::Tensor, at::Tensor>;

template <typename Signature>
c10::TypedOperatorHandle<Signature> find(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
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
    const bool needsConfidenceGradient = context->saved_data["confidence"].toBool();
    const auto [parameters, confidence] = op.call(gradients[0], saved[0], saved[1], saved[2], saved[3], saved[4],
                                                  context->saved_data["p"].toInt(), needsConfidenceGradient);
    return {needsConfidenceGradient ? confidence : at::Tensor(), at::Tensor(), parameters, at::Tensor()};
  }
};

class NormalizeWeights : public torch::autograd::Function<NormalizeWeights> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weights, const at::Tensor& valid, int64_t p) {
    at::AutoDispatchBelowADInplaceOrView below;
    static const auto op =
        find<TwoTensors(const at::Tensor&, const at::Tensor&, int64_t)>("coarsely::normalize_weights_forward");
    const auto [normalized, sums] = op.call(weights, valid, p);
    context->save_for_backward({valid, normalized, sums});
    context->saved_data["p"] = p;
    return normalized;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    static const auto op =
        find<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t)>(
            "coarsely::normalize_weights_backward");
    const auto saved = context->get_saved_variables();
    return {op.call(gradients[0], saved[0], saved[1], saved[2], context->saved_data["p"].toInt()), at::Tensor(),
            at::Tensor()};
  }
};

void expectMaps(const at::Tensor& map, const at::Tensor& valid, int64_t p) {
  TORCH_CHECK(map.scalar_type() == at::kFloat && valid.scalar_type() == at::kBool && map.sizes() == valid.sizes(),
              "expected a float32 map and a bool mask of its shape, received ", map.scalar_type(), map.sizes(), " and ",
              valid.scalar_type(), valid.sizes());
  TORCH_CHECK(p >= 1 && p <= 3, "expected p = 1, 2 or 3, received ", p);
}

void expectParameters(const at::Tensor& parameters) {
  TORCH_CHECK(
      parameters.scalar_type() == at::kFloat && parameters.dim() == 1 && parameters.numel() == armParameterCount,
      "expected ", armParameterCount, " float32 parameters, received ", parameters.scalar_type(), parameters.sizes());
}

at::Tensor normalizeWeights(const at::Tensor& weights, const at::Tensor& valid, int64_t p) {
  expectMaps(weights, valid, p);
  return NormalizeWeights::apply(weights, valid, p);
}

at::Tensor armWeights(const at::Tensor& confidence, const at::Tensor& valid, const at::Tensor& parameters, int64_t p) {
  expectMaps(confidence, valid, p);
  expectParameters(parameters);
  return ArmWeights::apply(confidence, valid, parameters, p);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def("normalize_weights(Tensor weights, Tensor valid, int p) -> Tensor", normalizeWeights);
  library.def("normalize_weights_forward(Tensor weights, Tensor valid, int p) -> (Tensor, Tensor)");
  library.def(
      "normalize_weights_backward(Tensor gradient, Tensor valid, Tensor normalized, Tensor sums, int p) -> Tensor");
  library.def("arm_weights(Tensor confidence, Tensor valid, Tensor parameters, int p) -> Tensor", armWeights);
  library.def("arm_weights_forward(Tensor confidence, Tensor valid, Tensor parameters, int p) -> (Tensor, Tensor)");
  library.def(
      "arm_weights_backward(Tensor gradient, Tensor confidence, Tensor valid, Tensor parameters, Tensor weights, "
      "Tensor sums, int p, bool needs_confidence_gradient) -> (Tensor, Tensor)");
}

}  // namespace coarsely
