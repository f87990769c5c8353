// The pixel loss on a GPU: forward one thread for each label pixel, backward one for each pixel (what its gradient is a
// multiple of) and then one for each logit, which gathers from all label pixels around. Nothing of the size of all
// classes at the labels' size is ever written.
#pragma once

#include <cassert>
#include <cmath>

#include "axis_at.h"

namespace coarsely::cuda {

struct PixelLossInput {
  ResizedAxis rows, columns;
  /// Neither rows nor columns are resized.
  bool sameSize;
  int64_t classes;
  /// [N, rows.inputs, columns.inputs, C]
  const float* logits;
  /// [N, rows.outputs, columns.outputs]
  const int64_t* labels;
  int64_t ignoreIndex;
  /// 0 cross-entropy, 1 GCE, 2 focal
  int64_t kind;
  float parameter;
};

/// The four logits cells that a label pixel lies between.
struct PixelCells {
  const float *aboveLeft, *aboveRight, *belowLeft, *belowRight;
  float row, column;
  bool sameSize;

  COARSELY_SHARED float logit(int64_t c) const {
    if (sameSize) return aboveLeft[c];
    const float rest = 1.0f - column;
    const float upper = rest * aboveLeft[c] + column * aboveRight[c];
    const float lower = rest * belowLeft[c] + column * belowRight[c];
    return (1.0f - row) * upper + row * lower;
  }
};

COARSELY_SHARED PixelCells cellsOf(const PixelLossInput& input, int64_t image, int64_t y, int64_t x) {
  const AxisPoint row = input.rows.at(y), column = input.columns.at(x);
  const float* above = input.logits + (image * input.rows.inputs + row.first) * input.columns.inputs * input.classes;
  const float* below = input.logits + (image * input.rows.inputs + row.second) * input.columns.inputs * input.classes;
  const int64_t left = column.first * input.classes, right = column.second * input.classes;
  return {above + left, above + right, below + left, below + right, row.share, column.share, input.sameSize};
}

COARSELY_SHARED PixelCells cellsOf(const PixelLossInput& input, int64_t pixel) {
  const int64_t x = pixel % input.columns.outputs, y = pixel / input.columns.outputs % input.rows.outputs;
  return cellsOf(input, pixel / input.columns.outputs / input.rows.outputs, y, x);
}

/// Greatest logit, and sums over classes of e^(x - greatest): plain, squared, and times (x - greatest).
struct PixelSums {
  float greatest, sum, squares, products;
};

COARSELY_SHARED PixelSums sumsOf(const PixelCells& cells, int64_t classes) {
  PixelSums sums{cells.logit(0), 0.0f, 0.0f, 0.0f};
  for (int64_t c = 1; c < classes; ++c) {
    const float x = cells.logit(c);
    sums.greatest = x > sums.greatest ? x : sums.greatest;
  }
  for (int64_t c = 0; c < classes; ++c) {
    const float difference = cells.logit(c) - sums.greatest;
    const float e = exponential(difference);
    sums.sum += e;
    sums.squares += e * e;
    // 0 log 0 = 0 also for a logit of -infinity.
    sums.products += e * (difference < -87.0f ? -87.0f : difference);
  }
  return sums;
}

inline constexpr float crossEntropyBelow = 1e-12f;
inline constexpr float smallestMiss = 1e-37f;

COARSELY_SHARED float missOf(float crossEntropy) {
  const float miss = -expm1f(-crossEntropy);
  return miss < smallestMiss ? smallestMiss : miss;
}

COARSELY_SHARED float lossOf(float crossEntropy, const PixelLossInput& input) {
  if (input.kind == 1 && input.parameter >= crossEntropyBelow)
    return -expm1f(-input.parameter * crossEntropy) / input.parameter;
  if (input.kind == 2) return powf(missOf(crossEntropy), input.parameter) * crossEntropy;
  return crossEntropy;
}

/// The derivative of the loss by the cross-entropy that it is made from.
COARSELY_SHARED float slopeOf(float crossEntropy, const PixelLossInput& input) {
  if (input.kind == 1) return input.parameter >= crossEntropyBelow ? expf(-input.parameter * crossEntropy) : 1.0f;
  if (input.kind == 0) return 1.0f;
  const float miss = missOf(crossEntropy);
  const float rise =
      input.parameter * powf(miss, input.parameter - 1.0f) * expf(-crossEntropy) * crossEntropy;
  return powf(miss, input.parameter) + (miss > smallestMiss ? rise : 0.0f);
}

/// -log p of the pixel's label, never below 0; not a number where a logit is none.
COARSELY_SHARED float crossEntropyOf(const PixelCells& cells, const PixelSums& sums, int64_t label) {
  const float value = logf(sums.sum) - (cells.logit(label) - sums.greatest);
  return value < 0.0f ? 0.0f : value;
}

COARSELY_SHARED float within(float value, float least, float most) {
  return value < least ? least : value > most ? most : value;
}

COARSELY_SHARED bool isLabelled(const PixelLossInput& input, int64_t label) {
  if (label == input.ignoreIndex) return false;
  assert(label >= 0 && label < input.classes && "expected labels from 0 to classes - 1, or the ignored one");
  return true;
}

struct PixelLossForward {
  PixelLossInput input;
  /// 0 none, 1 variance, 2 entropy
  int64_t indicator;
  float* losses;
  float* confidence;

  COARSELY_SHARED void operator()(int64_t pixel) const {
    const int64_t label = input.labels[pixel];
    const bool labelled = isLabelled(input, label);
    if (!labelled && indicator == 0) {
      losses[pixel] = 0.0f;
      return;
    }
    const PixelCells cells = cellsOf(input, pixel);
    const PixelSums sums = sumsOf(cells, input.classes);
    losses[pixel] = labelled ? lossOf(crossEntropyOf(cells, sums, label), input) : 0.0f;
    if (indicator != 0) confidence[pixel] = confidenceOf(sums);
  }

  COARSELY_SHARED float confidenceOf(const PixelSums& sums) const {
    const auto count = static_cast<float>(input.classes);
    if (indicator == 2) {
      const float greatest = logf(input.classes > 2 ? count : 2.0f);
      return within((sums.products / sums.sum - logf(sums.sum)) * (2.0f / greatest) + 1.0f, -1.0f, 1.0f);
    }
    if (input.classes == 1) return 1.0f;
    const float share = (sums.squares / (sums.sum * sums.sum) * count - 1.0f) / (count - 1.0f);
    return within(share, 0.0f, 1.0f) * 2.0f - 1.0f;
  }
};

/// What the gradient to every logit of a pixel is made of: scale * (e^(x - greatest) / sum - [own class]).
struct PixelLossSlopes {
  PixelLossInput input;
  /// To the losses.
  const float* gradient;
  float* greatest;
  float* scale;
  float* scaleOverSum;

  COARSELY_SHARED void operator()(int64_t pixel) const {
    const int64_t label = input.labels[pixel];
    if (!isLabelled(input, label)) {
      greatest[pixel] = scale[pixel] = scaleOverSum[pixel] = 0.0f;
      return;
    }
    const PixelCells cells = cellsOf(input, pixel);
    const PixelSums sums = sumsOf(cells, input.classes);
    const float factor = gradient[pixel] * slopeOf(crossEntropyOf(cells, sums, label), input);
    greatest[pixel] = sums.greatest;
    scale[pixel] = factor;
    scaleOverSum[pixel] = factor / sums.sum;
  }
};

struct PixelLossBackward {
  PixelLossInput input;
  const float* greatest;
  const float* scale;
  const float* scaleOverSum;
  /// To the logits.
  float* output;

  COARSELY_SHARED void operator()(int64_t index) const {
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

  /// The gradient to class c of a label pixel.
  COARSELY_SHARED float part(int64_t pixel, int64_t image, int64_t y, int64_t x, int64_t c) const {
    const int64_t label = input.labels[pixel];
    if (label == input.ignoreIndex) return 0.0f;
    const float e = exponential(cellsOf(input, image, y, x).logit(c) - greatest[pixel]);
    return scaleOverSum[pixel] * e - (label == c ? scale[pixel] : 0.0f);
  }
};

}  // namespace coarsely::cuda
