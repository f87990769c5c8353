// What the method does for each pixel at the labels' size, as one operator: bilinear resizing of logits, log-softmax,
// the pixel loss, the ignored label and the confidence. The map of all classes at that size is never made, neither
// forward nor backward: backward computes again what it needs from the logits, which are small.

#include "pixel_loss.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace coarsely {

namespace {

using Maps = std::tuple<at::Tensor, at::Tensor>;

class PixelLoss : public torch::autograd::Function<PixelLoss> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const at::Tensor& logits,
                                                const at::Tensor& labels, int64_t kind, double parameter,
                                                int64_t ignoreIndex, int64_t indicator) {
    at::AutoDispatchBelowADInplaceOrView below;
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("coarsely::pixel_loss", "")
                               .typed<Maps(const at::Tensor&, const at::Tensor&, int64_t, double, int64_t, int64_t)>();
    auto [losses, confidence] = op.call(logits, labels, kind, parameter, ignoreIndex, indicator);
    context->save_for_backward({logits, labels});
    context->saved_data["kind"] = kind;
    context->saved_data["parameter"] = parameter;
    context->saved_data["ignoreIndex"] = ignoreIndex;
    context->mark_non_differentiable({confidence});
    return {losses, confidence};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    static const auto op =
        c10::Dispatcher::singleton()
            .findSchemaOrThrow("coarsely::pixel_loss_backward", "")
            .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t, double, int64_t)>();
    const auto saved = context->get_saved_variables();
    at::Tensor gradient;
    if (gradients[0].defined()) {
      gradient = op.call(gradients[0].to(at::kFloat).contiguous(), saved[0], saved[1],
                         context->saved_data["kind"].toInt(), context->saved_data["parameter"].toDouble(),
                         context->saved_data["ignoreIndex"].toInt());
    }
    const at::Tensor none;
    return {gradient, none, none, none, none, none};
  }
};

Maps pixelLossWithGradient(const at::Tensor& logits, const at::Tensor& labels, int64_t kind, double parameter,
                           int64_t ignoreIndex, int64_t indicator) {
  const auto maps = PixelLoss::apply(logits, labels, kind, parameter, ignoreIndex, indicator);
  return {maps[0], maps[1]};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "pixel_loss(Tensor logits, Tensor labels, int kind, float parameter, int ignore_index, int indicator) -> "
      "(Tensor losses, Tensor confidence)");
  library.def(
      "pixel_loss_backward(Tensor gradient, Tensor logits, Tensor labels, int kind, float parameter, int "
      "ignore_index) -> Tensor");
}

TORCH_LIBRARY_IMPL(coarsely, Autograd, library) { library.impl("pixel_loss", pixelLossWithGradient); }

#ifndef COARSELY_CUDA_KERNELS
TORCH_LIBRARY_IMPL(coarsely, CUDA, library) {
  library.impl("pixel_loss", composePixelLoss);
  library.impl("pixel_loss_backward", composePixelLossBackward);
}
#endif

}  // namespace coarsely
