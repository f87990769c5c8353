// Implements the backward passes of batch normalization: sums and gradients.
#include "batch_norm_kernel.h"

#include <array>
#include <cstring>
#include <utility>

#include "batch_norm_tiles.h"

namespace coarsely {

namespace {

template <typename Stored>
struct GradientTile {
  const Stored* gradient;
  const Stored* x;
  const uint8_t* passed;   // one byte per element, or null where the values decide
  const Stored* residual;  // or null; not used where there are bytes
  const float* scale;
  const float* shift;
  const float* mean;
  Activation activation;
};

struct GradientSums {
  float* first;
  float* second;
};

// A gate passes a part of an element's gradient: all of it, what a mask says, or what the value before the activation
// says, which may include a residual.
struct Always {};
struct ByMask {
  const uint8_t* passed;
};
template <Activation activation>
struct ByValue {
  const float* scale;
  const float* shift;
};
template <Activation activation, typename Stored>
struct BySum {
  const float* scale;
  const float* shift;
  const Stored* residual;
};
COARSELY_INLINE float passedGradient(const Always&, float gradient, float, int64_t, int64_t) {
  return gradient;
}
COARSELY_INLINE float passedGradient(const ByMask& gate, float gradient, float, int64_t, int64_t at) {
  return gate.passed[at] != 0 ? gradient : 0.0f;
}
template <Activation activation>
COARSELY_INLINE float passedGradient(const ByValue<activation>& gate, float gradient, float x, int64_t j, int64_t) {
  return gradientBefore<activation>(gradient, x * gate.scale[j] + gate.shift[j]);
}
template <Activation activation, typename Stored>
COARSELY_INLINE float passedGradient(const BySum<activation, Stored>& gate, float gradient, float x, int64_t j,
                                     int64_t at) {
  return gradientBefore<activation>(gradient, x * gate.scale[j] + gate.shift[j] + toFloat(gate.residual[at]));
}

/// Calls `pass` with the gate of a tile, so that the loop in it is compiled for each gate. `pass` must be inlined.
template <typename Stored, typename Pass>
COARSELY_INLINE void throughGate(const GradientTile<Stored>& tile, const Pass& pass) {
  const auto [scale, shift] = std::pair(tile.scale, tile.shift);
  if (tile.activation == Activation::None) pass(Always{});
  else if (tile.passed) pass(ByMask{tile.passed});
  else if (tile.activation == Activation::Relu) pass(ByValue<Activation::Relu>{scale, shift});
  else if (tile.activation == Activation::Relu6) pass(ByValue<Activation::Relu6>{scale, shift});
  else if (!tile.residual) pass(ByValue<Activation::HardSwish>{scale, shift});
  else pass(BySum<Activation::HardSwish, Stored>{scale, shift, tile.residual});
}

template <typename Gate, typename Stored>
COARSELY_INLINE void addGradientsThrough(const Gate gate, const GradientSums& sums, const GradientTile<Stored>& tile,
                                         int64_t tiles, int64_t width) {
  float* __restrict__ first = sums.first;
  float* __restrict__ second = sums.second;
  const Stored* __restrict__ gradient = tile.gradient;
  const Stored* __restrict__ x = tile.x;
  const float* __restrict__ mean = tile.mean;
  int64_t at = 0;
  for (; at + 4 * width <= tiles * width; at += 4 * width) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < width; ++j) {
      const int64_t i = at + j;
      const float w = toFloat(x[i]), v = toFloat(x[i + width]);
      const float u = toFloat(x[i + 2 * width]), t = toFloat(x[i + 3 * width]);
      const float a = passedGradient(gate, toFloat(gradient[i]), w, j, i);
      const float b = passedGradient(gate, toFloat(gradient[i + width]), v, j, i + width);
      const float c = passedGradient(gate, toFloat(gradient[i + 2 * width]), u, j, i + 2 * width);
      const float d = passedGradient(gate, toFloat(gradient[i + 3 * width]), t, j, i + 3 * width);
      first[j] += (a + b) + (c + d);
      second[j] += (a * (w - mean[j]) + b * (v - mean[j])) + (c * (u - mean[j]) + d * (t - mean[j]));
    }
  }
  for (; at < tiles * width; at += width) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < width; ++j) {
      const float value = toFloat(x[at + j]);
      const float g = passedGradient(gate, toFloat(gradient[at + j]), value, j, at + j);
      first[j] += g;
      second[j] += g * (value - mean[j]);
    }
  }
}

template <typename Stored>
COARSELY_INLINE void addGradients(const GradientSums& sums, const GradientTile<Stored>& tile, int64_t tiles,
                                  int64_t width) {
  throughGate(
      tile, [&](const auto gate)
                __attribute__((always_inline)) { addGradientsThrough(gate, sums, tile, tiles, width); });
}

COARSELY_VECTORIZED
void addGradientsOf(const GradientSums& sums, const GradientTile<float>& tile, int64_t tiles, int64_t width) {
  addGradients(sums, tile, tiles, width);
}
COARSELY_VECTORIZED
void addGradientsOf(const GradientSums& sums, const GradientTile<Bfloat16Bits>& tile, int64_t tiles, int64_t width) {
  addGradients(sums, tile, tiles, width);
}

template <typename Stored>
struct GradientOut {
  Stored* input;
  Stored* residual;  // or null
  const float* a;
  const float* b;
  const float* c;
};

template <typename Gate, typename Stored>
COARSELY_INLINE void writeThrough(const Gate gate, const GradientOut<Stored>& out, const GradientTile<Stored>& tile,
                                  int64_t count) {
  const Stored* __restrict__ gradient = tile.gradient;
  const Stored* __restrict__ x = tile.x;
  const float* __restrict__ mean = tile.mean;
  const float* __restrict__ a = out.a;
  const float* __restrict__ b = out.b;
  const float* __restrict__ c = out.c;
  Stored* __restrict__ input = out.input;
  Stored* __restrict__ residual = out.residual;
  if (residual) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) {
      const float value = toFloat(x[j]);
      const float g = passedGradient(gate, toFloat(gradient[j]), value, j, j);
      residual[j] = fromFloat<Stored>(g);
      input[j] = fromFloat<Stored>(a[j] * g + (b[j] * (value - mean[j]) + c[j]));
    }
  } else {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) {
      const float value = toFloat(x[j]);
      const float g = passedGradient(gate, toFloat(gradient[j]), value, j, j);
      input[j] = fromFloat<Stored>(a[j] * g + (b[j] * (value - mean[j]) + c[j]));
    }
  }
}

template <typename Stored>
COARSELY_INLINE void writeTile(const GradientOut<Stored>& out, const GradientTile<Stored>& tile, int64_t count) {
  throughGate(
      tile, [&](const auto gate) __attribute__((always_inline)) { writeThrough(gate, out, tile, count); });
}

COARSELY_VECTORIZED
void writeTileOf(const GradientOut<float>& out, const GradientTile<float>& tile, int64_t count) {
  writeTile(out, tile, count);
}
COARSELY_VECTORIZED
void writeTileOf(const GradientOut<Bfloat16Bits>& out, const GradientTile<Bfloat16Bits>& tile, int64_t count) {
  writeTile(out, tile, count);
}

/// Returns for every byte of bits the eight bytes 0 or 1 that it packs.
const std::array<uint64_t, 256>& unpackedBytes() {
  static const auto table = [] {
    std::array<uint64_t, 256> entries{};
    for (uint64_t bits = 0; bits < 256; ++bits) {
      for (uint64_t i = 0; i < 8; ++i) entries[bits] |= ((bits >> i) & 1) << (8 * i);
    }
    return entries;
  }();
  return table;
}

/// Unpacks `count` bits into bytes. Writes up to seven bytes more.
void unpack(uint8_t* bytes, const uint8_t* bits, int64_t count) {
  const auto& table = unpackedBytes();
  for (int64_t i = 0; i < (count + 7) / 8; ++i) std::memcpy(bytes + 8 * i, &table[bits[i]], 8);
}

}  // namespace

void sumGradients(const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& mean, const Passage& passage,
                  double* sums) {
  const Tiling tiling = tilingOf(input);
  const auto means = tiling.repeated(mean.data_ptr<float>());
  const auto scale = tiling.repeated(passage.scale.data_ptr<float>());
  const auto shift = tiling.repeated(passage.shift.data_ptr<float>());
  const uint8_t* mask = passage.mask;
  withStored(input, [&](auto* type) {
    using Stored = std::remove_pointer_t<decltype(type)>;
    const auto* g = dataOf<Stored>(gradient);
    const auto* x = dataOf<Stored>(input);
    const auto* residual = passage.residual.defined() ? dataOf<Stored>(passage.residual) : nullptr;
    sumPairs(tiling, sums, [&](float* first, float* second, int64_t tile, int64_t count, int64_t width) {
      thread_local std::vector<uint8_t> bytes;
      const int64_t at = tile * tiling.width;
      if (mask) {
        bytes.resize(std::max<size_t>(bytes.size(), count * width + 8));
        unpack(bytes.data(), mask + at / 8, count * width);
      }
      addGradientsOf(
          {first, second},
          GradientTile<Stored>{g + at, x + at, mask ? bytes.data() : nullptr, residual ? residual + at : nullptr,
                               scale.data(), shift.data(), means.data(), passage.activation},
          count, width);
    });
  });
}

void writeGradients(const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& mean, const Passage& passage,
                    const GradientFactors& factors, at::Tensor& inputGradient, at::Tensor& residualGradient) {
  const Tiling tiling = tilingOf(input);
  const auto means = tiling.repeated(mean.data_ptr<float>());
  const auto scale = tiling.repeated(passage.scale.data_ptr<float>());
  const auto shift = tiling.repeated(passage.shift.data_ptr<float>());
  const auto a = tiling.repeated(factors.a.data());
  const auto b = tiling.repeated(factors.b.data());
  const auto c = tiling.repeated(factors.c.data());
  const uint8_t* mask = passage.mask;
  withStored(input, [&](auto* type) {
    using Stored = std::remove_pointer_t<decltype(type)>;
    const auto* g = dataOf<Stored>(gradient);
    const auto* x = dataOf<Stored>(input);
    const auto* residual = passage.residual.defined() ? dataOf<Stored>(passage.residual) : nullptr;
    auto* toInput = dataOf<Stored>(inputGradient);
    auto* toResidual = residualGradient.defined() ? dataOf<Stored>(residualGradient) : nullptr;
    eachTile(tiling, [&](int64_t at, int64_t count, uint8_t* bytes) {
      if (mask) unpack(bytes, mask + at / 8, count);
      writeTileOf(
          GradientOut<Stored>{toInput + at, toResidual ? toResidual + at : nullptr, a.data(), b.data(), c.data()},
          GradientTile<Stored>{g + at, x + at, mask ? bytes : nullptr, residual ? residual + at : nullptr, scale.data(),
                               shift.data(), means.data(), passage.activation},
          count);
    });
  });
}

}  // namespace coarsely
