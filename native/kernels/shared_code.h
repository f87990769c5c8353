// What one pixel's arithmetic is written in, so that the loops on the CPU and the kernels on a GPU share its text.
#pragma once

#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define COARSELY_SHARED __host__ __device__ __forceinline__
#else
// Inlined into vectorised functions, whose clones a call would leave.
#define COARSELY_SHARED inline __attribute__((always_inline))
#endif

// Before loops over small arrays, which become registers once unrolled.
#if defined(__CUDA_ARCH__)
#define COARSELY_UNROLL _Pragma("unroll")
#elif defined(__CUDACC__)
#define COARSELY_UNROLL
#else
#define COARSELY_UNROLL _Pragma("GCC unroll 8")
#endif

namespace coarsely {

/// e^x within 2 units in the last place for x in [-87, 88], the value at the nearer end beyond; NaN stays NaN.
COARSELY_SHARED float exponential(float x) {
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

/// 1 / (1 + e^-x)
COARSELY_SHARED float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

}  // namespace coarsely
