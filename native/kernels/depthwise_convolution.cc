// Convolution with one filter per channel. oneDNN computes it in channels-last layout at a hundredth of the processor's
// rate, which would make the separable convolutions of DeepLabv3+ a tenth of its time. Here vectors run over channels,
// and all channels of a pixel are read at once, because strips of channels would lie powers of two apart and evict each
// other from the cache. The image is processed in columns of pixels so narrow that the rows under a filter stay in a
// core's cache.
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "depthwise_row.h"
#include "packed_convolution.h"

namespace coarsely {

namespace {

COARSELY_VECTORIZED
void rowOfFloats(const DepthwiseGeometry& geometry, const float* const* rows, const DepthwiseFilters& filters,
                 float* out, int64_t begin, int64_t end, Activation activation) {
  depthwiseRow(geometry, rows, filters.channels, filters, out, filters.channels, begin, end, activation);
}

COARSELY_VECTORIZED
void rowOfBfloat16(const DepthwiseGeometry& geometry, const Bfloat16Bits* const* rows, const DepthwiseFilters& filters,
                   Bfloat16Bits* out, int64_t begin, int64_t end, Activation activation) {
  depthwiseRow(geometry, rows, filters.channels, filters, out, filters.channels, begin, end, activation);
}

/// Returns the width of the columns in which the image is processed: the whole row where the rows of a filter are
/// dilated, because no row is read again soon.
int64_t columnWidth(const DepthwiseGeometry& geometry, int64_t dilationY, int64_t outputWidth, int64_t pixelBytes) {
  if (dilationY > 1) return outputWidth;
  constexpr int64_t cacheBytes = 512 * 1024;
  const int64_t pixels = cacheBytes / (geometry.kernelHeight * pixelBytes * geometry.stride);
  return std::clamp<int64_t>(pixels, 8, std::max<int64_t>(8, outputWidth));
}

/// Holds the filters as taps [kernelHeight * kernelWidth, channels] of float32.
class DepthwiseConvolution final : public PackedConvolution {
 public:
  DepthwiseConvolution(const at::Tensor& weight, const at::Tensor& bias, ConvolutionGeometry geometry)
      : weight_(weight),
        taps_(weight.to(at::kFloat).flatten(1).t().contiguous()),
        bias_(bias.to(at::kFloat).contiguous()),
        geometry_(std::move(geometry)) {}

  at::Tensor run(const at::Tensor& input, const Epilogue& epilogue) const override {
    TORCH_CHECK(input.size(1) == weight_.size(0), "expected maps of ", weight_.size(0), " channels, received ",
                input.sizes());
    const auto [height, width] = outputSize(input, weight_, geometry_);
    auto output = at::empty({input.size(0), input.size(1), height, width},
                            input.options().memory_format(at::MemoryFormat::ChannelsLast));
    const auto activation = epilogue.residual.defined() ? Activation::None : epilogue.activation;
    if (input.scalar_type() == at::kFloat) {
      compute(input.data_ptr<float>(), output.data_ptr<float>(), input, output, activation);
    } else {
      compute(static_cast<const Bfloat16Bits*>(input.data_ptr()), static_cast<Bfloat16Bits*>(output.data_ptr()), input,
              output, activation);
    }
    if (epilogue.residual.defined()) applyEpilogue(output, epilogue);
    return output;
  }

 private:
  template <typename T>
  void compute(const T* source, T* target, const at::Tensor& input, const at::Tensor& output,
               Activation activation) const {
    const int64_t channels = input.size(1), inputHeight = input.size(2), inputWidth = input.size(3);
    const int64_t outputHeight = output.size(2), outputWidth = output.size(3), kernelHeight = weight_.size(2);
    const DepthwiseGeometry geometry{kernelHeight,         weight_.size(3),       geometry_.stride[1],
                                     geometry_.padding[1], geometry_.dilation[1], inputWidth};
    const DepthwiseFilters filters{taps_.data_ptr<float>(), channels, bias_.data_ptr<float>(), channels};
    const int64_t wide = columnWidth(geometry, geometry_.dilation[0], outputWidth, channels * sizeof(T));
    const int64_t columns = (outputWidth + wide - 1) / wide;
    // A task is one row of one column; consecutive tasks go down the image.
    const int64_t grain = std::max<int64_t>(1, 16384 / (wide * channels));
    at::parallel_for(0, input.size(0) * columns * outputHeight, grain, [&](int64_t begin, int64_t end) {
      std::vector<const T*> rows(kernelHeight);
      for (int64_t task = begin; task < end; ++task) {
        const int64_t y = task % outputHeight, column = task / outputHeight % columns;
        const int64_t image = task / outputHeight / columns;
        for (int64_t dy = 0; dy < kernelHeight; ++dy) {
          const int64_t row = y * geometry_.stride[0] + dy * geometry_.dilation[0] - geometry_.padding[0];
          const bool exists = row >= 0 && row < inputHeight;
          rows[dy] = exists ? source + (image * inputHeight + row) * inputWidth * channels : nullptr;
        }
        const int64_t first = column * wide, last = std::min(first + wide, outputWidth);
        T* to = target + ((image * outputHeight + y) * outputWidth + first) * channels;
        if constexpr (sizeof(T) == 4) rowOfFloats(geometry, rows.data(), filters, to, first, last, activation);
        else rowOfBfloat16(geometry, rows.data(), filters, to, first, last, activation);
      }
    });
  }

  at::Tensor weight_, taps_, bias_;
  ConvolutionGeometry geometry_;
};

}  // namespace

std::unique_ptr<PackedConvolution> packDepthwise(const at::Tensor& weight, const at::Tensor& bias,
                                                 const ConvolutionGeometry& geometry) {
  const auto type = weight.scalar_type();
  const bool depthwise = weight.size(1) == 1 && geometry.groups == weight.size(0) && geometry.groups > 1;
  if (!depthwise || weight.size(0) < vectorLanes || (type != at::kFloat && type != at::kBFloat16)) return nullptr;
  return std::make_unique<DepthwiseConvolution>(weight, bias, geometry);
}

}  // namespace coarsely
