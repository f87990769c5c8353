// Defines coarsely::pixel_loss, which computes the loss and confidence of every label pixel in one operator. It resizes
// the logits bilinearly, applies log-softmax and the loss, and skips ignored labels. The logits at the labels' size,
// [N,C,H,W], are never stored: backward recomputes what it needs from the given logits [N,C,h,w], which are small.

#include "pixel_loss.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>

namespace coarsely {

namespace {

using Maps = std::tuple<at::Tensor, at::Tensor>;

class PixelLoss : public torch::autograd::Function<PixelLoss> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const at::Tensor& logits,
                                                const at::Tensor& labels, int64_t kind, double parameter,
                                                int64_t ignoreIndex, int64_t indicator,
                                                const c10::optional<at::Tensor>& classWeights) {
    at::AutoDispatchBelowADInplaceOrView below;
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("coarsely::pixel_loss", "")
                               .typed<Maps(const at::Tensor&, const at::Tensor&, int64_t, double, int64_t, int64_t,
                                           const c10::optional<at::Tensor>&)>();
    auto [losses, confidence] = op.call(logits, labels, kind, parameter, ignoreIndex, indicator, classWeights);
    context->save_for_backward({logits, labels, classWeights.value_or(at::Tensor())});
    context->saved_data["kind"] = kind;
    context->saved_data["parameter"] = parameter;
    context->saved_data["ignoreIndex"] = ignoreIndex;
    context->mark_non_differentiable({confidence});
    return {losses, confidence};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("coarsely::pixel_loss_backward", "")
                               .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t,
                                                 double, int64_t, const c10::optional<at::Tensor>&)>();
    const auto saved = context->get_saved_variables();
    at::Tensor gradient;
    if (gradients[0].defined()) {
      c10::optional<at::Tensor> classWeights;
      if (saved[2].defined()) classWeights = saved[2];
      gradient = op.call(gradients[0].to(at::kFloat).contiguous(), saved[0], saved[1],
                         context->saved_data["kind"].toInt(), context->saved_data["parameter"].toDouble(),
                         context->saved_data["ignoreIndex"].toInt(), classWeights);
    }
    const at::Tensor none;
    return {gradient, none, none, none, none, none, none};
  }
};

Maps pixelLossWithGradient(const at::Tensor& logits, const at::Tensor& labels, int64_t kind, double parameter,
                           int64_t ignoreIndex, int64_t indicator, const c10::optional<at::Tensor>& classWeights) {
  const auto maps = PixelLoss::apply(logits, labels, kind, parameter, ignoreIndex, indicator, classWeights);
  return {maps[0], maps[1]};
}

}  // namespace

void checkPixelLoss(const at::Tensor& logits, const at::Tensor& labels, int64_t kind, int64_t indicator,
                    const c10::optional<at::Tensor>& classWeights) {
  TORCH_CHECK(logits.dim() == 4 && logits.is_floating_point() && logits.numel() > 0,
              "expected logits [N,C,h,w] of a floating type, received ", logits.scalar_type(), logits.sizes());
  TORCH_CHECK(labels.dim() == 3 && labels.size(0) == logits.size(0) && labels.numel() > 0, "expected labels [",
              logits.size(0), ",H,W], received ", labels.sizes());
  TORCH_CHECK(labels.scalar_type() == at::kLong, "expected labels of type int64, received ", labels.scalar_type());
  TORCH_CHECK(labels.device() == logits.device(), "expected labels on ", logits.device(), ", received ",
              labels.device());
  TORCH_CHECK(kind >= 0 && kind <= 3, "expected a kind of loss from 0 to 3, received ", kind);
  const bool weighted = classWeights.has_value() && classWeights->defined();
  TORCH_CHECK(!weighted || (static_cast<LossKind>(kind) == LossKind::SmoothedCrossEntropy && classWeights->dim() == 1 &&
                            classWeights->size(0) == logits.size(1) && classWeights->device() == logits.device()),
              "expected class weights [", logits.size(1), "] on ", logits.device(), " for a smoothed loss alone");
  TORCH_CHECK(indicator >= 0 && indicator <= 2, "expected an indicator from 0 to 2, received ", indicator);
}

at::Tensor smoothingWeights(const at::Tensor& logits, int64_t kind, const c10::optional<at::Tensor>& classWeights) {
  const auto options = logits.options().dtype(at::kFloat);
  if (static_cast<LossKind>(kind) != LossKind::SmoothedCrossEntropy) return at::empty({0}, options);
  const bool weighted = classWeights.has_value() && classWeights->defined();
  const auto weights = weighted ? classWeights->to(at::kFloat) : at::ones({logits.size(1)}, options);
  return at::cat({weights, at::zeros({1}, options)});
}

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "pixel_loss(Tensor logits, Tensor labels, int kind, float parameter, int ignore_index, int indicator, "
      "Tensor? class_weights=None) -> (Tensor losses, Tensor confidence)");
  library.def(
      "pixel_loss_backward(Tensor gradient, Tensor logits, Tensor labels, int kind, float parameter, int "
      "ignore_index, Tensor? class_weights=None) -> Tensor");
}

TORCH_LIBRARY_IMPL(coarsely, Autograd, library) {
  library.impl("pixel_loss", pixelLossWithGradient);
}

}  // namespace coarsely
