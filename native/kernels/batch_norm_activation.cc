// Implements coarsely::batch_norm_activation: batch normalization, the addition of a residual and an activation in one
// operator on the CPU. Each of them alone reads and writes whole activation maps for little arithmetic. Together they
// take one pass for the statistics and one for the values, and backward one for the sums and one for the gradients.
// Backward does not need the output: what the activation passes of the gradient is recomputed from the input, or saved
// as one bit per element where a residual was added.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "all_reduce_hook.h"
#include "autograd_node.h"
#include "batch_norm_kernel.h"
#include "saved_activation.h"

namespace coarsely {

namespace {

using torch::autograd::variable_list;

struct BatchNormArguments {
  const at::Tensor& weight;       // [C]
  const at::Tensor& bias;         // [C]
  const at::Tensor& runningMean;  // [C]
  const at::Tensor& runningVar;   // [C]
  const at::Tensor& residual;     // like the input, or undefined
  bool training;
  double momentum;
  double epsilon;
  Activation activation;
  bool synchronize;
};

at::Tensor channelsLast(const at::Tensor& tensor, at::ScalarType type) {
  return tensor.to(type).contiguous(at::MemoryFormat::ChannelsLast);
}

/// Returns float64 [2C+1]: two sums for each channel and the number of values summed, over this process or over all
/// ranks.
at::Tensor sumsOf(const at::Tensor& input, bool synchronize, const std::function<void(double*)>& fill) {
  const int64_t channels = input.size(1);
  auto sums = at::empty({2 * channels + 1}, at::kDouble);
  auto* data = sums.data_ptr<double>();
  fill(data);
  data[2 * channels] = static_cast<double>(input.numel() / channels);
  if (const auto allReduce = allReduceSum(); synchronize && allReduce) allReduce(sums);
  return sums;
}

/// Holds the statistics of each channel [C], and the scale and shift that normalize its values.
struct Statistics {
  at::Tensor mean, inverseDeviation, scale, shift;
  double count = 0;
};

Statistics statisticsOf(const at::Tensor& input, const BatchNormArguments& arguments) {
  const int64_t channels = input.size(1);
  const auto perChannel = [&] { return at::empty({channels}, at::kFloat); };
  Statistics statistics{perChannel(), perChannel(), perChannel(), perChannel()};
  auto* mean = statistics.mean.data_ptr<float>();
  auto* inverse = statistics.inverseDeviation.data_ptr<float>();
  if (arguments.training) {
    const auto sums = sumsOf(input, arguments.synchronize, [&](double* data) { sumValues(input, data); });
    const auto* data = sums.data_ptr<double>();
    const double count = data[2 * channels];
    auto* runningMean = arguments.runningMean.data_ptr<float>();
    auto* runningVar = arguments.runningVar.data_ptr<float>();
    const double momentum = arguments.momentum;
    for (int64_t c = 0; c < channels; ++c) {
      const double average = data[c] / count;
      const double squares = std::max(data[channels + c] - average * data[c], 0.0);
      mean[c] = static_cast<float>(average);
      inverse[c] = static_cast<float>(1.0 / std::sqrt(squares / count + arguments.epsilon));
      // A batch of one value has no unbiased variance, so the running variance becomes NaN, as libtorch's does.
      runningMean[c] = static_cast<float>((1.0 - momentum) * runningMean[c] + momentum * average);
      runningVar[c] = static_cast<float>((1.0 - momentum) * runningVar[c] + momentum * squares / (count - 1.0));
    }
    arguments.runningMean.unsafeGetTensorImpl()->bump_version();
    arguments.runningVar.unsafeGetTensorImpl()->bump_version();
    statistics.count = count;
  } else {
    const auto* runningMean = arguments.runningMean.data_ptr<float>();
    const auto* runningVar = arguments.runningVar.data_ptr<float>();
    for (int64_t c = 0; c < channels; ++c) {
      mean[c] = runningMean[c];
      inverse[c] = static_cast<float>(1.0 / std::sqrt(runningVar[c] + arguments.epsilon));
    }
  }
  const auto* weight = arguments.weight.data_ptr<float>();
  const auto* bias = arguments.bias.data_ptr<float>();
  auto* scale = statistics.scale.data_ptr<float>();
  auto* shift = statistics.shift.data_ptr<float>();
  for (int64_t c = 0; c < channels; ++c) {
    scale[c] = weight[c] * inverse[c];
    shift[c] = bias[c] - mean[c] * scale[c];
  }
  return statistics;
}

class BatchNormActivationBackward final : public torch::autograd::Node {
 public:
  std::shared_ptr<SavedActivation> saved;
  at::Tensor mean, inverseDeviation, mask;
  double count = 0;
  bool training = true;
  bool synchronize = false;

  std::string name() const override { return "BatchNormActivationBackward"; }

  void release_variables() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    saved->release();
    mask.reset();
  }

  /// Returns the gradients of input, weight, bias and residual.
  variable_list apply(variable_list&& gradients) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!gradients[0].defined()) return variable_list(4);
    at::AutoDispatchBelowADInplaceOrView below;
    saved->dropRecomputed();
    const auto input = saved->input();
    const auto gradient = channelsLast(gradients[0], input.scalar_type());
    gradients.clear();
    // A residual is read where no mask was saved, and decides about the gradient of hard-swish alone.
    const auto residual = saved->activation() == Activation::HardSwish ? saved->residual() : at::Tensor();
    const Passage passage{saved->scale(), saved->shift(), residual, mask.defined() ? mask.data_ptr<uint8_t>() : nullptr,
                          saved->activation()};
    const int64_t channels = input.size(1);
    auto weightGradient = at::empty({channels}, at::kFloat), biasGradient = at::empty({channels}, at::kFloat);
    const auto* inverse = inverseDeviation.data_ptr<float>();
    const auto sums = sumsOf(input, training && synchronize, [&](double* data) {
      sumGradients(gradient, input, mean, passage, data);
      // Parameters get the gradients of this process; the gradient reducer averages them like those of other
      // parameters.
      for (int64_t c = 0; c < channels; ++c) {
        biasGradient.data_ptr<float>()[c] = static_cast<float>(data[c]);
        weightGradient.data_ptr<float>()[c] = static_cast<float>(data[channels + c] * inverse[c]);
      }
    });
    variable_list results(4);
    if (task_should_compute_output(1)) results[1] = weightGradient;
    if (task_should_compute_output(2)) results[2] = biasGradient;
    if (task_should_compute_output(0) || task_should_compute_output(3)) {
      results[0] = at::empty_like(input);
      if (task_should_compute_output(3)) results[3] = at::empty_like(input);
      writeGradients(gradient, input, mean, passage, factorsOf(sums.data_ptr<double>(), channels), results[0],
                     results[3]);
    }
    return results;
  }

 private:
  GradientFactors factorsOf(const double* sums, int64_t channels) const {
    GradientFactors factors{std::vector<float>(channels), std::vector<float>(channels), std::vector<float>(channels)};
    const auto* scale = saved->scale().data_ptr<float>();
    const auto* inverse = inverseDeviation.data_ptr<float>();
    for (int64_t c = 0; c < channels; ++c) {
      factors.a[c] = scale[c];
      // In evaluation mode the statistics do not depend on the input.
      if (!training) continue;
      const double deviation = inverse[c];
      factors.b[c] = static_cast<float>(-scale[c] * deviation * deviation * sums[channels + c] / count);
      factors.c[c] = static_cast<float>(-scale[c] * sums[c] / count);
    }
    return factors;
  }
};

at::Tensor normalizeChannelsLast(const at::Tensor& input, const BatchNormArguments& arguments) {
  const auto& residual = arguments.residual;
  const bool differentiable = torch::autograd::compute_requires_grad(input, arguments.weight, arguments.bias, residual);
  Statistics statistics;
  at::Tensor output, mask;
  {
    at::AutoDispatchBelowADInplaceOrView below;
    statistics = statisticsOf(input, arguments);
    if (differentiable && isGate(arguments.activation) && residual.defined()) {
      mask = at::empty({(input.numel() + 7) / 8}, at::kByte);
    }
    output = normalizeActivate(input, {statistics.scale, statistics.shift, residual, arguments.activation},
                               mask.defined() ? mask.data_ptr<uint8_t>() : nullptr);
  }
  if (!differentiable) return output;
  const auto node = makeNode<BatchNormActivationBackward>();
  node->set_next_edges(torch::autograd::collect_next_edges(input, arguments.weight, arguments.bias, residual));
  node->saved = std::make_shared<SavedActivation>(input, statistics.scale, statistics.shift, arguments.activation,
                                                  residual, residual.defined() ? savedActivationOf(residual) : nullptr);
  node->mean = statistics.mean;
  node->inverseDeviation = statistics.inverseDeviation;
  node->mask = mask;
  node->count = statistics.count;
  node->training = arguments.training;
  node->synchronize = arguments.synchronize;
  torch::autograd::set_history(output, node);
  node->saved->setOutput(output);
  return output;
}

/// Returns whether a tensor holds one float32 per channel on the CPU.
bool isPlain(const at::Tensor& tensor, int64_t channels) {
  return tensor.dim() == 1 && tensor.size(0) == channels && tensor.scalar_type() == at::kFloat && tensor.is_cpu() &&
         tensor.is_contiguous();
}

at::Tensor batchNormActivation(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                               const at::Tensor& runningMean, const at::Tensor& runningVar,
                               const c10::optional<at::Tensor>& residual, bool training, double momentum,
                               double epsilon, const std::string& activation, bool synchronize) {
  TORCH_CHECK(input.dim() == 4, "expected maps [N,C,H,W], received shape ", input.sizes());
  const bool added = residual.has_value() && residual->defined();
  TORCH_CHECK(!added || residual->sizes() == input.sizes(), "expected a residual of shape ", input.sizes(),
              ", received ", residual->sizes());
  const int64_t channels = input.size(1);
  const auto type = input.scalar_type();
  TORCH_CHECK(input.numel() > 0 && (type == at::kFloat || type == at::kBFloat16),
              "expected maps of float32 or bfloat16 that are not empty, received ", type, input.sizes());
  for (const auto& each : {weight, bias, runningMean, runningVar}) {
    TORCH_CHECK(isPlain(each, channels), "expected weight, bias and running statistics of float32 [", channels,
                "] on the CPU, received ", each.scalar_type(), each.sizes(), " on ", each.device());
  }
  const auto maps = input.contiguous(at::MemoryFormat::ChannelsLast);
  const auto sameLayout = added ? channelsLast(*residual, type) : at::Tensor();
  return normalizeChannelsLast(maps, {weight, bias, runningMean, runningVar, sameLayout, training, momentum, epsilon,
                                      activationOf(activation), synchronize});
}

}  // namespace

std::shared_ptr<SavedActivation> savedActivationOf(const at::Tensor& tensor) {
  const auto* node = dynamic_cast<BatchNormActivationBackward*>(tensor.grad_fn().get());
  return node && node->saved->isOutput(tensor) ? node->saved : nullptr;
}

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "batch_norm_activation(Tensor input, Tensor weight, Tensor bias, Tensor running_mean, "
      "Tensor running_var, Tensor? residual, bool training, float momentum, float epsilon, str activation, "
      "bool synchronize) -> Tensor");
}

TORCH_LIBRARY_IMPL(coarsely, CompositeImplicitAutograd, library) {
  library.impl("batch_norm_activation", batchNormActivation);
}

}  // namespace coarsely
