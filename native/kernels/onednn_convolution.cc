// Computes convolutions with oneDNN through the operators that libtorch provides for TorchScript (PyTorch 1) and
// TorchInductor (PyTorch 2). They reorder the weights once and apply ReLU before the output leaves the cache; those of
// PyTorch 2 also add the residual, and apply ReLU6 and hard-swish where there is none.
#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/version.h>

#include "ask_engine.h"
#include "packed_convolution.h"

namespace coarsely {

namespace {

template <typename... Arguments>
c10::IValue call(const c10::OperatorHandle& op, Arguments&&... arguments) {
  torch::jit::Stack stack;
  (stack.emplace_back(std::forward<Arguments>(arguments)), ...);
  op.callBoxed(&stack);
  return stack.back();
}

c10::optional<c10::OperatorHandle> find(const char* name, const char* overload = "") {
  return c10::Dispatcher::singleton().findSchema({name, overload});
}

#if TORCH_VERSION_MAJOR >= 2

/// Returns the name that libtorch's convolution has for an activation.
std::string attributeOf(Activation activation) {
  switch (activation) {
    case Activation::None: return "none";
    case Activation::Relu: return "relu";
    case Activation::Relu6: return "hardtanh";
    case Activation::HardSwish: return "hardswish";
  }
  return "none";
}

class OneDnnConvolution final : public PackedConvolution {
 public:
  OneDnnConvolution(at::Tensor weight, at::Tensor bias, ConvolutionGeometry geometry)
      : weight_(std::move(weight)), bias_(std::move(bias)), geometry_(std::move(geometry)) {}

  at::Tensor run(const at::Tensor& input, const Epilogue& epilogue) const override {
    static const auto plain = *find("mkldnn::_convolution_pointwise");
    static const auto binary = *find("mkldnn::_convolution_pointwise", "binary");
    const auto& [stride, padding, dilation, groups] = geometry_;
    const c10::List<c10::optional<at::Scalar>> none;
    const auto convolve = [&](Activation activation) {
      const c10::List<c10::optional<at::Scalar>> zeroToSix{at::Scalar(0.0), at::Scalar(6.0)};
      return call(plain, input, weight_, bias_, geometry_.padding, geometry_.stride, geometry_.dilation,
                  geometry_.groups, attributeOf(activation), activation == Activation::Relu6 ? zeroToSix : none,
                  c10::IValue())
          .toTensor();
    };
    if (!epilogue.residual.defined()) return convolve(epilogue.activation);
    // libtorch applies no other activation than ReLU after the sum.
    const bool relu = epilogue.activation == Activation::Relu;
    const auto activation = relu ? c10::IValue(std::string("relu")) : c10::IValue();
    const auto fused = [&](const at::Tensor& maps, const at::Tensor& residual) {
      return call(binary, maps, residual, weight_, bias_, padding, stride, dilation, groups, std::string("add"),
                  c10::IValue(), activation, none, c10::IValue())
          .toTensor();
    };
    // libtorch adds the residual of a grouped convolution by an operator of its own, which lacks bfloat16 with ReLU.
    const std::string question = std::string("add a residual in ") + c10::toString(input.scalar_type()) +
                                 (groups == 1 ? "" : ", grouped") + (relu ? ", and ReLU" : "");
    const bool fuses = engineCan(question, [&] {
      fused(input.narrow(0, 0, 1).contiguous(at::MemoryFormat::ChannelsLast),
            epilogue.residual.narrow(0, 0, 1).contiguous(at::MemoryFormat::ChannelsLast));
    });
    if (fuses && (relu || epilogue.activation == Activation::None)) return fused(input, epilogue.residual);
    auto output = convolve(Activation::None);
    applyEpilogue(output, epilogue);
    return output;
  }

 private:
  at::Tensor weight_, bias_;
  ConvolutionGeometry geometry_;
};

std::unique_ptr<PackedConvolution> pack(const at::Tensor& weight, const at::Tensor& bias,
                                        const ConvolutionGeometry& geometry, at::IntArrayRef inputSize, Activation) {
  const auto reorder = find("mkldnn::_reorder_convolution_weight");
  if (!reorder || !find("mkldnn::_convolution_pointwise") || !find("mkldnn::_convolution_pointwise", "binary")) {
    return nullptr;
  }
  auto reordered =
      call(*reorder, weight, geometry.padding, geometry.stride, geometry.dilation, geometry.groups, inputSize.vec());
  return std::make_unique<OneDnnConvolution>(reordered.toTensor(), bias, geometry);
}

#else

/// Wraps the packed convolution of PyTorch 1. Its ReLU is fixed when it is packed; it adds no residual and knows no
/// other activation.
class OneDnnConvolution final : public PackedConvolution {
 public:
  OneDnnConvolution(c10::IValue context, bool hasRelu) : context_(std::move(context)), hasRelu_(hasRelu) {}

  at::Tensor run(const at::Tensor& input, const Epilogue& epilogue) const override {
    static const auto op = *find("mkldnn_prepacked::conv2d_run");
    TORCH_CHECK(!hasRelu_ || (epilogue.activation == Activation::Relu && !epilogue.residual.defined()),
                "expected a ReLU and no residual, because the convolution was packed so, received other arguments");
    auto output = call(op, input, context_).toTensor();
    if (!hasRelu_) applyEpilogue(output, epilogue);
    return output;
  }

 private:
  c10::IValue context_;
  bool hasRelu_;
};

std::unique_ptr<PackedConvolution> pack(const at::Tensor& weight, const at::Tensor& bias,
                                        const ConvolutionGeometry& geometry, at::IntArrayRef inputSize,
                                        Activation fused) {
  const auto prepack = find("mkldnn_prepacked::conv2d_prepack");
  if (!prepack || !find("mkldnn_prepacked::conv2d_run")) return nullptr;
  const bool hasRelu = fused == Activation::Relu;
  const std::string activation = hasRelu ? "relu" : "none";
  return std::make_unique<OneDnnConvolution>(call(*prepack, weight, bias, geometry.stride, geometry.padding,
                                                  geometry.dilation, geometry.groups, inputSize.vec(), activation),
                                             hasRelu);
}

#endif

}  // namespace

std::unique_ptr<PackedConvolution> packOneDnn(const at::Tensor& weight, const at::Tensor& bias,
                                              const ConvolutionGeometry& geometry, at::IntArrayRef inputSize,
                                              Activation fused) {
  if (!at::hasMKLDNN()) return nullptr;
  // Grouped filters and those with an activation take other ways through libtorch.
  const std::string question = std::string("convolve packed ") + c10::toString(weight.scalar_type()) +
                               (geometry.groups == 1 ? "" : ", grouped") +
                               (fused == Activation::None ? "" : ", with activation ") +
                               (fused == Activation::None ? "" : std::to_string(static_cast<int>(fused)));
  const bool works = engineCan(question, [&] {
    const auto extent = [&](int64_t axis) { return geometry.dilation[axis] * (weight.size(2 + axis) - 1) + 1; };
    const std::vector<int64_t> size{1, inputSize[1], extent(0), extent(1)};
    const auto input = at::zeros(size, weight.options()).contiguous(at::MemoryFormat::ChannelsLast);
    const auto packed = pack(weight, bias, geometry, size, fused);
    TORCH_CHECK(packed, "expected the operators of oneDNN");
    packed->run(input, {at::Tensor(), fused});
  });
  return works ? pack(weight, bias, geometry, inputSize, fused) : nullptr;
}

}  // namespace coarsely
