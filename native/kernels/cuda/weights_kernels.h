// Computes and normalizes ARM's weights on a GPU. A fixed number of threads shares the pixels, and each adds up its own
// pixels; the sums of the threads are then added 64 at a time, always in the same order.
#pragma once

#include "../arm_network.h"
#include "../weight_norm.h"
#include "launch.h"

namespace coarsely::cuda {

/// Computes output[r, k], the sum of input[i, k] over up to 64 rows from row 64 r on. Each thread computes one number.
struct SumRows {
  const double* input;
  double* output;
  int64_t rows, width;

  COARSELY_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t k = index % width, begin = index / width * sumStep;
    const int64_t end = begin + sumStep < rows ? begin + sumStep : rows;
    double sum = 0.0;
    for (int64_t i = begin; i < end; ++i) sum += input[i * width + k];
    output[index] = sum;
  }
};

COARSELY_HOST_DEVICE double weightPowerOf(double weight, int64_t p) {
  return p == 1 ? weightPower<1>(weight) : p == 2 ? weightPower<2>(weight) : weightPower<3>(weight);
}

/// Computes m = W + weightFloor on valid pixels and 0 elsewhere, and each thread's sum(m) and sum(m^p). W is computed
/// by ARM from `points` where `parameters` is not null, and otherwise is `points` itself.
struct WeighPixels {
  const float* points;
  const bool* valid;
  const float* parameters;
  float* weights;
  double* sums;  // [threads, 2]
  int64_t pixels, threads, p;

  COARSELY_HOST_DEVICE void operator()(int64_t thread) const {
    double sum = 0.0, powers = 0.0;
    for (int64_t i = thread; i < pixels; i += threads) {
      float weight = 0.0f;
      if (valid[i]) {
        const auto* weightFunction = reinterpret_cast<const ArmParameters*>(parameters);
        weight = (parameters == nullptr ? points[i] : armWeight(points[i], *weightFunction)) + weightFloor;
      }
      weights[i] = weight;
      sum += static_cast<double>(weight);
      powers += weightPowerOf(static_cast<double>(weight), p);
    }
    sums[2 * thread] = sum;
    sums[2 * thread + 1] = powers;
  }
};

/// Multiplies the weights by 1 / sum(m).
struct ScaleWeights {
  float* weights;
  const double* sums;
  int64_t pixels, threads, p;

  COARSELY_HOST_DEVICE void operator()(int64_t thread) const {
    const float factor = weightNorm(sums[0], sums[1], p).inverse;
    for (int64_t i = thread; i < pixels; i += threads) weights[i] *= factor;
  }
};

/// Computes each thread's sum of gradient * weight.
struct MultiplyGradient {
  const float* gradient;
  const float* weights;
  double* sums;
  int64_t pixels, threads;

  COARSELY_HOST_DEVICE void operator()(int64_t thread) const {
    double sum = 0.0;
    for (int64_t i = thread; i < pixels; i += threads)
      sum += static_cast<double>(gradient[i]) * static_cast<double>(weights[i]);
    sums[thread] = sum;
  }
};

COARSELY_HOST_DEVICE float weightGradientOf(float gradient, float weight, float product, const WeightNorm& norm,
                                            int64_t p) {
  if (p == 1) return weightGradient<1>(gradient, weight, product, norm);
  if (p == 2) return weightGradient<2>(gradient, weight, product, norm);
  return weightGradient<3>(gradient, weight, product, norm);
}

/// Computes the gradient of the weights before normalization.
struct NormalizeBackward {
  const float* gradient;
  const float* weights;
  const bool* valid;
  const double* sums;
  const double* product;
  float* output;
  int64_t pixels, threads, p;

  COARSELY_HOST_DEVICE void operator()(int64_t thread) const {
    const WeightNorm norm = weightNorm(sums[0], sums[1], p);
    const auto total = static_cast<float>(*product);
    for (int64_t i = thread; i < pixels; i += threads)
      output[i] = valid[i] ? weightGradientOf(gradient[i], weights[i], total, norm, p) : 0.0f;
  }
};

/// Computes each thread's sums of the gradients of ARM's parameters, and the gradient of the confidence where that is
/// not null.
struct ArmBackward {
  const float* gradient;
  const float* weights;
  const bool* valid;
  const double* sums;
  const double* product;
  const float* confidence;
  const float* parameters;
  double* output;             // [threads, armParameterCount]
  float* confidenceGradient;  // [pixels], or null
  int64_t pixels, threads, p;

  COARSELY_HOST_DEVICE void operator()(int64_t thread) const {
    const WeightNorm norm = weightNorm(sums[0], sums[1], p);
    const auto total = static_cast<float>(*product);
    const auto& weightFunction = *reinterpret_cast<const ArmParameters*>(parameters);
    ArmParameters own{};
    for (int64_t i = thread; i < pixels; i += threads) {
      if (!valid[i]) {
        if (confidenceGradient != nullptr) confidenceGradient[i] = 0.0f;
        continue;
      }
      const float above = weightGradientOf(gradient[i], weights[i], total, norm, p);
      const ArmTrace trace = armTrace(confidence[i], above, weightFunction);
      if (confidenceGradient != nullptr) confidenceGradient[i] = trace.confidenceGradient;
      add(own, trace, confidence[i]);
    }
    const auto* from = reinterpret_cast<const float*>(&own);
    COARSELY_UNROLL
    for (int64_t k = 0; k < armParameterCount; ++k) output[thread * armParameterCount + k] = from[k];
  }

  COARSELY_HOST_DEVICE static void add(ArmParameters& own, const ArmTrace& trace, float confidence) {
    COARSELY_UNROLL
    for (int k = 0; k < armHiddenUnits; ++k) {
      own.weight1[k] += trace.delta1.unit[k] * confidence;
      own.bias1[k] += trace.delta1.unit[k];
      own.bias2[k] += trace.delta2.unit[k];
      own.bias3[k] += trace.delta3.unit[k];
      own.weight4[k] += trace.delta4 * trace.value3.unit[k];
      COARSELY_UNROLL
      for (int j = 0; j < armHiddenUnits; ++j) {
        own.weight2[k][j] += trace.delta2.unit[k] * trace.value1.unit[j];
        own.weight3[k][j] += trace.delta3.unit[k] * trace.value2.unit[j];
      }
    }
    own.bias4 += trace.delta4;
  }
};

}  // namespace coarsely::cuda
