// ARM's weights and the normalisation of weights on a GPU. A fixed number of threads walks over the pixels with sums of
// its own; the sums are then added in steps of 64, always in the same order.
#pragma once

#include "../arm_pixel.h"
#include "../weight_norm.h"
#include "launch.h"

namespace coarsely::cuda {

/// output[r, k] = sum of input[i, k] over the 64 rows i from 64 r on. One thread for each number.
struct SumRows {
  const double* input;
  double* output;
  int64_t rows, width;

  COARSELY_SHARED void operator()(int64_t index) const {
    const int64_t k = index % width, begin = index / width * sumStep;
    const int64_t end = begin + sumStep < rows ? begin + sumStep : rows;
    double sum = 0.0;
    for (int64_t i = begin; i < end; ++i) sum += input[i * width + k];
    output[index] = sum;
  }
};

COARSELY_SHARED double weightPowerOf(double weight, int64_t p) {
  return p == 1 ? weightPower<1>(weight) : p == 2 ? weightPower<2>(weight) : weightPower<3>(weight);
}

/// weights = W + floor on valid pixels, 0 elsewhere, and each walker's sum(m) and sum(m^p). W comes from ARM at a
/// confidence, or, without parameters, is what is given.
struct WeighPixels {
  const float* points;
  const bool* valid;
  /// [53], or null.
  const float* parameters;
  float* weights;
  /// [walkers, 2]
  double* sums;
  int64_t pixels, walkers, p;

  COARSELY_SHARED void operator()(int64_t walker) const {
    double sum = 0.0, powers = 0.0;
    for (int64_t i = walker; i < pixels; i += walkers) {
      float weight = 0.0f;
      if (valid[i]) {
        const auto* weightFunction = reinterpret_cast<const ArmParameters*>(parameters);
        weight = (parameters == nullptr ? points[i] : armWeight(points[i], *weightFunction)) + weightFloor;
      }
      weights[i] = weight;
      sum += static_cast<double>(weight);
      powers += weightPowerOf(static_cast<double>(weight), p);
    }
    sums[2 * walker] = sum;
    sums[2 * walker + 1] = powers;
  }
};

struct ScaleWeights {
  float* weights;
  /// [2]
  const double* sums;
  int64_t pixels, walkers, p;

  COARSELY_SHARED void operator()(int64_t walker) const {
    const float factor = weightNorm(sums[0], sums[1], p).inverse;
    for (int64_t i = walker; i < pixels; i += walkers) weights[i] *= factor;
  }
};

/// Each walker's sum of gradient times weight.
struct MultiplyGradient {
  const float* gradient;
  const float* weights;
  double* sums;
  int64_t pixels, walkers;

  COARSELY_SHARED void operator()(int64_t walker) const {
    double sum = 0.0;
    for (int64_t i = walker; i < pixels; i += walkers)
      sum += static_cast<double>(gradient[i]) * static_cast<double>(weights[i]);
    sums[walker] = sum;
  }
};

COARSELY_SHARED float weightGradientOf(float gradient, float weight, float product, const WeightNorm& norm,
                                       int64_t p) {
  if (p == 1) return weightGradient<1>(gradient, weight, product, norm);
  if (p == 2) return weightGradient<2>(gradient, weight, product, norm);
  return weightGradient<3>(gradient, weight, product, norm);
}

/// The gradient to the weights before normalisation.
struct NormaliseBackward {
  const float* gradient;
  const float* weights;
  const bool* valid;
  const double* sums;
  const double* product;
  float* output;
  int64_t pixels, walkers, p;

  COARSELY_SHARED void operator()(int64_t walker) const {
    const WeightNorm norm = weightNorm(sums[0], sums[1], p);
    const auto total = static_cast<float>(*product);
    for (int64_t i = walker; i < pixels; i += walkers)
      output[i] = valid[i] ? weightGradientOf(gradient[i], weights[i], total, norm, p) : 0.0f;
  }
};

/// Each walker's share of the gradients to ARM's parameters, and where asked for the gradient to the confidence.
struct ArmBackward {
  const float* gradient;
  const float* weights;
  const bool* valid;
  const double* sums;
  const double* product;
  const float* confidence;
  const float* parameters;
  /// [walkers, 53]
  double* output;
  /// [pixels], or null.
  float* confidenceGradient;
  int64_t pixels, walkers, p;

  COARSELY_SHARED void operator()(int64_t walker) const {
    const WeightNorm norm = weightNorm(sums[0], sums[1], p);
    const auto total = static_cast<float>(*product);
    const auto& weightFunction = *reinterpret_cast<const ArmParameters*>(parameters);
    ArmParameters own{};
    for (int64_t i = walker; i < pixels; i += walkers) {
      if (!valid[i]) {
        if (confidenceGradient != nullptr) confidenceGradient[i] = 0.0f;
        continue;
      }
      const float above = weightGradientOf(gradient[i], weights[i], total, norm, p);
      const ArmTrace trace = armTrace(confidence[i], above, weightFunction);
      if (confidenceGradient != nullptr) confidenceGradient[i] = trace.below;
      add(own, trace, confidence[i]);
    }
    const auto* from = reinterpret_cast<const float*>(&own);
    COARSELY_UNROLL
    for (int64_t k = 0; k < armParameterCount; ++k) output[walker * armParameterCount + k] = from[k];
  }

  COARSELY_SHARED static void add(ArmParameters& own, const ArmTrace& trace, float confidence) {
    COARSELY_UNROLL
    for (int k = 0; k < armHidden; ++k) {
      own.weight1[k] += trace.delta1.unit[k] * confidence;
      own.bias1[k] += trace.delta1.unit[k];
      own.bias2[k] += trace.delta2.unit[k];
      own.bias3[k] += trace.delta3.unit[k];
      own.weight4[k] += trace.delta4 * trace.value3.unit[k];
      COARSELY_UNROLL
      for (int j = 0; j < armHidden; ++j) {
        own.weight2[k][j] += trace.delta2.unit[k] * trace.value1.unit[j];
        own.weight3[k][j] += trace.delta3.unit[k] * trace.value2.unit[j];
      }
    }
    own.bias4 += trace.delta4;
  }
};

}  // namespace coarsely::cuda
