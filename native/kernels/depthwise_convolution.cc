// Convolution with one filter per channel. oneDNN computes it in channels-last layout at a hundredth of the processor's
// rate, which would make the separable convolutions of DeepLabv3+ a tenth of its time. Here vectors run over channels,
// and all channels of a pixel are read at once, because strips of channels would lie powers of two apart and evict each
// other from the cache. The image is processed in columns of pixels so narrow that the rows under a filter stay in a
// core's cache.
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "packed_convolution.h"
#include "vectorized.h"

namespace coarsely {

namespace {

/// Holds the shapes of a convolution.
struct Maps {
  int64_t channels, inputHeight, inputWidth;
  int64_t kernelHeight, kernelWidth;
  int64_t strideY, strideX, paddingY, paddingX, dilationY, dilationX;
};

/// Computes channels [first, first + vectors * vectorLanes) of one output pixel. `taps` holds [kernelHeight *
/// kernelWidth, channels].
template <typename T, int64_t vectors>
COARSELY_INLINE void channelsOf(const Maps& maps, const T* image, const float* taps, const float* bias, T* out,
                                int64_t y, int64_t x, int64_t first, bool relu) {
  Floats sum[vectors];
  for (int64_t v = 0; v < vectors; ++v) sum[v] = load(bias + first + v * vectorLanes);
  for (int64_t dy = 0; dy < maps.kernelHeight; ++dy) {
    const int64_t row = y * maps.strideY + dy * maps.dilationY - maps.paddingY;
    if (row < 0 || row >= maps.inputHeight) continue;
    for (int64_t dx = 0; dx < maps.kernelWidth; ++dx) {
      const int64_t column = x * maps.strideX + dx * maps.dilationX - maps.paddingX;
      if (column < 0 || column >= maps.inputWidth) continue;
      const T* source = image + (row * maps.inputWidth + column) * maps.channels + first;
      const float* tap = taps + (dy * maps.kernelWidth + dx) * maps.channels + first;
      for (int64_t v = 0; v < vectors; ++v) sum[v] += load(tap + v * vectorLanes) * load(source + v * vectorLanes);
    }
  }
  for (int64_t v = 0; v < vectors; ++v) {
    if (relu) sum[v] = sum[v] < 0 ? Floats{} : sum[v];
    store(out + first + v * vectorLanes, sum[v]);
  }
}

/// Computes pixels [begin, end) of output row `y`; `out` points to the row.
template <typename T>
COARSELY_INLINE void rowOf(const Maps& maps, const T* image, const float* taps, const float* bias, T* out, int64_t y,
                           int64_t begin, int64_t end, bool relu) {
  for (int64_t x = begin; x < end; ++x) {
    T* pixel = out + x * maps.channels;
    int64_t first = 0;
    for (; first + 4 * vectorLanes <= maps.channels; first += 4 * vectorLanes) {
      channelsOf<T, 4>(maps, image, taps, bias, pixel, y, x, first, relu);
    }
    for (; first < maps.channels; first += vectorLanes)
      channelsOf<T, 1>(maps, image, taps, bias, pixel, y, x, first, relu);
  }
}

COARSELY_VECTORIZED
void rowOfFloats(const Maps& maps, const float* image, const float* taps, const float* bias, float* out, int64_t y,
                 int64_t begin, int64_t end, bool relu) {
  rowOf(maps, image, taps, bias, out, y, begin, end, relu);
}

COARSELY_VECTORIZED
void rowOfBfloat16(const Maps& maps, const Bfloat16Bits* image, const float* taps, const float* bias, Bfloat16Bits* out,
                   int64_t y, int64_t begin, int64_t end, bool relu) {
  rowOf(maps, image, taps, bias, out, y, begin, end, relu);
}

/// Returns the width of the columns in which the image is processed: the whole row where the rows of a filter are
/// dilated, because no row is read again soon.
int64_t columnWidth(const Maps& maps, int64_t outputWidth, int64_t elementBytes) {
  if (maps.dilationY > 1) return outputWidth;
  constexpr int64_t cacheBytes = 512 * 1024;
  const int64_t pixels = cacheBytes / (maps.kernelHeight * maps.channels * elementBytes * maps.strideX);
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
    const bool relu = epilogue.relu && !epilogue.residual.defined();
    if (input.scalar_type() == at::kFloat) {
      compute(input.data_ptr<float>(), output.data_ptr<float>(), input, output, relu);
    } else {
      compute(static_cast<const Bfloat16Bits*>(input.data_ptr()), static_cast<Bfloat16Bits*>(output.data_ptr()), input,
              output, relu);
    }
    if (epilogue.residual.defined()) applyEpilogue(output, epilogue);
    return output;
  }

 private:
  template <typename T>
  void compute(const T* source, T* target, const at::Tensor& input, const at::Tensor& output, bool relu) const {
    const int64_t channels = input.size(1), outputHeight = output.size(2), outputWidth = output.size(3);
    const Maps maps{channels,
                    input.size(2),
                    input.size(3),
                    weight_.size(2),
                    weight_.size(3),
                    geometry_.stride[0],
                    geometry_.stride[1],
                    geometry_.padding[0],
                    geometry_.padding[1],
                    geometry_.dilation[0],
                    geometry_.dilation[1]};
    const auto* taps = taps_.data_ptr<float>();
    const auto* bias = bias_.data_ptr<float>();
    const int64_t wide = columnWidth(maps, outputWidth, sizeof(T)), columns = (outputWidth + wide - 1) / wide;
    // A task is one row of one column; consecutive tasks go down the image.
    const int64_t grain = std::max<int64_t>(1, 16384 / (wide * channels));
    at::parallel_for(0, input.size(0) * columns * outputHeight, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t y = task % outputHeight, column = task / outputHeight % columns;
        const int64_t image = task / outputHeight / columns;
        const T* from = source + image * maps.inputHeight * maps.inputWidth * channels;
        T* to = target + (image * outputHeight + y) * outputWidth * channels;
        const int64_t first = column * wide, last = std::min(first + wide, outputWidth);
        if constexpr (sizeof(T) == 4) rowOfFloats(maps, from, taps, bias, to, y, first, last, relu);
        else rowOfBfloat16(maps, from, taps, bias, to, y, first, last, relu);
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
  if (!depthwise || weight.size(0) % vectorLanes != 0 || (type != at::kFloat && type != at::kBFloat16)) return nullptr;
  return std::make_unique<DepthwiseConvolution>(weight, bias, geometry);
}

}  // namespace coarsely
