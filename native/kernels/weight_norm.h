// The double normalisation of weights (section 4.2) from two sums: first by the p-norm, through which the gradient goes,
// then by the L1 norm of that, which counts as a constant. Together w' = m / sum(m), where m = W + floor on valid pixels.
#pragma once

#include <cmath>

#include "shared_code.h"

namespace coarsely {

/// Added to every valid weight: below the last digit of any real weight, yet weights that are all 0 become uniform.
inline constexpr float weightFloor = 1e-12f;

/// What both directions need of sum(m) and sum(m^p).
struct WeightNorm {
  /// 1 / sum(m); 1 where no pixel is valid, so that 0 stays 0.
  float inverse;
  /// L1 norm of the weights whose p-norm is 1.
  float stretch;
};

COARSELY_SHARED WeightNorm weightNorm(double sum, double powers, int64_t p) {
  if (!(sum > 0.0)) return {sum == 0.0 ? 1.0f : static_cast<float>(1.0 / sum), 0.0f};
  const double norm = p == 1 ? powers : p == 2 ? sqrt(powers) : cbrt(powers);
  return {static_cast<float>(1.0 / sum), static_cast<float>(sum / norm)};
}

/// m^p
template <int p, typename Number>
COARSELY_SHARED Number weightPower(Number weight) {
  if constexpr (p == 1) return weight;
  if constexpr (p == 2) return weight * weight;
  return weight * weight * weight;
}

/// Gradient to W where w' came out. `gradient` is that to w', `product` the sum of gradient times w' over all pixels.
template <int p>
COARSELY_SHARED float weightGradient(float gradient, float weight, float product, const WeightNorm& norm) {
  const float share = weight * norm.stretch;
  float pull = product * norm.stretch;
  if constexpr (p >= 2) pull *= share;
  if constexpr (p == 3) pull *= share;
  return (gradient - pull) * norm.inverse;
}

}  // namespace coarsely
