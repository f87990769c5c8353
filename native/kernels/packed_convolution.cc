// Defines the operators pack_convolution and convolve_packed. A packed convolution is an opaque tensor, so that handles
// and scopes own it like any other tensor.
#include "packed_convolution.h"

#include <ATen/OpaqueTensorImpl.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include "ask_engine.h"
#include "vectorized.h"

namespace coarsely {

namespace {

using Opaque = at::OpaqueTensorImpl<std::shared_ptr<const PackedConvolution>>;

/// Is the least number of elements that are worth a thread.
constexpr int64_t grain = 1 << 14;

COARSELY_VECTORIZED
void addRelu(float* out, const float* residual, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float sum = out[i] + residual[i];
    out[i] = sum < 0 ? 0 : sum;
  }
}

COARSELY_VECTORIZED
void addReluBfloat16(Bfloat16Bits* out, const Bfloat16Bits* residual, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float sum = toFloat(out[i]) + toFloat(residual[i]);
    out[i] = fromFloat<Bfloat16Bits>(sum < 0 ? 0 : sum);
  }
}

/// Calls libtorch's convolution, for devices and processors that the other implementations do not support. Where
/// libtorch cannot convolve in a type either, it computes in float32.
class PlainConvolution final : public PackedConvolution {
 public:
  PlainConvolution(const at::Tensor& weight, const at::Tensor& bias, ConvolutionGeometry geometry)
      : computeType_(weight.is_cpu() && !engineConvolves(weight.scalar_type()) ? at::kFloat : weight.scalar_type()),
        weight_(weight.to(computeType_)),
        bias_(bias.to(computeType_)),
        geometry_(std::move(geometry)) {}

  at::Tensor run(const at::Tensor& input, const Epilogue& epilogue) const override {
    // Autocast would convert to its own type, whatever that of the weights is.
    const c10::impl::ExcludeDispatchKeyGuard noAutocast(
        c10::DispatchKeySet{c10::DispatchKey::AutocastCPU, c10::DispatchKey::AutocastCUDA});
    auto output = at::conv2d(input.to(computeType_), weight_, bias_, geometry_.stride, geometry_.padding,
                             geometry_.dilation, geometry_.groups)
                      .to(input.scalar_type());
    applyEpilogue(output, epilogue);
    return output;
  }

 private:
  at::ScalarType computeType_;
  at::Tensor weight_, bias_;
  ConvolutionGeometry geometry_;
};

at::Tensor packConvolution(const at::Tensor& weight, const at::Tensor& bias, at::IntArrayRef stride,
                           at::IntArrayRef padding, at::IntArrayRef dilation, int64_t groups, at::IntArrayRef inputSize,
                           bool fuseRelu) {
  TORCH_CHECK(weight.dim() == 4 && bias.sizes() == at::IntArrayRef({weight.size(0)}) && inputSize.size() == 4,
              "expected a weight [out,in,height,width], a bias [out] and an input size [N,in,H,W], received shapes ",
              weight.sizes(), ", ", bias.sizes(), " and size ", inputSize);
  at::AutoDispatchBelowADInplaceOrView below;
  const ConvolutionGeometry geometry{stride.vec(), padding.vec(), dilation.vec(), groups};
  const auto held = weight.detach().contiguous(at::MemoryFormat::ChannelsLast);
  const auto heldBias = bias.detach();
  std::shared_ptr<const PackedConvolution> packed;
  if (weight.is_cpu()) {
    packed = packDepthwise(held, heldBias, geometry);
    if (!packed) packed = packOneDnn(held, heldBias, geometry, inputSize, fuseRelu);
  }
  if (!packed) packed = std::make_shared<PlainConvolution>(held, heldBias, geometry);
  return at::detail::make_tensor<Opaque>(
      at::DispatchKeySet(weight.is_cpu() ? at::DispatchKey::CPU : at::DispatchKey::CUDA), weight.dtype(),
      weight.device(), std::move(packed), weight.sizes());
}

at::Tensor convolvePacked(const at::Tensor& input, const at::Tensor& packed, const c10::optional<at::Tensor>& residual,
                          bool relu) {
  const auto* opaque = dynamic_cast<Opaque*>(packed.unsafeGetTensorImpl());
  TORCH_CHECK(opaque, "expected a convolution packed by pack_convolution, received a plain tensor");
  TORCH_CHECK(input.dim() == 4, "expected maps [N,C,H,W], received shape ", input.sizes());
  at::AutoDispatchBelowADInplaceOrView below;
  const auto layout = [&](const at::Tensor& maps) {
    return maps.detach().to(packed.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
  };
  Epilogue epilogue{at::Tensor(), relu};
  if (residual.has_value() && residual->defined()) epilogue.residual = layout(*residual);
  return const_cast<Opaque*>(opaque)->opaque_handle()->run(layout(input), epilogue);
}

}  // namespace

std::pair<int64_t, int64_t> outputSize(const at::Tensor& input, const at::Tensor& weight,
                                       const ConvolutionGeometry& geometry) {
  const auto along = [&](int64_t axis) {
    const int64_t extent = geometry.dilation[axis] * (weight.size(2 + axis) - 1) + 1;
    const int64_t room = input.size(2 + axis) + 2 * geometry.padding[axis] - extent;
    TORCH_CHECK(room >= 0, "expected maps that hold a filter of ", extent, " pixels, received shape ", input.sizes());
    return room / geometry.stride[axis] + 1;
  };
  return {along(0), along(1)};
}

void applyEpilogue(at::Tensor& output, const Epilogue& epilogue) {
  const auto& residual = epilogue.residual;
  if (!residual.defined()) {
    if (epilogue.relu) output.relu_();
    return;
  }
  const bool sameLayout = output.is_cpu() && output.sizes() == residual.sizes() &&
                          output.is_contiguous(at::MemoryFormat::ChannelsLast) &&
                          output.scalar_type() == residual.scalar_type();
  const bool isFloat = output.scalar_type() == at::kFloat;
  if (!epilogue.relu || !sameLayout || !(isFloat || output.scalar_type() == at::kBFloat16)) {
    output.add_(residual);
    if (epilogue.relu) output.relu_();
    return;
  }
  at::parallel_for(0, output.numel(), grain, [&](int64_t begin, int64_t end) {
    if (isFloat) {
      addRelu(output.data_ptr<float>() + begin, residual.data_ptr<float>() + begin, end - begin);
    } else {
      addReluBfloat16(static_cast<Bfloat16Bits*>(output.data_ptr()) + begin,
                      static_cast<const Bfloat16Bits*>(residual.data_ptr()) + begin, end - begin);
    }
  });
}

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "pack_convolution(Tensor weight, Tensor bias, int[2] stride, int[2] padding, int[2] dilation, int groups, "
      "int[4] input_size, bool fuse_relu) -> Tensor");
  library.def("convolve_packed(Tensor input, Tensor packed, Tensor? residual, bool relu) -> Tensor");
}

TORCH_LIBRARY_IMPL(coarsely, CPU, library) {
  library.impl("pack_convolution", packConvolution);
  library.impl("convolve_packed", convolvePacked);
}

TORCH_LIBRARY_IMPL(coarsely, CUDA, library) {
  library.impl("pack_convolution", packConvolution);
  library.impl("convolve_packed", convolvePacked);
}

}  // namespace coarsely
