// The forward passes: statistics, and values.
#include "batch_norm_passes.h"

#include <cstring>
#include <numeric>

#include "batch_norm_tiles.h"

namespace coarsely {

namespace {

// Tiles of at least this many elements, and at most so many blocks: enough for a loop, enough for many threads.
constexpr int64_t leastWidth = 256;
constexpr int64_t mostBlocks = 64;
constexpr int64_t vector = 16;

struct ValueSums {
  float* first;
  float* second;
  const float* centre;
};

template <typename Stored>
COARSELY_INLINE void addValues(const ValueSums& sums, const Stored* __restrict__ x, int64_t tiles, int64_t width) {
  float* __restrict__ first = sums.first;
  float* __restrict__ second = sums.second;
  const float* __restrict__ centre = sums.centre;
  int64_t tile = 0;
  for (; tile + 4 <= tiles; tile += 4, x += 4 * width) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < width; ++j) {
      const float a = widen(x[j]) - centre[j];
      const float b = widen(x[j + width]) - centre[j];
      const float c = widen(x[j + 2 * width]) - centre[j];
      const float d = widen(x[j + 3 * width]) - centre[j];
      first[j] += (a + b) + (c + d);
      second[j] += (a * a + b * b) + (c * c + d * d);
    }
  }
  for (; tile < tiles; ++tile, x += width) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < width; ++j) {
      const float a = widen(x[j]) - centre[j];
      first[j] += a;
      second[j] += a * a;
    }
  }
}

COARSELY_VECTORISED
void addValuesOf(const ValueSums& sums, const float* x, int64_t tiles, int64_t width) {
  addValues(sums, x, tiles, width);
}
COARSELY_VECTORISED
void addValuesOf(const ValueSums& sums, const Bits* x, int64_t tiles, int64_t width) {
  addValues(sums, x, tiles, width);
}

template <typename Stored>
struct NormaliseTile {
  const Stored* x;
  const Stored* residual;
  Stored* y;
  uint8_t* passed;  // a byte an element, or null
  const float* scale;
  const float* shift;
  bool relu;
};

// A NaN passes the activation, as it does in libtorch: a run that diverged has to be seen.
template <typename Stored>
COARSELY_INLINE void normalise(const NormaliseTile<Stored>& tile, int64_t count) {
  const Stored* __restrict__ x = tile.x;
  const Stored* __restrict__ residual = tile.residual;
  Stored* __restrict__ y = tile.y;
  uint8_t* __restrict__ passed = tile.passed;
  const float* __restrict__ scale = tile.scale;
  const float* __restrict__ shift = tile.shift;
  if (residual && tile.relu && passed) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) {
      const float value = widen(x[j]) * scale[j] + shift[j] + widen(residual[j]);
      y[j] = narrow<Stored>(value <= 0.0f ? 0.0f : value);
      passed[j] = value <= 0.0f ? 0 : 1;
    }
  } else if (residual && tile.relu) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) {
      const float value = widen(x[j]) * scale[j] + shift[j] + widen(residual[j]);
      y[j] = narrow<Stored>(value <= 0.0f ? 0.0f : value);
    }
  } else if (residual) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) {
      y[j] = narrow<Stored>(widen(x[j]) * scale[j] + shift[j] + widen(residual[j]));
    }
  } else if (tile.relu) {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) {
      const float value = widen(x[j]) * scale[j] + shift[j];
      y[j] = narrow<Stored>(value <= 0.0f ? 0.0f : value);
    }
  } else {
    COARSELY_INDEPENDENT
    for (int64_t j = 0; j < count; ++j) y[j] = narrow<Stored>(widen(x[j]) * scale[j] + shift[j]);
  }
}

COARSELY_VECTORISED
void normaliseTile(const NormaliseTile<float>& tile, int64_t count) { normalise(tile, count); }
COARSELY_VECTORISED
void normaliseTile(const NormaliseTile<Bits>& tile, int64_t count) { normalise(tile, count); }

/// Eight bytes of 0 or 1 to the bits of one, the first byte lowest.
uint8_t packed(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, 8);
  return static_cast<uint8_t>((word * 0x0102040810204080ULL) >> 56);
}

void pack(uint8_t* bits, uint8_t* bytes, int64_t count) {
  for (int64_t i = 0; i < count / 8; ++i) bits[i] = packed(bytes + 8 * i);
  if (count % 8 == 0) return;
  std::fill(bytes + count, bytes + (count + 7) / 8 * 8, uint8_t{0});
  bits[count / 8] = packed(bytes + count / 8 * 8);
}

/// Near each channel's mean, so that sums of what is left of a value after it keep their digits.
std::vector<float> channelCentres(const at::Tensor& input) {
  const int64_t channels = input.size(1), rows = input.numel() / channels, samples = std::min<int64_t>(rows, 16);
  std::vector<float> centres(channels, 0.0f);
  withStored(input, [&](auto* type) {
    const auto* data = dataOf<std::remove_pointer_t<decltype(type)>>(input);
    for (int64_t sample = 0; sample < samples; ++sample) {
      const auto* row = data + rows * sample / samples * channels;
      for (int64_t c = 0; c < channels; ++c) centres[c] += widen(row[c]) / static_cast<float>(samples);
    }
  });
  return centres;
}

}  // namespace

Tiling::Tiling(int64_t rowCount, int64_t channelCount) : channels(channelCount), rows(rowCount) {
  // Whole vectors, and so whole bytes of a mask.
  const int64_t step = vector / std::gcd(channels, vector);
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

void sumOfValues(const at::Tensor& input, double* sums) {
  const Tiling tiling = tilingOf(input);
  const auto centres = channelCentres(input);
  const auto centre = tiling.repeated(centres.data());
  withStored(input, [&](auto* type) {
    const auto* data = dataOf<std::remove_pointer_t<decltype(type)>>(input);
    sumPairs(tiling, sums, [&](float* first, float* second, int64_t tile, int64_t count, int64_t width) {
      addValuesOf({first, second, centre.data()}, data + tile * tiling.width, count, width);
    });
  });
  const auto rows = static_cast<double>(tiling.rows);
  for (int64_t c = 0; c < tiling.channels; ++c) {
    const double k = centres[c], first = sums[c];
    sums[c] = first + rows * k;
    sums[tiling.channels + c] += 2 * k * first + rows * k * k;
  }
}

at::Tensor normalised(const at::Tensor& input, const Normalisation& normalisation, uint8_t* mask) {
  const Tiling tiling = tilingOf(input);
  const auto scale = tiling.repeated(normalisation.scale.data_ptr<float>());
  const auto shift = tiling.repeated(normalisation.shift.data_ptr<float>());
  auto output = at::empty_like(input);
  withStored(input, [&](auto* type) {
    using Stored = std::remove_pointer_t<decltype(type)>;
    const auto* x = dataOf<Stored>(input);
    const auto* residual = normalisation.residual.defined() ? dataOf<Stored>(normalisation.residual) : nullptr;
    auto* y = dataOf<Stored>(output);
    eachTile(tiling, [&](int64_t at, int64_t count, uint8_t* bytes) {
      normaliseTile(NormaliseTile<Stored>{x + at, residual ? residual + at : nullptr, y + at, mask ? bytes : nullptr,
                                          scale.data(), shift.data(), normalisation.relu},
                    count);
      if (mask) pack(mask + at / 8, bytes, count);
    });
  });
  return output;
}

}  // namespace coarsely
