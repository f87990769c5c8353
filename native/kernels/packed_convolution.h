// Convolutions for inference. The weights are packed once into the layout of the fastest kernel; bias, residual and
// activation are applied while the output is still in the cache. Several implementations share one interface.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <utility>
#include <vector>

#include "activation.h"

namespace coarsely {

/// Holds stride, padding and dilation as [vertical, horizontal], and the number of groups.
struct ConvolutionGeometry {
  std::vector<int64_t> stride;
  std::vector<int64_t> padding;
  std::vector<int64_t> dilation;
  int64_t groups;
};

/// Says what is applied to the output: the addition of a residual, an activation, or both.
struct Epilogue {
  /// Is channels-last and of the output's type; undefined for none.
  at::Tensor residual;
  Activation activation;
};

/// Is a convolution whose weights were packed for one kernel.
class PackedConvolution {
 public:
  virtual ~PackedConvolution() = default;
  /// Convolves [N, in, H, W] to [N, out, H', W'], both channels-last and of the weights' type.
  virtual at::Tensor run(const at::Tensor& input, const Epilogue& epilogue) const = 0;
};

/// Returns a packed convolution as an opaque tensor, of the type, device and sizes of `weight`, for convolve_packed.
at::Tensor wrapPacked(std::shared_ptr<const PackedConvolution> packed, const at::Tensor& weight);

/// Packs a convolution with one filter per channel, of float32 or bfloat16. Returns null for any other.
std::unique_ptr<PackedConvolution> packDepthwise(const at::Tensor& weight, const at::Tensor& bias,
                                                 const ConvolutionGeometry& geometry);

/// Packs a convolution for oneDNN. Returns null where this libtorch or processor does not support it. `fused` is the
/// activation of an epilogue without residual, and none where there will be a residual.
std::unique_ptr<PackedConvolution> packOneDnn(const at::Tensor& weight, const at::Tensor& bias,
                                              const ConvolutionGeometry& geometry, at::IntArrayRef inputSize,
                                              Activation fused);

/// Returns height and width of the output for an input [N, in, H, W] and a weight [out, in / groups, height, width].
std::pair<int64_t, int64_t> outputSize(const at::Tensor& input, const at::Tensor& weight,
                                       const ConvolutionGeometry& geometry);

/// Applies the epilogue to `output` in one pass.
void applyEpilogue(at::Tensor& output, const Epilogue& epilogue);

}  // namespace coarsely
