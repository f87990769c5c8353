// Defines the activations that normalization includes, and what each passes of a gradient.
#pragma once

#include <c10/util/Exception.h>

#include <string_view>

#include "vectorized.h"

namespace coarsely {

/// Names an activation: none, max(x, 0), min(max(x, 0), 6), or x * min(max(x + 3, 0), 6) / 6.
enum class Activation { None, Relu, Relu6, HardSwish };

/// Returns the activation of a name. @throws c10::Error for any other name
inline Activation activationOf(std::string_view name) {
  if (name == "none") return Activation::None;
  if (name == "relu") return Activation::Relu;
  if (name == "relu6") return Activation::Relu6;
  TORCH_CHECK(name == "hardswish", "expected the activation none, relu, relu6 or hardswish, received ", name);
  return Activation::HardSwish;
}

/// Returns whether an activation passes a gradient whole or not at all, so that one bit per element says which.
inline bool isGate(Activation activation) {
  return activation == Activation::Relu || activation == Activation::Relu6;
}

/// Applies an activation. NaN stays NaN, as in libtorch, so that a diverged run is noticed.
template <Activation activation>
COARSELY_INLINE float activate(float x) {
  if constexpr (activation == Activation::Relu) return x <= 0.0f ? 0.0f : x;
  if constexpr (activation == Activation::Relu6) return x <= 0.0f ? 0.0f : x >= 6.0f ? 6.0f : x;
  if constexpr (activation == Activation::HardSwish) {
    const float raised = x + 3.0f;
    return x * (raised <= 0.0f ? 0.0f : raised >= 6.0f ? 6.0f : raised) * (1.0f / 6.0f);
  }
  return x;
}

/// Returns the gradient before an activation of `x`, where `gradient` is the one after it.
template <Activation activation>
COARSELY_INLINE float gradientBefore(float gradient, float x) {
  if constexpr (activation == Activation::Relu) return x <= 0.0f ? 0.0f : gradient;
  if constexpr (activation == Activation::Relu6) return x <= 0.0f || x >= 6.0f ? 0.0f : gradient;
  if constexpr (activation == Activation::HardSwish) {
    const float slope = x * (1.0f / 3.0f) + 0.5f;
    return gradient * (x < -3.0f ? 0.0f : x > 3.0f ? 1.0f : slope);
  }
  return gradient;
}

}  // namespace coarsely
