// Implements the forward passes of batch normalization: statistics and values.
#include "batch_norm_kernel.h"

#include <cstring>
#include <numeric>

#include "batch_norm_tiles.h"

namespace coarsely {

namespace {

/// Is the least number of elements of a tile, enough to amortize a loop.
constexpr int64_t leastWidth = 256;
/// Is the greatest number of blocks, enough for many threads.
constexpr int64_t mostBlocks = 64;

struct ValueSums {
  float* first;
  float* second;
  const float* center;
};

template <typename Stored>
COARSELY_INLINE void addValues(const ValueSums& sums, const Stored* __restrict__ x, int64_t tiles, int64_t width) {
  float* __restrict__ first = sums.first;
  float* __restrict__ second = sums.second;
  const float* __restrict__ center = sums.center;
  int64_t tile = 0;
  for (; tile + 4 <= tiles; tile += 4, x += 4 * width) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < width; ++j) {
      const float a = toFloat(x[j]) - center[j];
      const float b = toFloat(x[j + width]) - center[j];
      const float c = toFloat(x[j + 2 * width]) - center[j];
      const float d = toFloat(x[j + 3 * width]) - center[j];
      first[j] += (a + b) + (c + d);
      second[j] += (a * a + b * b) + (c * c + d * d);
    }
  }
  for (; tile < tiles; ++tile, x += width) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < width; ++j) {
      const float a = toFloat(x[j]) - center[j];
      first[j] += a;
      second[j] += a * a;
    }
  }
}

COARSELY_VECTORIZED
void addValuesOf(const ValueSums& sums, const float* x, int64_t tiles, int64_t width) {
  addValues(sums, x, tiles, width);
}
COARSELY_VECTORIZED
void addValuesOf(const ValueSums& sums, const Bfloat16Bits* x, int64_t tiles, int64_t width) {
  addValues(sums, x, tiles, width);
}

template <typename Stored>
struct NormalizeTile {
  const Stored* x;
  const Stored* residual;
  Stored* y;
  uint8_t* passed;  // one byte per element, or null
  const float* scale;
  const float* shift;
  Activation activation;
};

template <Activation activation, typename Stored>
COARSELY_INLINE void normalizeAs(const NormalizeTile<Stored>& tile, int64_t count) {
  const Stored* __restrict__ x = tile.x;
  const Stored* __restrict__ residual = tile.residual;
  Stored* __restrict__ y = tile.y;
  uint8_t* __restrict__ passed = tile.passed;
  const float* __restrict__ scale = tile.scale;
  const float* __restrict__ shift = tile.shift;
  if (residual && passed) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) {
      const float value = toFloat(x[j]) * scale[j] + shift[j] + toFloat(residual[j]);
      y[j] = fromFloat<Stored>(activate<activation>(value));
      passed[j] = gradientBefore<activation>(1.0f, value) == 0.0f ? 0 : 1;
    }
  } else if (residual) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) {
      const float value = toFloat(x[j]) * scale[j] + shift[j] + toFloat(residual[j]);
      y[j] = fromFloat<Stored>(activate<activation>(value));
    }
  } else {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) {
      y[j] = fromFloat<Stored>(activate<activation>(toFloat(x[j]) * scale[j] + shift[j]));
    }
  }
}

template <typename Stored>
COARSELY_INLINE void normalize(const NormalizeTile<Stored>& tile, int64_t count) {
  switch (tile.activation) {
    case Activation::None: return normalizeAs<Activation::None>(tile, count);
    case Activation::Relu: return normalizeAs<Activation::Relu>(tile, count);
    case Activation::Relu6: return normalizeAs<Activation::Relu6>(tile, count);
    case Activation::HardSwish: return normalizeAs<Activation::HardSwish>(tile, count);
  }
}

COARSELY_VECTORIZED
void normalizeTile(const NormalizeTile<float>& tile, int64_t count) {
  normalize(tile, count);
}
COARSELY_VECTORIZED
void normalizeTile(const NormalizeTile<Bfloat16Bits>& tile, int64_t count) {
  normalize(tile, count);
}

/// Packs eight bytes of 0 or 1 into the bits of one byte, the first byte lowest.
uint8_t packByte(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, 8);
  return static_cast<uint8_t>((word * 0x0102040810204080ULL) >> 56);
}

/// Packs `count` bytes into bits. May overwrite up to seven bytes behind them.
void pack(uint8_t* bits, uint8_t* bytes, int64_t count) {
  for (int64_t i = 0; i < count / 8; ++i) bits[i] = packByte(bytes + 8 * i);
  if (count % 8 == 0) return;
  std::fill(bytes + count, bytes + (count + 7) / 8 * 8, uint8_t{0});
  bits[count / 8] = packByte(bytes + count / 8 * 8);
}

/// Estimates each channel's mean from a few rows. Sums of differences from it do not lose digits to cancellation.
std::vector<float> channelCenters(const at::Tensor& input) {
  const int64_t channels = input.size(1), rows = input.numel() / channels, samples = std::min<int64_t>(rows, 16);
  std::vector<float> centers(channels, 0.0f);
  withStored(input, [&](auto* type) {
    const auto* data = dataOf<std::remove_pointer_t<decltype(type)>>(input);
    for (int64_t sample = 0; sample < samples; ++sample) {
      const auto* row = data + rows * sample / samples * channels;
      for (int64_t c = 0; c < channels; ++c) centers[c] += toFloat(row[c]) / static_cast<float>(samples);
    }
  });
  return centers;
}

}  // namespace

Tiling::Tiling(int64_t rowCount, int64_t channelCount) : channels(channelCount), rows(rowCount) {
  // A tile of whole rows is also a whole number of vectors, and therefore of bytes of a mask.
  const int64_t step = vectorLanes / std::gcd(channels, vectorLanes);
  const int64_t wanted = (leastWidth + channels - 1) / channels;
  tileRows = std::min(rows, (wanted + step - 1) / step * step);
  width = tileRows * channels;
  elements = rows * channels;
  tiles = (rows + tileRows - 1) / tileRows;
  tilesPerBlock = std::max((tiles + mostBlocks - 1) / mostBlocks, (leastBlock + width - 1) / width);
  blocks = (tiles + tilesPerBlock - 1) / tilesPerBlock;
}

std::vector<float> Tiling::repeated(const float* perChannel) const {
  std::vector<float> tile(width);
  for (int64_t j = 0; j < width; j += channels) std::copy(perChannel, perChannel + channels, tile.begin() + j);
  return tile;
}

void sumValues(const at::Tensor& input, double* sums) {
  const Tiling tiling = tilingOf(input);
  const auto centers = channelCenters(input);
  const auto center = tiling.repeated(centers.data());
  withStored(input, [&](auto* type) {
    const auto* data = dataOf<std::remove_pointer_t<decltype(type)>>(input);
    sumPairs(tiling, sums, [&](float* first, float* second, int64_t tile, int64_t count, int64_t width) {
      addValuesOf({first, second, center.data()}, data + tile * tiling.width, count, width);
    });
  });
  const auto rows = static_cast<double>(tiling.rows);
  for (int64_t c = 0; c < tiling.channels; ++c) {
    const double k = centers[c], first = sums[c];
    sums[c] = first + rows * k;
    sums[tiling.channels + c] += 2 * k * first + rows * k * k;
  }
}

at::Tensor normalizeActivate(const at::Tensor& input, const Normalization& normalization, uint8_t* mask) {
  const Tiling tiling = tilingOf(input);
  const auto scale = tiling.repeated(normalization.scale.data_ptr<float>());
  const auto shift = tiling.repeated(normalization.shift.data_ptr<float>());
  auto output = at::empty_like(input);
  withStored(input, [&](auto* type) {
    using Stored = std::remove_pointer_t<decltype(type)>;
    const auto* x = dataOf<Stored>(input);
    const auto* residual = normalization.residual.defined() ? dataOf<Stored>(normalization.residual) : nullptr;
    auto* y = dataOf<Stored>(output);
    eachTile(tiling, [&](int64_t at, int64_t count, uint8_t* bytes) {
      normalizeTile(NormalizeTile<Stored>{x + at, residual ? residual + at : nullptr, y + at, mask ? bytes : nullptr,
                                          scale.data(), shift.data(), normalization.activation},
                    count);
      if (mask) pack(mask + at / 8, bytes, count);
    });
  });
  return output;
}

}  // namespace coarsely
