// Convolution with one filter a channel. oneDNN computes it at a hundredth of the processor's rate in channels-last, which
// makes the separable convolutions of DeepLabv3+ a tenth of its time. Here channels are the vector, and a strip of them
// narrow enough for the cache of a core goes over the whole image.
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
  int64_t channels, inputHeight, inputWidth, outputWidth;
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

/// One output row of `vectors` · 16 channels. `taps` holds [kernelHeight · kernelWidth][channels], `image`, `taps`, `bias`
/// and `out` begin at the first of these channels.
template <typename T, int64_t vectors>
inline __attribute__((always_inline)) void rowOf(const Maps& maps, const T* image, const float* taps, const float* bias,
                                                 T* out, int64_t y, bool relu) {
  for (int64_t x = 0; x < maps.outputWidth; ++x) {
    Floats sum[vectors];
    for (int64_t v = 0; v < vectors; ++v) load(sum[v], bias + v * lanes);
    for (int64_t dy = 0; dy < maps.kernelHeight; ++dy) {
      const int64_t row = y * maps.strideY + dy * maps.dilationY - maps.paddingY;
      if (row < 0 || row >= maps.inputHeight) continue;
      for (int64_t dx = 0; dx < maps.kernelWidth; ++dx) {
        const int64_t column = x * maps.strideX + dx * maps.dilationX - maps.paddingX;
        if (column < 0 || column >= maps.inputWidth) continue;
        const T* source = image + (row * maps.inputWidth + column) * maps.channels;
        const float* tap = taps + (dy * maps.kernelWidth + dx) * maps.channels;
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
      store(out + x * maps.channels + v * lanes, sum[v]);
    }
  }
}

COARSELY_VECTORISED
void row64(const Maps& maps, const float* image, const float* taps, const float* bias, float* out, int64_t y, bool relu) {
  rowOf<float, 4>(maps, image, taps, bias, out, y, relu);
}

COARSELY_VECTORISED
void row64(const Maps& maps, const uint16_t* image, const float* taps, const float* bias, uint16_t* out, int64_t y,
           bool relu) {
  rowOf<uint16_t, 4>(maps, image, taps, bias, out, y, relu);
}

COARSELY_VECTORISED
void row16(const Maps& maps, const float* image, const float* taps, const float* bias, float* out, int64_t y, bool relu) {
  rowOf<float, 1>(maps, image, taps, bias, out, y, relu);
}

COARSELY_VECTORISED
void row16(const Maps& maps, const uint16_t* image, const float* taps, const float* bias, uint16_t* out, int64_t y,
           bool relu) {
  rowOf<uint16_t, 1>(maps, image, taps, bias, out, y, relu);
}

class DepthwiseConvolution final : public PackedConvolution {
 public:
  DepthwiseConvolution(const at::Tensor& weight, const at::Tensor& bias, ConvolutionGeometry geometry)
      : weight_(weight),
        taps_(weight.to(at::kFloat).flatten(1).t().contiguous()),
        bias_(bias.to(at::kFloat).contiguous()),
        geometry_(std::move(geometry)) {}

  at::Tensor run(const at::Tensor& input, const Epilogue& epilogue) const override {
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
    const int64_t channels = input.size(1), outputHeight = output.size(2);
    const Maps maps{channels,           input.size(2),         input.size(3),         output.size(3),
                    weight_.size(2),    weight_.size(3),       geometry_.stride[0],   geometry_.stride[1],
                    geometry_.padding[0], geometry_.padding[1], geometry_.dilation[0], geometry_.dilation[1]};
    const auto* taps = taps_.data_ptr<float>();
    const auto* bias = bias_.data_ptr<float>();
    const int64_t wide = channels / 64, strips = wide + channels % 64 / lanes;
    // A task is one row of one strip; rows of a strip follow each other, so that a thread keeps to few strips.
    const int64_t tasks = input.size(0) * strips * outputHeight;
    const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(1, maps.outputWidth));
    at::parallel_for(0, tasks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t y = task % outputHeight, strip = task / outputHeight % strips;
        const int64_t image = task / outputHeight / strips;
        const int64_t first = strip < wide ? strip * 64 : wide * 64 + (strip - wide) * lanes;
        const T* from = source + image * maps.inputHeight * maps.inputWidth * channels + first;
        T* to = target + (image * outputHeight + y) * maps.outputWidth * channels + first;
        if (strip < wide) row64(maps, from, taps + first, bias + first, to, y, relu);
        else row16(maps, from, taps + first, bias + first, to, y, relu);
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
