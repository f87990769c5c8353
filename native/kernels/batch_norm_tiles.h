// Divides channels-last maps into tiles for the passes of batch normalization. A pass is one loop over a tile across
// its channels, which are adjacent in memory, with per-channel values repeated over the tile, so that the compiler
// vectorizes it for any number of channels.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "vectorized.h"

namespace coarsely {

/// Divides rows of channels into tiles, and tiles into blocks. A tile is a number of whole rows whose width suits
/// vectors for any number of channels. A block is what one thread sums.
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

/// Calls `body` with a null pointer to the type in which a tensor is stored.
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

/// Sums two values per element for every channel into `sums` [2C]. `addTiles(first, second, tile, count, width)` adds
/// those of `count` tiles of `width` elements to the float32 buffers.
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

/// Calls `body(first element, count of elements, space for a byte per element)` for every tile, in parallel.
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
