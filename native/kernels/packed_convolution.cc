// Defines the operators pack_convolution and convolve_packed. A packed convolution is an opaque tensor, so that handles
// and scopes own it like any other tensor.
#include "packed_convolution.h"

#include <ATen/OpaqueTensorImpl.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include "activation_vector.h"
#include "ask_engine.h"

namespace coarsely {

namespace {

using Opaque = at::OpaqueTensorImpl<std::shared_ptr<const PackedConvolution>>;

/// Is the least number of elements that are worth a thread.
constexpr int64_t grain = 1 << 14;

/// Adds `residual` to `out` and applies the activation, to whole vectors and then to what is left.
template <typename T>
COARSELY_INLINE void addActivate(T* out, const T* residual, int64_t count, Activation activation) {
  int64_t i = 0;
  for (; i + vectorLanes <= count; i += vectorLanes)
    store(out + i, activate(load(out + i) + load(residual + i), activation));
  for (; i < count; ++i) {
    out[i] = fromFloat<T>(activate(broadcast(toFloat(out[i]) + toFloat(residual[i])), activation)[0]);
  }
}

COARSELY_VECTORIZED
void addActivateFloats(float* out, const float* residual, int64_t count, Activation activation) {
  addActivate(out, residual, count, activation);
}

COARSELY_VECTORIZED
void addActivateBfloat16(Bfloat16Bits* out, const Bfloat16Bits* residual, int64_t count, Activation activation) {
  addActivate(out, residual, count, activation);
}

/// Applies an activation in place by libtorch's operators.
void applyActivation(at::Tensor& maps, Activation activation) {
  switch (activation) {
    case Activation::None: break;
    case Activation::Relu: maps.relu_(); break;
    case Activation::Relu6: at::hardtanh_(maps, 0, 6); break;
    case Activation::HardSwish: at::hardswish_(maps); break;
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
                           const std::string& fused) {
  const auto activation = activationOf(fused);
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
    if (!packed) packed = packOneDnn(held, heldBias, geometry, inputSize, activation);
  }
  if (!packed) packed = std::make_shared<PlainConvolution>(held, heldBias, geometry);
  return wrapPacked(std::move(packed), weight);
}

at::Tensor convolvePacked(const at::Tensor& input, const at::Tensor& packed, const c10::optional<at::Tensor>& residual,
                          const std::string& activation) {
  const auto* opaque = dynamic_cast<Opaque*>(packed.unsafeGetTensorImpl());
  TORCH_CHECK(opaque, "expected a convolution packed by pack_convolution, received a plain tensor");
  TORCH_CHECK(input.dim() == 4, "expected maps [N,C,H,W], received shape ", input.sizes());
  at::AutoDispatchBelowADInplaceOrView below;
  const auto layout = [&](const at::Tensor& maps) {
    return maps.detach().to(packed.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
  };
  Epilogue epilogue{at::Tensor(), activationOf(activation)};
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

at::Tensor wrapPacked(std::shared_ptr<const PackedConvolution> packed, const at::Tensor& weight) {
  return at::detail::make_tensor<Opaque>(
      at::DispatchKeySet(weight.is_cpu() ? at::DispatchKey::CPU : at::DispatchKey::CUDA), weight.dtype(),
      weight.device(), std::move(packed), weight.sizes());
}

void applyEpilogue(at::Tensor& output, const Epilogue& epilogue) {
  const auto& residual = epilogue.residual;
  if (!residual.defined()) return applyActivation(output, epilogue.activation);
  const bool sameLayout = output.is_cpu() && output.sizes() == residual.sizes() &&
                          output.is_contiguous(at::MemoryFormat::ChannelsLast) &&
                          output.scalar_type() == residual.scalar_type();
  const bool isFloat = output.scalar_type() == at::kFloat;
  if (epilogue.activation == Activation::None || !sameLayout || !(isFloat || output.scalar_type() == at::kBFloat16)) {
    output.add_(residual);
    return applyActivation(output, epilogue.activation);
  }
  at::parallel_for(0, output.numel(), grain, [&](int64_t begin, int64_t end) {
    if (isFloat) {
      addActivateFloats(output.data_ptr<float>() + begin, residual.data_ptr<float>() + begin, end - begin,
                        epilogue.activation);
    } else {
      addActivateBfloat16(static_cast<Bfloat16Bits*>(output.data_ptr()) + begin,
                          static_cast<const Bfloat16Bits*>(residual.data_ptr()) + begin, end - begin,
                          epilogue.activation);
    }
  });
}

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "pack_convolution(Tensor weight, Tensor bias, int[2] stride, int[2] padding, int[2] dilation, int groups, "
      "int[4] input_size, str fused_activation) -> Tensor");
  library.def("convolve_packed(Tensor input, Tensor packed, Tensor? residual, str activation) -> Tensor");
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
