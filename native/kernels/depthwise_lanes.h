// Groups channels for kernels of convolutions with one filter per channel. A group is what is loaded at once: one
// vector of float32, or two of bfloat16. Each word of 32 bits holds two numbers of bfloat16, the even channel in its
// lower and the odd one in its upper half, so that a shift and a mask take a group apart. Filters are brought into that
// order once.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>

#include "vectorized.h"

namespace coarsely {

/// Counts the vectors of a group of channels that are stored as T.
template <typename T>
constexpr int64_t groupVectors = sizeof(float) / sizeof(T);

/// Counts the channels of a group.
template <typename T>
constexpr int64_t groupChannels = groupVectors<T>* vectorLanes;

COARSELY_INLINE void loadGroup(const float* from, Floats (&values)[1]) {
  values[0] = load(from);
}

COARSELY_INLINE void loadGroup(const Bfloat16Bits* from, Floats (&values)[2]) {
  Ints words;
  std::memcpy(&words, from, sizeof(words));
  values[0] = fromBits(words << 16);
  values[1] = fromBits(words & static_cast<int32_t>(0xFFFF0000));
}

COARSELY_INLINE void storeGroup(float* to, const Floats (&values)[1]) {
  store(to, values[0]);
}

/// Returns the bits of numbers whose upper halves are the bfloat16 that `fromFloat` rounds to.
COARSELY_INLINE Ints roundedBits(Floats values) {
  const Ints bits = bitsOf(values);
  const Ints rounded = bits + 0x7FFF + ((bits >> 16) & 1);
  const Ints isNumber = values == values;
  return isNumber ? rounded : Ints{} + 0x7FC00000;
}

COARSELY_INLINE void storeGroup(Bfloat16Bits* to, const Floats (&values)[2]) {
  const Ints lower = (roundedBits(values[0]) >> 16) & 0xFFFF;
  const Ints words = lower | (roundedBits(values[1]) & static_cast<int32_t>(0xFFFF0000));
  std::memcpy(to, &words, sizeof(words));
}

/// Returns the first channel of the group whose channels would begin at `next`. The last group begins earlier where the
/// channels do not fill it, and shares channels with the one before it.
template <typename T>
COARSELY_INLINE int64_t firstOfGroup(int64_t next, int64_t channels) {
  return std::min(next, channels - groupChannels<T>);
}

/// Returns the channel of each lane, int64 [lanes]: group by group, in each group vector by vector.
template <typename T>
at::Tensor channelsOfLanes(int64_t channels) {
  constexpr int64_t width = groupChannels<T>, vectors = groupVectors<T>;
  const int64_t lanes = (channels + width - 1) / width * width;
  auto result = at::empty({lanes}, at::kLong);
  auto* channel = result.template data_ptr<int64_t>();
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const int64_t within = lane % width;
    channel[lane] = firstOfGroup<T>(lane - within, channels) + within % vectorLanes * vectors + within / vectorLanes;
  }
  return result;
}

}  // namespace coarsely
