// Batch normalisation with what follows it, composed of the engine's operators: on a GPU, where these are fast, and for
// layouts and types that the passes of our own do not read.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "batch_norm.h"
#include "rank_sums.h"

namespace coarsely {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Over the batches of all processes, as PyTorch's SyncBatchNorm computes it on a GPU.
class SynchronisedBatchNorm : public torch::autograd::Function<SynchronisedBatchNorm> {
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
    sumOverRanks()(sums);
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
    sumOverRanks()(sums);
    const int64_t channels = sum.numel();
    const auto inputGradient = at::batch_norm_backward_elemt(
        gradient, input, mean, inverse, weight, sums.narrow(0, 0, channels).to(at::kFloat),
        sums.narrow(0, channels, channels).to(at::kFloat), count.to(at::kInt));
    return {inputGradient, weightGradient, biasGradient, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor activatedBatchNormElsewhere(const at::Tensor& input, const BatchNormArguments& arguments) {
  const auto& [weight, bias, runningMean, runningVar, residual, training, momentum, epsilon, relu, synchronise] =
      arguments;
  const bool acrossRanks = training && synchronise && sumOverRanks();
  auto output = acrossRanks
                    ? SynchronisedBatchNorm::apply(input, weight, bias, runningMean, runningVar, momentum, epsilon)
                    : at::batch_norm(input, weight, bias, runningMean, runningVar, training, momentum, epsilon, true);
  if (residual.defined()) output = output.add_(residual);
  return relu ? output.relu_() : output;
}

}  // namespace coarsely
