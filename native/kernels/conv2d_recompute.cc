// Defines coarsely::conv2d_recompute, a convolution that stores less for its backward pass. libtorch's convolution
// stores its input and, under autocast, a bfloat16 copy of its weight. Where the input is the output of
// coarsely::batch_norm_activation, this convolution stores the tensors from which that output was computed, which the
// normalization keeps anyway, and computes the output again in backward. It also converts the weight again. A
// convolution with one filter per channel runs on kernels of our own, which take the weight as it is.

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/library.h>
#include <torch/version.h>

#include "ask_engine.h"
#include "autograd_node.h"
#include "batch_norm_kernel.h"
#include "depthwise_maps.h"
#include "saved_activation.h"

namespace coarsely {

namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

struct Geometry : DepthwiseGeometry {
  int64_t groups;
};

at::Tensor convert(const at::Tensor& tensor, at::ScalarType type) {
  return tensor.defined() ? tensor.to(type) : tensor;
}

class Conv2dRecomputeBackward final : public torch::autograd::Node {
 public:
  std::shared_ptr<SavedActivation> saved;  // null where `input` is saved instead
  SavedVariable input, weight;
  at::ScalarType inputType = at::kFloat, computeType = at::kFloat, biasType = at::kFloat;
  int64_t biasLength = 0;
  Geometry geometry;
  bool depthwise = false;

  std::string name() const override { return depthwise ? "DepthwiseConvolutionBackward" : "Conv2dRecomputeBackward"; }

  void release_variables() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    saved.reset();
    input.reset_data();
    weight.reset_data();
    released_ = true;
  }

  /// Returns the gradients of input, weight and bias.
  variable_list apply(variable_list&& gradients) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    TORCH_CHECK(!released_, torch::autograd::ERR_BACKWARD_TWICE);
    variable_list results(3);
    if (!gradients[0].defined()) return results;
    at::AutoDispatchBelowADInplaceOrView below;
    const std::array<bool, 3> wanted{task_should_compute_output(0), task_should_compute_output(1),
                                     task_should_compute_output(2)};
    const auto maps = convert(saved ? saved->unpack() : input.unpack(), computeType);
    const auto filters = weight.unpack();
    const auto gradient = convert(gradients[0], computeType);
    gradients.clear();
    if (depthwise) {
      if (wanted[1]) {
        // A gradient has the strides of its parameter: processes exchange gradients in buckets of that layout.
        results[1] = at::empty_strided(filters.sizes(), filters.strides(), filters.options());
        results[1].copy_(depthwiseWeightGradient(gradient, maps, filters.sizes(), geometry));
      }
      if (wanted[0]) {
        results[0] = convert(depthwiseInputGradient(gradient, filters, maps.sizes(), geometry), inputType);
      }
      if (wanted[2]) results[2] = biasGradient(gradient);
      return results;
    }
    const std::vector<int64_t> noPadding{0, 0}, biasShape{biasLength};
    auto [toInput, toWeight, toBias] = at::convolution_backward(
        gradient, maps, convert(filters, computeType), at::OptionalIntArrayRef(biasShape), geometry.stride,
        geometry.padding, geometry.dilation, false, noPadding, geometry.groups, wanted);
    results[0] = convert(toInput, inputType);
    results[1] = convert(toWeight, filters.scalar_type());
    results[2] = convert(toBias, biasType);
    return results;
  }

 private:
  /// Returns the sum over all pixels, which `sumValues` adds in an order that only the shape determines.
  at::Tensor biasGradient(const at::Tensor& gradient) const {
    std::vector<double> sums(2 * biasLength);
    sumValues(gradient.contiguous(at::MemoryFormat::ChannelsLast), sums.data());
    auto result = at::empty({biasLength}, at::kFloat);
    std::copy(sums.begin(), sums.begin() + biasLength, result.data_ptr<float>());
    return convert(result, biasType);
  }

  bool released_ = false;
};

/// Convolves in `type`, or in float32 where libtorch cannot, and returns maps of `type`.
at::Tensor convolve(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, const Geometry& geometry,
                    at::ScalarType type) {
  const bool depthwise = convolvesDepthwise(input, weight, geometry, geometry.groups, type);
  const auto computeType = type == at::kBFloat16 && !depthwise && !engineConvolves(type) ? at::kFloat : type;
  const bool differentiable = torch::autograd::compute_requires_grad(input, weight, bias);
  at::Tensor output;
  {
    at::AutoDispatchBelowADInplaceOrView below;
    if (depthwise) {
      RECORD_FUNCTION("coarsely::depthwise_convolution", c10::ArrayRef<const c10::IValue>{});
      output = convolveDepthwise(convert(input, type), weight, bias, geometry);
    } else {
      output = at::convolution(convert(input, computeType), convert(weight, computeType), convert(bias, computeType),
                               geometry.stride, geometry.padding, geometry.dilation, false, {0, 0}, geometry.groups);
      output = convert(output, type);
    }
  }
  if (!differentiable) return output;
  const auto node = makeNode<Conv2dRecomputeBackward>();
  node->set_next_edges(torch::autograd::collect_next_edges(input, weight, bias));
  node->saved = savedActivationOf(input);
  if (!node->saved) node->input = SavedVariable(input, false);
  node->weight = SavedVariable(weight, false);
  node->inputType = input.scalar_type();
  node->computeType = computeType;
  if (bias.defined()) {
    node->biasType = bias.scalar_type();
    node->biasLength = bias.numel();
  }
  node->geometry = geometry;
  node->depthwise = depthwise;
  torch::autograd::set_history(output, node);
  return output;
}

void checkMaps(const at::Tensor& input, const at::Tensor& weight) {
  TORCH_CHECK(input.is_cpu() && weight.is_cpu() && input.dim() == 4 && weight.dim() == 4,
              "expected maps [N,C,H,W] and a weight [out,in,height,width] on the CPU, received shapes ", input.sizes(),
              " and ", weight.sizes());
}

at::Tensor conv2dRecompute(const at::Tensor& input, const at::Tensor& weight, const c10::optional<at::Tensor>& bias,
                           at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, int64_t groups) {
  checkMaps(input, weight);
  return convolve(input, weight, bias.value_or(at::Tensor()), {{stride.vec(), padding.vec(), dilation.vec()}, groups},
                  input.scalar_type());
}

at::ScalarType autocastType() {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  return at::autocast::get_autocast_dtype(at::kCPU);
#else
  return at::autocast::get_autocast_cpu_dtype();
#endif
}

at::Tensor conv2dRecomputeAutocast(const at::Tensor& input, const at::Tensor& weight,
                                   const c10::optional<at::Tensor>& bias, at::IntArrayRef stride,
                                   at::IntArrayRef padding, at::IntArrayRef dilation, int64_t groups) {
  const c10::impl::ExcludeDispatchKeyGuard noAutocast(c10::DispatchKey::AutocastCPU);
  checkMaps(input, weight);
  const bool cast = at::isFloatingType(input.scalar_type()) && input.scalar_type() != at::kDouble;
  return convolve(input, weight, bias.value_or(at::Tensor()), {{stride.vec(), padding.vec(), dilation.vec()}, groups},
                  cast ? autocastType() : input.scalar_type());
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "conv2d_recompute(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=1, int[2] padding=0, "
      "int[2] dilation=1, int groups=1) -> Tensor");
}

TORCH_LIBRARY_IMPL(coarsely, CompositeImplicitAutograd, library) {
  library.impl("conv2d_recompute", conv2dRecompute);
}

TORCH_LIBRARY_IMPL(coarsely, AutocastCPU, library) {
  library.impl("conv2d_recompute", conv2dRecomputeAutocast);
}

}  // namespace coarsely
