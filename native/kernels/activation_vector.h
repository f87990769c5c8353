// Applies activations to vectors, as inference kernels do before their output leaves the registers.
#pragma once

#include "activation.h"

namespace coarsely {

/// Returns min(max(x, 0), 6). NaN stays NaN.
COARSELY_INLINE Floats zeroToSix(Floats x) {
  const Floats six = broadcast(6.0f);
  x = x < 0.0f ? Floats{} : x;
  return x > six ? six : x;
}

/// Applies an activation. NaN stays NaN, as in libtorch.
COARSELY_INLINE Floats activate(Floats x, Activation activation) {
  switch (activation) {
    case Activation::None: return x;
    case Activation::Relu: return x < 0.0f ? Floats{} : x;
    case Activation::Relu6: return zeroToSix(x);
    case Activation::HardSwish: return x * zeroToSix(x + 3.0f) * (1.0f / 6.0f);
  }
  return x;
}

}  // namespace coarsely
