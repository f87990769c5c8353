// Convolutions for inference: weights brought into the layout of the fastest kernel once, bias, residual and ReLU applied
// while the output is still in cache. Three ways to compute stand behind one interface; `packConvolution` chooses.
#pragma once

#include <ATen/ATen.h>

#include <memory>

namespace coarsely {

struct ConvolutionGeometry {
  std::vector<int64_t> stride;
  std::vector<int64_t> padding;
  std::vector<int64_t> dilation;
  int64_t groups;
};

/// What happens to the output: out = max(out + residual, 0), each part where it is asked for.
struct Epilogue {
  /// Undefined: none. Channels-last and of the output's type.
  at::Tensor residual;
  bool relu;
};

class PackedConvolution {
 public:
  virtual ~PackedConvolution() = default;
  /// [N, in, H, W], channels-last and of the weights' type, to [N, out, H', W'], the same.
  virtual at::Tensor run(const at::Tensor& input, const Epilogue& epilogue) const = 0;
};

/// One filter a channel; null when the convolution is another or the type is neither float32 nor bfloat16.
std::unique_ptr<PackedConvolution> packDepthwise(const at::Tensor& weight, const at::Tensor& bias,
                                                 const ConvolutionGeometry& geometry);

/// By oneDNN with weights in its own blocked layout; null where this libtorch or processor has no such kernel.
/// `fuseRelu`: the epilogue will have a ReLU and no residual.
std::unique_ptr<PackedConvolution> packOneDnn(const at::Tensor& weight, const at::Tensor& bias,
                                              const ConvolutionGeometry& geometry, at::IntArrayRef inputSize,
                                              bool fuseRelu);

/// Height and width of the output for an input [N, in, H, W] and a weight [out, in / groups, kernel, kernel].
std::pair<int64_t, int64_t> outputSize(const at::Tensor& input, const at::Tensor& weight,
                                       const ConvolutionGeometry& geometry);

/// Applies the epilogue over `output` in one pass.
void finish(at::Tensor& output, const Epilogue& epilogue);

}  // namespace coarsely
