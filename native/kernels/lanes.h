// Sixteen float32 at a time, for kernels whose work is per pixel: one AVX-512 register, or what the compiler makes of it
// on a lesser machine. Every function here is inlined, so that it is compiled for the vectors of its caller.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__GNUC__) && !defined(__clang__)
// Nothing here is ever called across a boundary of binaries, where the width of vectors would matter.
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#define COARSELY_INLINE inline __attribute__((always_inline))

namespace coarsely {

constexpr int64_t kLanes = 16;

using Floats = float __attribute__((vector_size(64)));
using Ints = int32_t __attribute__((vector_size(64)));

COARSELY_INLINE Floats load(const float* from) {
  Floats values;
  std::memcpy(&values, from, sizeof(values));
  return values;
}

COARSELY_INLINE void store(float* to, Floats values) { std::memcpy(to, &values, sizeof(values)); }

COARSELY_INLINE Floats all(float value) { return Floats{} + value; }

COARSELY_INLINE Ints bitsOf(Floats values) {
  Ints bits;
  std::memcpy(&bits, &values, sizeof(bits));
  return bits;
}

COARSELY_INLINE Floats fromBits(Ints bits) {
  Floats values;
  std::memcpy(&values, &bits, sizeof(values));
  return values;
}

/// The greater of both; `b` where one is not a number.
COARSELY_INLINE Floats greater(Floats a, Floats b) { return a > b ? a : b; }

/// Below it e^x is no normal float32 any more.
constexpr float kLowestExponent = -87.33f;

/// e^x for x <= 0 to rounding; never 0, at least 1e-38. Not a number stays one.
COARSELY_INLINE Floats exponential(Floats x) {
  const Floats held = greater(all(kLowestExponent), x);
  const Floats scaled = held * 1.44269504088896341f;
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
  const Floats shifted = scaled + 12582912.0f;
  const Floats f = scaled - (shifted - 12582912.0f);
  Floats power = f * 0.00015353362063661184f + 0.0013398874588577607f;
  power = power * f + 0.009618437358489629f;
  power = power * f + 0.05550332470701926f;
  power = power * f + 0.24022647913611136f;
  power = power * f + 0.6931472028552518f;
  power = power * f + 1.0f;
  return fromBits(bitsOf(power) + (bitsOf(shifted) << 23));
}

/// Natural logarithm of x >= 1, 0 at 1 exactly and never below. Not a number stays one.
COARSELY_INLINE Floats logarithm(Floats x) {
  // x = m * 2^n with m in [sqrt(1/2), sqrt(2)).
  const Ints bits = bitsOf(x);
  const Ints n = (bits - 0x3f3504f3) >> 23;
  const Floats m = fromBits(bits - (n << 23)) - 1.0f;
  const Floats whole = __builtin_convertvector(n, Floats);
  const Floats square = m * m;
  Floats tail = m * 7.0376836292e-2f - 1.1514610310e-1f;
  tail = tail * m + 1.1676998740e-1f;
  tail = tail * m - 1.2420140846e-1f;
  tail = tail * m + 1.4249322787e-1f;
  tail = tail * m - 1.6668057665e-1f;
  tail = tail * m + 2.0000714765e-1f;
  tail = tail * m - 2.4999993993e-1f;
  tail = tail * m + 3.3333331174e-1f;
  tail = tail * m * square + whole * -2.12194440e-4f - square * 0.5f;
  const Floats result = m + tail + whole * 0.693359375f;
  return x == x ? greater(result, Floats{}) : x;
}

/// 1 - e^-x for x >= 0, to rounding also near 0.
COARSELY_INLINE Floats oneMinusExp(Floats x) {
  Floats small = x * -0.0011259224510383851f + 0.008193295168445826f;
  small = small * x - 0.0416320483724011f;
  small = small * x + 0.16666288758965872f;
  small = small * x - 0.4999998647035492f;
  small = small * x * x + x;
  return x < 0.5f ? small : 1.0f - exponential(-x);
}

COARSELY_INLINE Floats power(Floats base, float exponent) {
  if (exponent == 0) return all(1);
  if (exponent == 1) return base;
  if (exponent == 2) return base * base;
  Floats result;
  for (int64_t i = 0; i < kLanes; ++i) result[i] = std::pow(base[i], exponent);
  return result;
}

/// a0 b0 a1 b1 … of the lower or the upper halves of two.
COARSELY_INLINE Floats interleaveLower(Floats a, Floats b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#else
  return __builtin_shuffle(a, b, Ints{0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23});
#endif
}

COARSELY_INLINE Floats interleaveUpper(Floats a, Floats b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#else
  return __builtin_shuffle(a, b, Ints{8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31});
#endif
}

/// Rows become columns: interleaving each row with the one eight below, four times over, is a transposition.
COARSELY_INLINE void transpose(Floats (&rows)[kLanes]) {
#pragma GCC unroll 4
  for (int round = 0; round < 4; ++round) {
    Floats next[kLanes];
#pragma GCC unroll 8
    for (int64_t i = 0; i < kLanes / 2; ++i) {
      next[2 * i] = interleaveLower(rows[i], rows[i + kLanes / 2]);
      next[2 * i + 1] = interleaveUpper(rows[i], rows[i + kLanes / 2]);
    }
#pragma GCC unroll 16
    for (int64_t i = 0; i < kLanes; ++i) rows[i] = next[i];
  }
}

}  // namespace coarsely
