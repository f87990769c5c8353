// ARM's weight function at one pixel (section 4.2): 1-4-4-4-1, SiLU between, sigmoid at the end, and its derivatives.
#pragma once

#include "shared_code.h"

namespace coarsely {

inline constexpr int armHidden = 4;
inline constexpr int armParameterCount = 53;

/// As the modules hold them one after another: weight [out, in] and bias of each of the four layers.
struct ArmParameters {
  float weight1[armHidden];
  float bias1[armHidden];
  float weight2[armHidden][armHidden];
  float bias2[armHidden];
  float weight3[armHidden][armHidden];
  float bias3[armHidden];
  float weight4[armHidden];
  float bias4;
};
static_assert(sizeof(ArmParameters) == armParameterCount * sizeof(float));

/// One number for each hidden unit of a layer.
struct ArmUnits {
  float unit[armHidden];
};

/// A hidden layer's values, and their derivatives to what went into the SiLU.
struct ArmLayer {
  ArmUnits value;
  ArmUnits slope;
};

COARSELY_SHARED float armDot(const float (&row)[armHidden], ArmUnits values) {
  return row[0] * values.unit[0] + row[1] * values.unit[1] + row[2] * values.unit[2] + row[3] * values.unit[3];
}

COARSELY_SHARED ArmLayer armSilu(ArmUnits x) {
  ArmLayer layer;
  COARSELY_UNROLL
  for (int k = 0; k < armHidden; ++k) {
    const float share = logistic(x.unit[k]);
    layer.value.unit[k] = x.unit[k] * share;
    layer.slope.unit[k] = share * (1.0f + x.unit[k] * (1.0f - share));
  }
  return layer;
}

COARSELY_SHARED ArmLayer armFirst(float confidence, const ArmParameters& parameters) {
  ArmUnits x;
  COARSELY_UNROLL
  for (int k = 0; k < armHidden; ++k) x.unit[k] = parameters.weight1[k] * confidence + parameters.bias1[k];
  return armSilu(x);
}

COARSELY_SHARED ArmLayer armNext(ArmUnits below, const float (&weight)[armHidden][armHidden],
                                 const float (&bias)[armHidden]) {
  ArmUnits x;
  COARSELY_UNROLL
  for (int k = 0; k < armHidden; ++k) x.unit[k] = armDot(weight[k], below) + bias[k];
  return armSilu(x);
}

/// W(v), in (0, 1).
COARSELY_SHARED float armWeight(float confidence, const ArmParameters& parameters) {
  const ArmLayer first = armFirst(confidence, parameters);
  const ArmLayer second = armNext(first.value, parameters.weight2, parameters.bias2);
  const ArmLayer third = armNext(second.value, parameters.weight3, parameters.bias3);
  return logistic(armDot(parameters.weight4, third.value) + parameters.bias4);
}

/// What the gradients of the parameters are sums of: each hidden layer's values, and the gradient (delta) to what went
/// into each nonlinearity.
struct ArmTrace {
  ArmUnits value1, value2, value3;
  ArmUnits delta1, delta2, delta3;
  float delta4;
  /// The gradient to the confidence.
  float below;
};

/// Gradients below a layer of weights `weight`, given those above it.
COARSELY_SHARED ArmUnits armBack(const float (&weight)[armHidden][armHidden], ArmUnits above, ArmUnits slope) {
  ArmUnits delta;
  COARSELY_UNROLL
  for (int k = 0; k < armHidden; ++k) {
    delta.unit[k] = slope.unit[k] * (weight[0][k] * above.unit[0] + weight[1][k] * above.unit[1] +
                                     weight[2][k] * above.unit[2] + weight[3][k] * above.unit[3]);
  }
  return delta;
}

/// Recomputes W(v) and carries the gradient to it back.
COARSELY_SHARED ArmTrace armTrace(float confidence, float gradient, const ArmParameters& parameters) {
  const ArmLayer first = armFirst(confidence, parameters);
  const ArmLayer second = armNext(first.value, parameters.weight2, parameters.bias2);
  const ArmLayer third = armNext(second.value, parameters.weight3, parameters.bias3);
  const float weight = logistic(armDot(parameters.weight4, third.value) + parameters.bias4);
  const float delta4 = gradient * weight * (1.0f - weight);
  ArmUnits delta3;
  COARSELY_UNROLL
  for (int k = 0; k < armHidden; ++k) delta3.unit[k] = third.slope.unit[k] * parameters.weight4[k] * delta4;
  const ArmUnits delta2 = armBack(parameters.weight3, delta3, second.slope);
  const ArmUnits delta1 = armBack(parameters.weight2, delta2, first.slope);
  const float below = armDot(parameters.weight1, delta1);
  return {first.value, second.value, third.value, delta1, delta2, delta3, delta4, below};
}

}  // namespace coarsely
