// Kernels of the pixel loss. Forward runs one thread per label pixel. Backward runs one thread per label pixel, which
// computes the factors of that pixel's gradient, and then one per logit, which gathers from the label pixels around.
// The map of all classes at the labels' size is never stored.
#pragma once

#include <cassert>
#include <cmath>

#include "../resize_axis.h"
#include "constants.h"

namespace coarsely::cuda {

/// Holds the arguments of the operator.
struct PixelLossInput {
  ResizeAxis rows, columns;
  /// Is true where neither rows nor columns are resized.
  bool sameSize;
  int64_t classes;
  const float* logits;    // [N, rows.inputs, columns.inputs, C]
  const int64_t* labels;  // [N, rows.outputs, columns.outputs]
  int64_t ignoreIndex;
  LossKind kind;
  float parameter;
  /// Points to the weight of each class for a smoothed loss, and holds their sum.
  const float* classWeights = nullptr;
  float classWeightSum = 0.0f;

  COARSELY_HOST_DEVICE bool smooths() const { return kind == LossKind::SmoothedCrossEntropy; }
};

/// Points to the four cells of logits around a label pixel.
struct PixelCells {
  const float *aboveLeft, *aboveRight, *belowLeft, *belowRight;
  float row, column;
  bool sameSize;

  COARSELY_HOST_DEVICE float logit(int64_t c) const {
    if (sameSize) return aboveLeft[c];
    const float rest = 1.0f - column;
    const float upper = rest * aboveLeft[c] + column * aboveRight[c];
    const float lower = rest * belowLeft[c] + column * belowRight[c];
    return (1.0f - row) * upper + row * lower;
  }
};

COARSELY_HOST_DEVICE PixelCells cellsOf(const PixelLossInput& input, int64_t image, int64_t y, int64_t x) {
  const AxisPoint row = input.rows.at(y), column = input.columns.at(x);
  const float* above = input.logits + (image * input.rows.inputs + row.first) * input.columns.inputs * input.classes;
  const float* below = input.logits + (image * input.rows.inputs + row.second) * input.columns.inputs * input.classes;
  const int64_t left = column.first * input.classes, right = column.second * input.classes;
  return {above + left, above + right, below + left, below + right, row.share, column.share, input.sameSize};
}

COARSELY_HOST_DEVICE PixelCells cellsOf(const PixelLossInput& input, int64_t pixel) {
  const int64_t x = pixel % input.columns.outputs, y = pixel / input.columns.outputs % input.rows.outputs;
  return cellsOf(input, pixel / input.columns.outputs / input.rows.outputs, y, x);
}

/// Holds the greatest logit and the sums over classes of e, e^2 and e * (x - greatest), where e = e^(x - greatest), and
/// for a smoothed loss the sum of the differences times the weights of the classes.
struct PixelSums {
  float greatest, sum, squares, products, weighted;
};

COARSELY_HOST_DEVICE PixelSums sumsOf(const PixelCells& cells, const PixelLossInput& input) {
  const int64_t classes = input.classes;
  const bool smooths = input.smooths();
  PixelSums sums{cells.logit(0), 0.0f, 0.0f, 0.0f, 0.0f};
  for (int64_t c = 1; c < classes; ++c) {
    const float x = cells.logit(c);
    sums.greatest = x > sums.greatest ? x : sums.greatest;
  }
  for (int64_t c = 0; c < classes; ++c) {
    const float difference = cells.logit(c) - sums.greatest;
    const float e = exponential(difference);
    sums.sum += e;
    sums.squares += e * e;
    if (smooths) sums.weighted += input.classWeights[c] * difference;
    // The limit keeps 0 log 0 = 0 for a logit of -infinity.
    sums.products += e * (difference < -87.0f ? -87.0f : difference);
  }
  return sums;
}

/// Returns 1 - p_y, at least focalLeastMiss.
COARSELY_HOST_DEVICE float missOf(float crossEntropy) {
  const float miss = -expm1f(-crossEntropy);
  return miss < focalLeastMiss ? focalLeastMiss : miss;
}

/// Returns the loss from the cross-entropy -log p_y.
COARSELY_HOST_DEVICE float lossOf(float crossEntropy, const PixelLossInput& input) {
  if (input.kind == LossKind::Gce && input.parameter >= gceCrossEntropyBelow)
    return -expm1f(-input.parameter * crossEntropy) / input.parameter;
  if (input.kind == LossKind::Focal) return powf(missOf(crossEntropy), input.parameter) * crossEntropy;
  return crossEntropy;
}

/// Returns the derivative of the loss with respect to the cross-entropy.
COARSELY_HOST_DEVICE float slopeOf(float crossEntropy, const PixelLossInput& input) {
  if (input.kind == LossKind::Gce)
    return input.parameter >= gceCrossEntropyBelow ? expf(-input.parameter * crossEntropy) : 1.0f;
  if (input.kind == LossKind::CrossEntropy) return 1.0f;
  const float miss = missOf(crossEntropy);
  const float rise = input.parameter * powf(miss, input.parameter - 1.0f) * expf(-crossEntropy) * crossEntropy;
  return powf(miss, input.parameter) + (miss > focalLeastMiss ? rise : 0.0f);
}

/// Returns -log p of the pixel's label, at least 0; NaN where a logit is NaN.
COARSELY_HOST_DEVICE float crossEntropyOf(const PixelCells& cells, const PixelSums& sums, int64_t label) {
  const float value = logf(sums.sum) - (cells.logit(label) - sums.greatest);
  return value < 0.0f ? 0.0f : value;
}

COARSELY_HOST_DEVICE float clamp(float value, float least, float most) {
  return value < least ? least : value > most ? most : value;
}

COARSELY_HOST_DEVICE bool isLabeled(const PixelLossInput& input, int64_t label) {
  if (label == input.ignoreIndex) return false;
  assert(label >= 0 && label < input.classes && "expected labels from 0 to classes - 1, or the ignored one");
  return true;
}

struct PixelLossForward {
  PixelLossInput input;
  Indicator indicator;
  float* losses;
  float* confidence;

  COARSELY_HOST_DEVICE void operator()(int64_t pixel) const {
    const int64_t label = input.labels[pixel];
    const bool labeled = isLabeled(input, label);
    if (!labeled && indicator == Indicator::None) {
      losses[pixel] = 0.0f;
      return;
    }
    const PixelCells cells = cellsOf(input, pixel);
    const PixelSums sums = sumsOf(cells, input);
    losses[pixel] = labeled ? lossAt(cells, sums, label) : 0.0f;
    if (indicator != Indicator::None) confidence[pixel] = confidenceOf(sums);
  }

  COARSELY_HOST_DEVICE float lossAt(const PixelCells& cells, const PixelSums& sums, int64_t label) const {
    const float crossEntropy = crossEntropyOf(cells, sums, label);
    if (!input.smooths()) return lossOf(crossEntropy, input);
    const float uniform = input.parameter / static_cast<float>(input.classes);
    const float rest = input.classWeightSum * logf(sums.sum) - sums.weighted;
    return (1.0f - input.parameter) * input.classWeights[label] * crossEntropy + uniform * rest;
  }

  COARSELY_HOST_DEVICE float confidenceOf(const PixelSums& sums) const {
    const auto count = static_cast<float>(input.classes);
    if (indicator == Indicator::Entropy) {
      const float greatest = logf(input.classes > 2 ? count : 2.0f);
      return clamp((sums.products / sums.sum - logf(sums.sum)) * (2.0f / greatest) + 1.0f, -1.0f, 1.0f);
    }
    if (input.classes == 1) return 1.0f;
    const float share = (sums.squares / (sums.sum * sums.sum) * count - 1.0f) / (count - 1.0f);
    return clamp(share, 0.0f, 1.0f) * 2.0f - 1.0f;
  }
};

/// Computes the factors of a pixel's gradient scale * (e^(x - greatest) / sum - [class is the label]). A smoothed loss
/// has a greater factor of the first term, and a third term, which `PixelLossBackward` subtracts.
struct PixelLossSlopes {
  PixelLossInput input;
  /// Points to the gradient of the losses.
  const float* gradient;
  float* greatest;
  float* scale;
  float* scaleOverSum;

  COARSELY_HOST_DEVICE void operator()(int64_t pixel) const {
    const int64_t label = input.labels[pixel];
    if (!isLabeled(input, label)) {
      greatest[pixel] = scale[pixel] = scaleOverSum[pixel] = 0.0f;
      return;
    }
    const PixelCells cells = cellsOf(input, pixel);
    const PixelSums sums = sumsOf(cells, input);
    const float factor = gradient[pixel] * slopeOf(crossEntropyOf(cells, sums, label), input);
    greatest[pixel] = sums.greatest;
    if (input.smooths()) {
      const float own = (1.0f - input.parameter) * input.classWeights[label];
      const float uniform = input.parameter / static_cast<float>(input.classes) * input.classWeightSum;
      scale[pixel] = gradient[pixel] * own;
      scaleOverSum[pixel] = gradient[pixel] * (own + uniform) / sums.sum;
      return;
    }
    scale[pixel] = factor;
    scaleOverSum[pixel] = factor / sums.sum;
  }
};

struct PixelLossBackward {
  PixelLossInput input;
  /// Points to the gradient of the losses.
  const float* gradient;
  const float* greatest;
  const float* scale;
  const float* scaleOverSum;
  /// Receives the gradient of the logits.
  float* output;

  COARSELY_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t c = index % input.classes, column = index / input.classes % input.columns.inputs;
    const int64_t row = index / input.classes / input.columns.inputs % input.rows.inputs;
    const int64_t image = index / input.classes / input.columns.inputs / input.rows.inputs;
    if (input.sameSize) {
      output[index] = part((image * input.rows.outputs + row) * input.columns.outputs + column, image, row, column, c);
      return;
    }
    const AxisRange high = input.rows.reach(row), wide = input.columns.reach(column);
    float sum = 0.0f;
    for (int64_t y = high.begin; y < high.end; ++y) {
      const float rowWeight = input.rows.weight(row, y);
      if (rowWeight == 0.0f) continue;
      const int64_t start = (image * input.rows.outputs + y) * input.columns.outputs;
      float rowSum = 0.0f;
      for (int64_t x = wide.begin; x < wide.end; ++x) {
        const float weight = input.columns.weight(column, x);
        if (weight != 0.0f) rowSum += weight * part(start + x, image, y, x, c);
      }
      sum += rowWeight * rowSum;
    }
    output[index] = sum;
  }

  /// Returns the gradient of class c at a label pixel.
  COARSELY_HOST_DEVICE float part(int64_t pixel, int64_t image, int64_t y, int64_t x, int64_t c) const {
    const int64_t label = input.labels[pixel];
    if (label == input.ignoreIndex) return 0.0f;
    const float e = exponential(cellsOf(input, image, y, x).logit(c) - greatest[pixel]);
    const float part = scaleOverSum[pixel] * e - (label == c ? scale[pixel] : 0.0f);
    if (!input.smooths()) return part;
    return part - gradient[pixel] * input.parameter / static_cast<float>(input.classes) * input.classWeights[c];
  }
};

}  // namespace coarsely::cuda
