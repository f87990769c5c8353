// Converts vectors of 16 numbers from and to float16 with integer instructions, which every processor vectorizes; GCC
// 12 has no vector conversion of _Float16 below AVX-512 FP16.
#pragma once

#include "vectorized.h"

namespace coarsely {

/// Holds the bits of a float16 number.
struct Float16Bits {
  uint16_t bits;
};

COARSELY_INLINE Floats load(const Float16Bits* from) {
  using Halves = uint16_t __attribute__((vector_size(32)));
  Halves halves;
  std::memcpy(&halves, from, sizeof(halves));
  const Ints words = __builtin_convertvector(halves, Ints);
  const Ints exponentAndFraction = (words & 0x7FFF) << 13;
  // A product with 2^112 corrects the bias of the exponent, and makes subnormal numbers normal.
  const Floats finite = fromBits(exponentAndFraction) * 0x1p112f;
  const Ints magnitude = (words & 0x7C00) == 0x7C00 ? exponentAndFraction | 0x7F800000 : bitsOf(finite);
  return fromBits(magnitude | (words & 0x8000) << 16);
}

/// Rounds to nearest, ties to even, as c10::Half does. NaN stays NaN, and what is too large becomes infinite.
COARSELY_INLINE void store(Float16Bits* to, Floats values) {
  using Halves = uint16_t __attribute__((vector_size(32)));
  const Ints bits = bitsOf(values);
  const Ints magnitude = bits & 0x7FFFFFFF;
  // 65520 lies halfway between the largest float16 number and the next power of two.
  const Ints tooLarge = magnitude >= 0x477FF000;
  const Ints isNaN = magnitude > 0x7F800000;
  // Below 2^-14 an addition of 0.5 leaves the rounded multiple of 2^-24 in the low bits.
  const Ints small = magnitude < 0x38800000;
  const Ints subnormal = bitsOf(fromBits(magnitude) + 0.5f) - 0x3F000000;
  const Ints normal = (magnitude - 0x38000000 + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
  Ints result = small ? subnormal : normal;
  result = tooLarge ? Ints{} + 0x7C00 : result;
  result = isNaN ? Ints{} + 0x7E00 : result;
  result |= (bits >> 16) & 0x8000;
  const Halves halves = __builtin_convertvector(result, Halves);
  std::memcpy(to, &halves, sizeof(halves));
}

}  // namespace coarsely
