// Convolution with one filter a channel. oneDNN computes it at a hundredth of the processor's rate in channels-last, which
// makes the separable convolutions of DeepLabv3+ a tenth of its time. Here channels are the vector, a pixel's channels are
// read whole (strips of them lie powers of two apart, where caches have few places), and the image is gone through in
// columns of pixels so narrow that the rows of a filter stay in a core's cache.
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "packed_convolution.h"
#include "vectorised.h"

namespace coarsely {

namespace {

// Sixteen channels: one register of AVX-512; compilers split it for narrower processors.
constexpr int64_t lanes = 16;
typedef float Floats __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef int32_t Mask __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32), aligned(2), may_alias));

struct Maps {
  int64_t channels, inputHeight, inputWidth;
  int64_t kernelHeight, kernelWidth;
  int64_t strideY, strideX, paddingY, paddingX, dilationY, dilationX;
};

inline __attribute__((always_inline)) void load(Floats& values, const float* source) {
  values = *reinterpret_cast<const Floats*>(source);
}

inline __attribute__((always_inline)) void load(Floats& values, const uint16_t* source) {
  const Words bits = __builtin_convertvector(*reinterpret_cast<const Halves*>(source), Words) << 16;
  values = reinterpret_cast<const Floats&>(bits);
}

inline __attribute__((always_inline)) void store(float* target, const Floats& values) {
  *reinterpret_cast<Floats*>(target) = values;
}

inline __attribute__((always_inline)) void store(uint16_t* target, const Floats& values) {
  const Words bits = reinterpret_cast<const Words&>(values);
  const Words rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  const Mask isNumber = values == values;
  const Words kept = isNumber ? rounded : Words{} + 0x7FC0;
  *reinterpret_cast<Halves*>(target) = __builtin_convertvector(kept, Halves);
}

/// Channels [first, first + vectors · 16) of one output pixel. `taps` holds [kernelHeight · kernelWidth][channels].
template <typename T, int64_t vectors>
inline __attribute__((always_inline)) void channelsOf(const Maps& maps, const T* image, const float* taps,
                                                      const float* bias, T* out, int64_t y, int64_t x, int64_t first,
                                                      bool relu) {
  Floats sum[vectors];
  for (int64_t v = 0; v < vectors; ++v) load(sum[v], bias + first + v * lanes);
  for (int64_t dy = 0; dy < maps.kernelHeight; ++dy) {
    const int64_t row = y * maps.strideY + dy * maps.dilationY - maps.paddingY;
    if (row < 0 || row >= maps.inputHeight) continue;
    for (int64_t dx = 0; dx < maps.kernelWidth; ++dx) {
      const int64_t column = x * maps.strideX + dx * maps.dilationX - maps.paddingX;
      if (column < 0 || column >= maps.inputWidth) continue;
      const T* source = image + (row * maps.inputWidth + column) * maps.channels + first;
      const float* tap = taps + (dy * maps.kernelWidth + dx) * maps.channels + first;
      for (int64_t v = 0; v < vectors; ++v) {
        Floats values, weights;
        load(values, source + v * lanes);
        load(weights, tap + v * lanes);
        sum[v] += weights * values;
      }
    }
  }
  for (int64_t v = 0; v < vectors; ++v) {
    if (relu) {
      const Mask negative = sum[v] < 0;
      sum[v] = negative ? Floats{} : sum[v];
    }
    store(out + first + v * lanes, sum[v]);
  }
}

/// Pixels [begin, end) of the output row `y`; `out` is the row.
template <typename T>
inline __attribute__((always_inline)) void rowOf(const Maps& maps, const T* image, const float* taps, const float* bias,
                                                 T* out, int64_t y, int64_t begin, int64_t end, bool relu) {
  for (int64_t x = begin; x < end; ++x) {
    T* pixel = out + x * maps.channels;
    int64_t first = 0;
    for (; first + 4 * lanes <= maps.channels; first += 4 * lanes) {
      channelsOf<T, 4>(maps, image, taps, bias, pixel, y, x, first, relu);
    }
    for (; first < maps.channels; first += lanes) channelsOf<T, 1>(maps, image, taps, bias, pixel, y, x, first, relu);
  }
}

COARSELY_VECTORISED
void rowOfFloats(const Maps& maps, const float* image, const float* taps, const float* bias, float* out, int64_t y,
                 int64_t begin, int64_t end, bool relu) {
  rowOf(maps, image, taps, bias, out, y, begin, end, relu);
}

COARSELY_VECTORISED
void rowOfBfloat16(const Maps& maps, const uint16_t* image, const float* taps, const float* bias, uint16_t* out,
                   int64_t y, int64_t begin, int64_t end, bool relu) {
  rowOf(maps, image, taps, bias, out, y, begin, end, relu);
}

/// Pixels of a row that go down the image together: all where rows of a filter lie apart, since none is met again soon.
int64_t columnWidth(const Maps& maps, int64_t outputWidth, int64_t elementBytes) {
  if (maps.dilationY > 1) return outputWidth;
  constexpr int64_t cacheBytes = 512 * 1024;
  const int64_t pixels = cacheBytes / (maps.kernelHeight * maps.channels * elementBytes * maps.strideX);
  return std::clamp<int64_t>(pixels, 8, std::max<int64_t>(8, outputWidth));
}

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
      compute(static_cast<const uint16_t*>(input.data_ptr()), static_cast<uint16_t*>(output.data_ptr()), input, output,
              relu);
    }
    if (epilogue.residual.defined()) finish(output, epilogue);
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
    // A task is one row of one column of pixels; tasks go down the image.
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
  if (!depthwise || weight.size(0) % lanes != 0 || (type != at::kFloat && type != at::kBFloat16)) return nullptr;
  return std::make_unique<DepthwiseConvolution>(weight, bias, geometry);
}

}  // namespace coarsely
