// The double normalization of weights (section 4.2) from two sums: by the p-norm, with gradient, and then by the L1
// norm of the result, which counts as a constant. Together w' = m / sum(m), where m = W + weightFloor on valid pixels.
#pragma once

#include <cmath>

#include "constants.h"
#include "vectorized.h"

namespace coarsely {

/// Holds what forward and backward need of sum(m) and sum(m^p).
struct WeightNorm {
  /// Is 1 / sum(m), or 1 where no pixel is valid, so that 0 stays 0.
  float inverse;
  /// Is the L1 norm of the weights after they were divided by their p-norm.
  float unitSum;
};

COARSELY_HOST_DEVICE WeightNorm weightNorm(double sum, double powers, int64_t p) {
  if (!(sum > 0.0)) return {sum == 0.0 ? 1.0f : static_cast<float>(1.0 / sum), 0.0f};
  const double norm = p == 1 ? powers : p == 2 ? sqrt(powers) : cbrt(powers);
  return {static_cast<float>(1.0 / sum), static_cast<float>(sum / norm)};
}

/// Returns m^p.
template <int p, typename Number>
COARSELY_HOST_DEVICE Number weightPower(Number weight) {
  if constexpr (p == 1) return weight;
  if constexpr (p == 2) return weight * weight;
  return weight * weight * weight;
}

/// Returns the gradient of W. `gradient` and `weight` are those of w', `product` is the sum of gradient * w' over all
/// pixels.
template <int p>
COARSELY_HOST_DEVICE float weightGradient(float gradient, float weight, float product, const WeightNorm& norm) {
  const float share = weight * norm.unitSum;
  float pull = product * norm.unitSum;
  if constexpr (p >= 2) pull *= share;
  if constexpr (p == 3) pull *= share;
  return (gradient - pull) * norm.inverse;
}

}  // namespace coarsely
