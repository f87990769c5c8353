// Computes tiles of a product of pixels with a packed matrix. The sums of a tile stay in registers, so a tile has as
// many pixels and vectors of columns as there are registers.
#pragma once

#include <cstddef>

#include "activation_vector.h"

namespace coarsely {

/// Describes a product of pixels with some columns and some rows of a packed matrix, both of float32 or both of
/// bfloat16.
template <typename In>
struct PixelProduct {
  /// Is [pixels, depthEnd - depthBegin], with `inputStride` numbers from pixel to pixel.
  const In* input;
  int64_t inputStride;
  int64_t pixels;
  int64_t depthBegin, depthEnd;
  size_t groupBegin, groupEnd;
  /// Is [pixels, columns of the groups], with `outputStride` numbers from pixel to pixel.
  float* output;
  int64_t outputStride;
  /// Says that the product is added to the output; otherwise it starts with the bias.
  bool accumulate;
  /// Is added before the activation and laid out as the output is; null for none.
  const float* residual;
  Activation activation;
};

/// Loads the first `lanes` numbers of a vector; the others are zero.
COARSELY_INLINE Floats loadLanes(const float* from, int64_t lanes) {
  if (lanes >= vectorLanes) return load(from);
  Floats values{};
  if (lanes == vectorLanes / 2) std::memcpy(&values, from, sizeof(values) / 2);
  else std::memcpy(&values, from, lanes * sizeof(float));
  return values;
}

/// Stores the first `lanes` numbers of a vector.
COARSELY_INLINE void storeLanes(float* to, Floats values, int64_t lanes) {
  if (lanes >= vectorLanes) store(to, values);
  else if (lanes == vectorLanes / 2) std::memcpy(to, &values, sizeof(values) / 2);
  else std::memcpy(to, &values, lanes * sizeof(float));
}

/// Holds what the tiles of one group of columns share.
template <typename In>
struct Columns {
  /// Is [depth, columns], and for bfloat16 [depth / 2, columns, 2].
  const In* weights;
  const float* bias;
  /// Is the place of the columns in a pixel of the output.
  int64_t offset;
  /// Counts the columns that exist.
  int64_t count;
};

/// Adds the products of numbers at one depth, or of pairs of bfloat16 numbers.
template <typename In>
COARSELY_INLINE void addProducts(Floats& sum, Floats a, Floats b) {
#if defined(__x86_64__)
  if constexpr (sizeof(In) == 2) asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
  else
#endif
    sum += a * b;
}

template <int64_t pixels, int64_t vectors, typename In>
COARSELY_INLINE void computeTile(const PixelProduct<In>& product, const Columns<In>& columns, int64_t firstPixel) {
  // Pairs of bfloat16 numbers are read as if they were one float32 number.
  constexpr int64_t together = sizeof(float) / sizeof(In);
  const int64_t stride = product.inputStride, steps = (product.depthEnd - product.depthBegin) / together;
  const In* input = product.input + firstPixel * stride;
  float* output = product.output + firstPixel * product.outputStride + columns.offset;
  Floats sums[pixels][vectors];
#pragma GCC unroll 16
  for (int64_t v = 0; v < vectors; ++v) {
#pragma GCC unroll 16
    for (int64_t p = 0; p < pixels; ++p) {
      sums[p][v] = product.accumulate
                       ? loadLanes(output + p * product.outputStride + v * vectorLanes, columns.count - v * vectorLanes)
                       : load(columns.bias + v * vectorLanes);
    }
  }
  const In* weights = columns.weights;
  for (int64_t k = 0; k < steps; ++k, weights += vectors * vectorLanes * together) {
    Floats row[vectors];
#pragma GCC unroll 16
    for (int64_t v = 0; v < vectors; ++v) {
      std::memcpy(&row[v], weights + v * vectorLanes * together, sizeof(row[v]));
    }
#pragma GCC unroll 16
    for (int64_t p = 0; p < pixels; ++p) {
      float number;
      std::memcpy(&number, input + p * stride + k * together, sizeof(number));
      // Unlike broadcast(), which turns -0 to 0, this is one instruction.
      const Floats value = number - Floats{};
#pragma GCC unroll 16
      for (int64_t v = 0; v < vectors; ++v) addProducts<In>(sums[p][v], value, row[v]);
    }
  }
#pragma GCC unroll 16
  for (int64_t v = 0; v < vectors; ++v) {
    const int64_t lanes = columns.count - v * vectorLanes;
#pragma GCC unroll 16
    for (int64_t p = 0; p < pixels; ++p) {
      const int64_t place = p * product.outputStride + v * vectorLanes;
      Floats sum = sums[p][v];
      if (product.residual) {
        sum += loadLanes(product.residual + firstPixel * product.outputStride + columns.offset + place, lanes);
      }
      storeLanes(output + place, activate(sum, product.activation), lanes);
    }
  }
}

/// Computes pixels from `firstPixel` on in tiles of `pixels`, and what remains in smaller tiles.
template <int64_t pixels, int64_t vectors, typename In>
COARSELY_INLINE void computeTiles(const PixelProduct<In>& product, const Columns<In>& columns, int64_t firstPixel) {
  for (; firstPixel + pixels <= product.pixels; firstPixel += pixels) {
    computeTile<pixels, vectors>(product, columns, firstPixel);
  }
  if constexpr (pixels > 1) computeTiles<pixels / 2, vectors>(product, columns, firstPixel);
}

}  // namespace coarsely
