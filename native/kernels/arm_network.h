// ARM's weight function W(v) of one pixel (section 4.2), a network 1-4-4-4-1 with SiLU between the layers and a sigmoid
// at the end, and its derivatives.
#pragma once

#include "constants.h"
#include "vectorized.h"

namespace coarsely {

/// Holds the weight [out, in] and bias of each layer, in the order of the module's parameters.
struct ArmParameters {
  float weight1[armHiddenUnits];
  float bias1[armHiddenUnits];
  float weight2[armHiddenUnits][armHiddenUnits];
  float bias2[armHiddenUnits];
  float weight3[armHiddenUnits][armHiddenUnits];
  float bias3[armHiddenUnits];
  float weight4[armHiddenUnits];
  float bias4;
};
static_assert(sizeof(ArmParameters) == armParameterCount * sizeof(float));

/// Holds one number for each hidden unit of a layer.
struct ArmUnits {
  float unit[armHiddenUnits];
};

/// Holds the outputs of a hidden layer and their derivatives with respect to the input of the SiLU.
struct ArmLayer {
  ArmUnits value;
  ArmUnits slope;
};

COARSELY_HOST_DEVICE float armDot(const float (&row)[armHiddenUnits], ArmUnits values) {
  return row[0] * values.unit[0] + row[1] * values.unit[1] + row[2] * values.unit[2] + row[3] * values.unit[3];
}

COARSELY_HOST_DEVICE ArmLayer armSilu(ArmUnits x) {
  ArmLayer layer;
  COARSELY_UNROLL
  for (int k = 0; k < armHiddenUnits; ++k) {
    const float share = logistic(x.unit[k]);
    layer.value.unit[k] = x.unit[k] * share;
    layer.slope.unit[k] = share * (1.0f + x.unit[k] * (1.0f - share));
  }
  return layer;
}

COARSELY_HOST_DEVICE ArmLayer armFirst(float confidence, const ArmParameters& parameters) {
  ArmUnits x;
  COARSELY_UNROLL
  for (int k = 0; k < armHiddenUnits; ++k) x.unit[k] = parameters.weight1[k] * confidence + parameters.bias1[k];
  return armSilu(x);
}

COARSELY_HOST_DEVICE ArmLayer armNext(ArmUnits below, const float (&weight)[armHiddenUnits][armHiddenUnits],
                                      const float (&bias)[armHiddenUnits]) {
  ArmUnits x;
  COARSELY_UNROLL
  for (int k = 0; k < armHiddenUnits; ++k) x.unit[k] = armDot(weight[k], below) + bias[k];
  return armSilu(x);
}

/// Returns W(v), in (0, 1).
COARSELY_HOST_DEVICE float armWeight(float confidence, const ArmParameters& parameters) {
  const ArmLayer first = armFirst(confidence, parameters);
  const ArmLayer second = armNext(first.value, parameters.weight2, parameters.bias2);
  const ArmLayer third = armNext(second.value, parameters.weight3, parameters.bias3);
  return logistic(armDot(parameters.weight4, third.value) + parameters.bias4);
}

/// Holds the factors of one pixel's parameter gradients: the outputs of the hidden layers, and the gradients (delta)
/// with respect to the inputs of the nonlinearities.
struct ArmTrace {
  ArmUnits value1, value2, value3;
  ArmUnits delta1, delta2, delta3;
  float delta4;
  float confidenceGradient;
};

/// Propagates deltas from the layer above through its weights.
COARSELY_HOST_DEVICE ArmUnits armBack(const float (&weight)[armHiddenUnits][armHiddenUnits], ArmUnits above,
                                      ArmUnits slope) {
  ArmUnits delta;
  COARSELY_UNROLL
  for (int k = 0; k < armHiddenUnits; ++k) {
    delta.unit[k] = slope.unit[k] * (weight[0][k] * above.unit[0] + weight[1][k] * above.unit[1] +
                                     weight[2][k] * above.unit[2] + weight[3][k] * above.unit[3]);
  }
  return delta;
}

/// Recomputes W(v) and propagates its gradient back.
COARSELY_HOST_DEVICE ArmTrace armTrace(float confidence, float gradient, const ArmParameters& parameters) {
  const ArmLayer first = armFirst(confidence, parameters);
  const ArmLayer second = armNext(first.value, parameters.weight2, parameters.bias2);
  const ArmLayer third = armNext(second.value, parameters.weight3, parameters.bias3);
  const float weight = logistic(armDot(parameters.weight4, third.value) + parameters.bias4);
  const float delta4 = gradient * weight * (1.0f - weight);
  ArmUnits delta3;
  COARSELY_UNROLL
  for (int k = 0; k < armHiddenUnits; ++k) delta3.unit[k] = third.slope.unit[k] * parameters.weight4[k] * delta4;
  const ArmUnits delta2 = armBack(parameters.weight3, delta3, second.slope);
  const ArmUnits delta1 = armBack(parameters.weight2, delta2, first.slope);
  const float confidenceGradient = armDot(parameters.weight1, delta1);
  return {first.value, second.value, third.value, delta1, delta2, delta3, delta4, confidenceGradient};
}

}  // namespace coarsely
