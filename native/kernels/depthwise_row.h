// Computes pixels of one row of a convolution with one filter per channel, in channels-last order. Vectors run over
// channels. Several neighboring pixels are computed together, so that a tap is loaded once for all of them.
#pragma once

#include <algorithm>

#include "activation_vector.h"

namespace coarsely {

/// Holds the geometry of a row: `kernel` taps `dilation` apart in either direction, `stride` and `padding` along it.
struct DepthwiseGeometry {
  int64_t kernelHeight, kernelWidth;
  int64_t stride, padding, dilation;
  int64_t inputWidth;
};

/// Holds the filters: taps [kernelHeight * kernelWidth, tapStride] and a bias, both from the first channel on.
struct DepthwiseFilters {
  const float* taps;
  int64_t tapStride;
  const float* bias;
  int64_t channels;
};

/// Computes `pixels` pixels from `x` on, of one vector of channels. `rows` holds the input's row under each row of the
/// filter, or null outside of the image. `inside` says that no tap is left or right of the image.
template <typename In, typename Out, int64_t pixels, bool inside>
COARSELY_INLINE void depthwiseTile(const DepthwiseGeometry& geometry, const In* const* rows, int64_t inputStride,
                                   const DepthwiseFilters& filters, int64_t channel, Out* out, int64_t outputStride,
                                   int64_t x, Activation activation) {
  Floats sums[pixels];
  const Floats bias = load(filters.bias + channel);
  COARSELY_UNROLL
  for (int64_t p = 0; p < pixels; ++p) sums[p] = bias;
  const float* tap = filters.taps + channel;
  const int64_t step = geometry.stride * inputStride;
  for (int64_t dy = 0; dy < geometry.kernelHeight; ++dy, tap += geometry.kernelWidth * filters.tapStride) {
    if (!rows[dy]) continue;
    for (int64_t dx = 0; dx < geometry.kernelWidth; ++dx) {
      const int64_t column = x * geometry.stride - geometry.padding + dx * geometry.dilation;
      if (!inside && (column < 0 || column >= geometry.inputWidth)) continue;
      const In* from = rows[dy] + column * inputStride + channel;
      const Floats weight = load(tap + dx * filters.tapStride);
      COARSELY_UNROLL
      for (int64_t p = 0; p < pixels; ++p) sums[p] += weight * load(from + p * step);
    }
  }
  COARSELY_UNROLL
  for (int64_t p = 0; p < pixels; ++p) store(out + p * outputStride + channel, activate(sums[p], activation));
}

/// Computes all channels of `pixels` pixels. Channels that fill no vector are computed with those before them, of which
/// there must be enough for a vector.
template <typename In, typename Out, int64_t pixels, bool inside>
COARSELY_INLINE void depthwisePixels(const DepthwiseGeometry& geometry, const In* const* rows, int64_t inputStride,
                                     const DepthwiseFilters& filters, Out* out, int64_t outputStride, int64_t x,
                                     Activation activation) {
  for (int64_t channel = 0; channel < filters.channels; channel += vectorLanes) {
    const int64_t first = std::min(channel, filters.channels - vectorLanes);
    depthwiseTile<In, Out, pixels, inside>(geometry, rows, inputStride, filters, first, out, outputStride, x,
                                           activation);
  }
}

/// Computes pixels [begin, end) of a row; `out` is the place of pixel `begin`. Strides are counted in numbers from
/// pixel to pixel.
template <typename In, typename Out>
COARSELY_INLINE void depthwiseRow(const DepthwiseGeometry& geometry, const In* const* rows, int64_t inputStride,
                                  const DepthwiseFilters& filters, Out* out, int64_t outputStride, int64_t begin,
                                  int64_t end, Activation activation) {
  const auto& [kernelHeight, kernelWidth, stride, padding, dilation, inputWidth] = geometry;
  const int64_t room = inputWidth - 1 + padding - (kernelWidth - 1) * dilation;
  const int64_t insideBegin = (padding + stride - 1) / stride, insideEnd = room < 0 ? 0 : room / stride + 1;
  for (int64_t x = begin; x < end;) {
    Out* to = out + (x - begin) * outputStride;
    const int64_t left = x < insideBegin ? 0 : std::min(end, insideEnd) - x;
    if (left >= 6) {
      depthwisePixels<In, Out, 6, true>(geometry, rows, inputStride, filters, to, outputStride, x, activation);
      x += 6;
    } else if (left >= 2) {
      depthwisePixels<In, Out, 2, true>(geometry, rows, inputStride, filters, to, outputStride, x, activation);
      x += 2;
    } else {
      depthwisePixels<In, Out, 1, false>(geometry, rows, inputStride, filters, to, outputStride, x, activation);
      x += 1;
    }
  }
}

}  // namespace coarsely
