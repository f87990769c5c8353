// Divides channels-last maps into tiles for the passes of batch normalization. A pass runs one loop over all elements
// of a tile, in which the channels of a pixel are adjacent. Values that each channel has once, such as its mean, are
// repeated to the length of a tile, so that the compiler vectorizes the loop for any number of channels.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "vectorized.h"

namespace coarsely {

/// Divides maps into tiles, and tiles into blocks. A row holds the channels of one pixel. A tile consists of `tileRows`
/// rows, `width` elements in all, which are enough to fill vectors even where there are few channels. A block consists
/// of the tiles that one thread sums before the sums of all blocks are added.
struct Tiling {
  int64_t channels, rows, tileRows, width, elements, tiles, tilesPerBlock, blocks;

  Tiling(int64_t rows, int64_t channels);
  /// Returns one value per channel, repeated over a tile.
  std::vector<float> repeated(const float* perChannel) const;
};

/// Counts the tiles that are summed in float32 before their sum is added in float64.
constexpr int64_t tilesInFloat = 32;
/// Is the least number of elements that are worth a thread.
constexpr int64_t leastBlock = 16384;

/// Calls `body` with a null pointer whose type tells how the elements of a tensor are stored: float or Bfloat16Bits.
template <typename Body>
void withStored(const at::Tensor& tensor, Body body) {
  if (tensor.scalar_type() == at::kFloat) body(static_cast<float*>(nullptr));
  else body(static_cast<Bfloat16Bits*>(nullptr));
}

template <typename Stored>
Stored* dataOf(const at::Tensor& tensor) {
  return static_cast<Stored*>(tensor.data_ptr());
}

/// Returns the tiling of maps [N,C,H,W].
inline Tiling tilingOf(const at::Tensor& maps) {
  return {maps.numel() / maps.size(1), maps.size(1)};
}

/// Sums two values per element over each channel into `sums` [2C], first values before second ones.
/// `addTiles(first, second, tile, count, width)` adds the values of `count` tiles of `width` elements, from `tile` on,
/// to the float32 buffers `first` and `second`.
template <typename AddTiles>
void sumPairs(const Tiling& tiling, double* sums, AddTiles addTiles) {
  const int64_t channels = tiling.channels, width = tiling.width;
  std::vector<double> partial(tiling.blocks * 2 * channels, 0.0);
  at::parallel_for(0, tiling.blocks, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(2 * width);
    float* first = buffer.data();
    float* second = first + width;
    for (int64_t block = begin; block < end; ++block) {
      double* target = partial.data() + block * 2 * channels;
      const int64_t last = std::min((block + 1) * tiling.tilesPerBlock, tiling.tiles);
      for (int64_t tile = block * tiling.tilesPerBlock; tile < last; tile += tilesInFloat) {
        std::fill(buffer.begin(), buffer.end(), 0.0f);
        const int64_t stop = std::min(tile + tilesInFloat, last);
        // The last tile may be shorter; it is added by itself as a narrower tile.
        const int64_t tail = stop * width > tiling.elements ? tiling.elements - (stop - 1) * width : 0;
        const int64_t whole = stop - tile - (tail > 0 ? 1 : 0);
        if (whole > 0) addTiles(first, second, tile, whole, width);
        if (tail > 0) addTiles(first, second, stop - 1, 1, tail);
        for (int64_t j = 0; j < width; j += channels) {
          for (int64_t c = 0; c < channels; ++c) {
            target[c] += first[j + c];
            target[channels + c] += second[j + c];
          }
        }
      }
    }
  });
  std::fill(sums, sums + 2 * channels, 0.0);
  for (int64_t block = 0; block < tiling.blocks; ++block) {
    for (int64_t i = 0; i < 2 * channels; ++i) sums[i] += partial[block * 2 * channels + i];
  }
}

/// Calls `body(begin, count, bytes)` for every tile, in parallel, with the index of its first element, its number of
/// elements and temporary space of at least one byte per element.
template <typename Body>
void eachTile(const Tiling& tiling, Body body) {
  at::parallel_for(0, tiling.tiles, std::max<int64_t>(1, leastBlock / tiling.width), [&](int64_t begin, int64_t end) {
    std::vector<uint8_t> bytes(tiling.width + 8);
    for (int64_t tile = begin; tile < end; ++tile) {
      body(tile * tiling.width, std::min(tiling.width, tiling.elements - tile * tiling.width), bytes.data());
    }
  });
}

}  // namespace coarsely
