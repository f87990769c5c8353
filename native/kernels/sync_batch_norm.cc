// Implements coarsely::sync_batch_norm: batch normalization on a GPU over the batches of all ranks, as PyTorch's
// SyncBatchNorm computes it.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "all_reduce_hook.h"

namespace coarsely {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class SyncBatchNorm : public torch::autograd::Function<SyncBatchNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& bias, const at::Tensor& runningMean, const at::Tensor& runningVar,
                            double momentum, double epsilon) {
    at::AutoDispatchBelowADInplaceOrView below;
    const int64_t channels = input.size(1);
    const auto [localMean, localInverse] = at::batch_norm_stats(input, epsilon);
    const auto average = localMean.to(at::kDouble);
    const auto squares = localInverse.to(at::kDouble).pow(-2).sub(epsilon).add(average.square());
    const auto own = static_cast<double>(input.numel() / channels);
    auto sums = at::cat({average.mul(own), squares.mul(own), at::full({1}, own, average.options())});
    allReduceSum()(sums);
    const auto count = sums.narrow(0, 2 * channels, 1);
    const auto mean = sums.narrow(0, 0, channels).div(count);
    const auto variance = sums.narrow(0, channels, channels).div(count).sub(mean.square()).clamp_min(0);
    const auto inverse = variance.add(epsilon).rsqrt().to(at::kFloat);
    runningMean.mul_(1 - momentum).add_(mean, momentum);
    runningVar.mul_(1 - momentum).add_(variance.mul(count.div(count.sub(1))), momentum);
    const auto floatMean = mean.to(at::kFloat);
    context->save_for_backward({input, weight, floatMean, inverse, count});
    return at::batch_norm_elemt(input, weight, bias, floatMean, inverse, epsilon);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &input = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3], &count = saved[4];
    const auto gradient = gradients[0].contiguous(input.suggest_memory_format());
    auto [sum, product, weightGradient, biasGradient] =
        at::batch_norm_backward_reduce(gradient, input, mean, inverse, weight, true, true, true);
    auto sums = at::cat({sum.to(at::kDouble), product.to(at::kDouble)});
    allReduceSum()(sums);
    const int64_t channels = sum.numel();
    const auto inputGradient = at::batch_norm_backward_elemt(
        gradient, input, mean, inverse, weight, sums.narrow(0, 0, channels).to(at::kFloat),
        sums.narrow(0, channels, channels).to(at::kFloat), count.to(at::kInt));
    return {inputGradient, weightGradient, biasGradient, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor syncBatchNorm(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                         const at::Tensor& runningMean, const at::Tensor& runningVar, bool training, double momentum,
                         double epsilon) {
  if (!training || !allReduceSum()) {
    return at::batch_norm(input, weight, bias, runningMean, runningVar, training, momentum, epsilon, true);
  }
  return SyncBatchNorm::apply(input, weight, bias, runningMean, runningVar, momentum, epsilon);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "sync_batch_norm(Tensor input, Tensor weight, Tensor bias, Tensor running_mean, Tensor running_var, bool "
      "training, "
      "float momentum, float epsilon) -> Tensor",
      syncBatchNorm);
}

}  // namespace coarsely
