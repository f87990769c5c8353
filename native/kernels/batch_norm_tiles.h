// How the passes of batch normalisation walk over memory: what forward and backward have in common. Each pass is one
// loop over tiles, written so that the compiler turns it into vectors: across channels, which lie together, with what
// belongs to a channel repeated over a tile.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define COARSELY_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define COARSELY_VECTORISED
#endif
// Bodies shared by both element types: compiled into each vectorised function for its instruction set.
#define COARSELY_INLINE inline __attribute__((always_inline))
// The iterations of the loop that follows touch nothing of one another's: it can become vectors without a check.
#if defined(__clang__)
#define COARSELY_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define COARSELY_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace coarsely {

/// How rows of channels are cut. A tile is so many whole rows that its width suits vectors whatever the number of
/// channels; a block of tiles is what one thread sums up by itself.
struct Tiling {
  int64_t channels, rows, tileRows, width, elements, tiles, tilesPerBlock, blocks;

  Tiling(int64_t rows, int64_t channels);
  /// A value for each channel, repeated over a tile.
  std::vector<float> repeated(const float* perChannel) const;
};

// Tiles summed in float32 before the sums move on to float64.
constexpr int64_t tilesInFloat = 32;
// Elements worth a thread.
constexpr int64_t leastBlock = 16384;

/// bfloat16 as it lies in memory: the upper half of a float32.
using Bits = uint16_t;

COARSELY_INLINE float widen(float value) { return value; }
COARSELY_INLINE float widen(Bits value) { return std::bit_cast<float>(static_cast<uint32_t>(value) << 16); }

template <typename Stored>
COARSELY_INLINE Stored narrow(float value);
template <>
COARSELY_INLINE float narrow<float>(float value) {
  return value;
}
/// To the nearest, ties to even, as c10::BFloat16 does.
template <>
COARSELY_INLINE Bits narrow<Bits>(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<Bits>((bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC0u : rounded);
}

/// Calls `body` with a null pointer of the type in which the tensor is stored.
template <typename Body>
void withStored(const at::Tensor& tensor, Body body) {
  if (tensor.scalar_type() == at::kFloat) body(static_cast<float*>(nullptr));
  else body(static_cast<Bits*>(nullptr));
}

template <typename Stored>
Stored* dataOf(const at::Tensor& tensor) {
  return static_cast<Stored*>(tensor.data_ptr());
}

inline Tiling tilingOf(const at::Tensor& maps) { return {maps.numel() / maps.size(1), maps.size(1)}; }

/// Σ over elements of two values each: `addTiles(first, second, tile, count of tiles, width)` adds those of whole tiles.
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
        // The last tile may be cut short: it is added by itself, as one narrower tile.
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

/// Calls `body(tile, count of elements)` for every tile, several threads at once.
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
