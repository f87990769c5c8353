// Provides what kernels need to be compiled to vector instructions: attributes for functions and loops, vectors of 16
// float32, conversion to and from bfloat16, and the exponential and logarithm that vectorize where libm's do not. The
// scalar part is shared with the kernels for a GPU.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

// COARSELY_VECTORIZED compiles a function for AVX-512, AVX2 and the baseline; the processor selects one at load time.
// COARSELY_VECTORIZED_EXACT also keeps the compiler from contracting a product and a sum to one instruction, because
// the rounding between them is part of the result.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define COARSELY_VECTORIZED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define COARSELY_VECTORIZED_EXACT                                              \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), \
                 optimize("fp-contract=off", "no-trapping-math", "no-math-errno")))
#elif defined(__GNUC__) && !defined(__clang__)
#define COARSELY_VECTORIZED
#define COARSELY_VECTORIZED_EXACT __attribute__((optimize("fp-contract=off", "no-trapping-math", "no-math-errno")))
#else
#define COARSELY_VECTORIZED
#define COARSELY_VECTORIZED_EXACT
#endif

// COARSELY_EXACT comes first in the body of a COARSELY_VECTORIZED_EXACT function. It prevents contraction with clang,
// which has no such function attribute.
#if defined(__clang__)
#define COARSELY_EXACT _Pragma("clang fp contract(off)")
#else
#define COARSELY_EXACT
#endif

// COARSELY_INLINE inlines a function into its callers, so that it is compiled for their instruction sets.
#define COARSELY_INLINE inline __attribute__((always_inline))

// COARSELY_INDEPENDENT precedes a loop whose iterations do not depend on each other. The compiler then does not check
// whether its arrays overlap.
#if defined(__clang__)
#define COARSELY_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define COARSELY_INDEPENDENT _Pragma("GCC ivdep")
#endif

// COARSELY_HOST_DEVICE marks a function that runs both on the CPU and on a GPU.
#ifdef __CUDACC__
#define COARSELY_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define COARSELY_HOST_DEVICE COARSELY_INLINE
#endif

// COARSELY_UNROLL precedes a loop over a small array, whose elements become registers once it is unrolled.
#if defined(__CUDA_ARCH__)
#define COARSELY_UNROLL _Pragma("unroll")
#elif defined(__CUDACC__)
#define COARSELY_UNROLL
#else
#define COARSELY_UNROLL _Pragma("GCC unroll 8")
#endif

namespace coarsely {

/// Returns e^x within 2 units in the last place for x in [-87, 88], and the value at the nearer end for other x. NaN
/// stays NaN.
COARSELY_HOST_DEVICE float exponential(float x) {
#ifdef __CUDA_ARCH__
  return expf(x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x);
#else
  x = x > 88.0f ? 88.0f : x;
  x = x < -87.0f ? -87.0f : x;
  // x = n ln 2 + r with |r| <= ln 2 / 2. Adding 1.5 * 2^23 leaves the nearest whole number in the last bits.
  const float shifted = x * 1.44269504088896341f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float power = 1.9875691500e-4f;
  power = power * r + 1.3981999507e-3f;
  power = power * r + 8.3334519073e-3f;
  power = power * r + 4.1665795894e-2f;
  power = power * r + 1.6666665459e-1f;
  power = power * r + 5.0000001201e-1f;
  power = power * (r * r) + r + 1.0f;
  int32_t exponent;
  std::memcpy(&exponent, &shifted, sizeof exponent);
  exponent = static_cast<int32_t>(static_cast<uint32_t>(exponent + 127) << 23);
  float scale;
  std::memcpy(&scale, &exponent, sizeof scale);
  return power * scale;
#endif
}

/// Returns 1 / (1 + e^-x).
COARSELY_HOST_DEVICE float logistic(float x) {
  return 1.0f / (1.0f + exponential(-x));
}

#ifndef __CUDACC__

/// Holds the bits of a bfloat16 number, which are the upper half of a float32.
using Bfloat16Bits = uint16_t;

COARSELY_INLINE float toFloat(float value) {
  return value;
}
COARSELY_INLINE float toFloat(Bfloat16Bits value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

/// Converts to a stored type. bfloat16 is rounded to nearest, ties to even, as c10::BFloat16 does. NaN stays NaN.
template <typename Stored>
COARSELY_INLINE Stored fromFloat(float value);
template <>
COARSELY_INLINE float fromFloat<float>(float value) {
  return value;
}
template <>
COARSELY_INLINE Bfloat16Bits fromFloat<Bfloat16Bits>(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<Bfloat16Bits>((bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC0u : rounded);
}

#if defined(__GNUC__) && !defined(__clang__)
// GCC notes that its ABI for vectors changed; these vectors never cross a boundary between binaries.
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

/// Counts the float32 numbers of a vector. They fill one AVX-512 register; for other processors the compiler splits it.
constexpr int64_t vectorLanes = 16;

using Floats = float __attribute__((vector_size(64)));
using Ints = int32_t __attribute__((vector_size(64)));

COARSELY_INLINE Floats load(const float* from) {
  Floats values;
  std::memcpy(&values, from, sizeof(values));
  return values;
}

COARSELY_INLINE Floats load(const Bfloat16Bits* from) {
  using Halves = uint16_t __attribute__((vector_size(32)));
  using Words = uint32_t __attribute__((vector_size(64)));
  Halves halves;
  std::memcpy(&halves, from, sizeof(halves));
  const Words bits = __builtin_convertvector(halves, Words) << 16;
  Floats values;
  std::memcpy(&values, &bits, sizeof(values));
  return values;
}

COARSELY_INLINE void store(float* to, Floats values) {
  std::memcpy(to, &values, sizeof(values));
}

/// Rounds to bfloat16 as `fromFloat` does.
COARSELY_INLINE void store(Bfloat16Bits* to, Floats values) {
  using Halves = uint16_t __attribute__((vector_size(32)));
  using Words = uint32_t __attribute__((vector_size(64)));
  Words bits;
  std::memcpy(&bits, &values, sizeof(bits));
  const Words rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  const Ints isNumber = values == values;
  const Words kept = isNumber ? rounded : Words{} + 0x7FC0;
  const Halves halves = __builtin_convertvector(kept, Halves);
  std::memcpy(to, &halves, sizeof(halves));
}

COARSELY_INLINE Floats broadcast(float value) {
  return Floats{} + value;
}

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

/// Returns the elementwise maximum, and `b` where either is NaN.
COARSELY_INLINE Floats maximum(Floats a, Floats b) {
  return a > b ? a : b;
}

/// Is the least exponent whose power of e is a normal float32.
constexpr float leastExponent = -87.33f;

/// Returns e^x for x <= 0, exact but for rounding errors and never below 1e-38. NaN stays NaN.
COARSELY_INLINE Floats exponential(Floats x) {
  const Floats held = maximum(broadcast(leastExponent), x);
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

/// Returns the natural logarithm of x >= 1: 0 at 1 exactly and never below. NaN stays NaN.
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
  return x == x ? maximum(result, Floats{}) : x;
}

/// Returns 1 - e^-x for x >= 0, exact but for rounding errors, also near 0.
COARSELY_INLINE Floats oneMinusExp(Floats x) {
  Floats small = x * -0.0011259224510383851f + 0.008193295168445826f;
  small = small * x - 0.0416320483724011f;
  small = small * x + 0.16666288758965872f;
  small = small * x - 0.4999998647035492f;
  small = small * x * x + x;
  return x < 0.5f ? small : 1.0f - exponential(-x);
}

COARSELY_INLINE Floats power(Floats base, float exponent) {
  if (exponent == 0) return broadcast(1);
  if (exponent == 1) return base;
  if (exponent == 2) return base * base;
  Floats result;
  for (int64_t i = 0; i < vectorLanes; ++i) result[i] = std::pow(base[i], exponent);
  return result;
}

/// Returns a0 b0 a1 b1 ... of the lower halves of two vectors.
COARSELY_INLINE Floats interleaveLower(Floats a, Floats b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#else
  return __builtin_shuffle(a, b, Ints{0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23});
#endif
}

/// Returns a8 b8 a9 b9 ... of the upper halves of two vectors.
COARSELY_INLINE Floats interleaveUpper(Floats a, Floats b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#else
  return __builtin_shuffle(a, b, Ints{8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31});
#endif
}

/// Transposes a 16 x 16 matrix. Interleaving each row with the one eight below, four times over, is a transposition.
COARSELY_INLINE void transpose(Floats (&rows)[vectorLanes]) {
#pragma GCC unroll 4
  for (int round = 0; round < 4; ++round) {
    Floats next[vectorLanes];
#pragma GCC unroll 8
    for (int64_t i = 0; i < vectorLanes / 2; ++i) {
      next[2 * i] = interleaveLower(rows[i], rows[i + vectorLanes / 2]);
      next[2 * i + 1] = interleaveUpper(rows[i], rows[i + vectorLanes / 2]);
    }
#pragma GCC unroll 16
    for (int64_t i = 0; i < vectorLanes; ++i) rows[i] = next[i];
  }
}

#endif

}  // namespace coarsely
