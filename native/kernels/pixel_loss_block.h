// Computes the pixel loss of sixteen pixels of a row, whose logits are stored as one plane per class. The functions are
// inlined into functions that are compiled for several instruction sets.
#pragma once

#include "constants.h"
#include "vectorized.h"

namespace coarsely {

/// Holds the arguments of the operator.
struct LossOptions {
  LossKind kind;
  Indicator indicator;
  float parameter;
  int64_t ignoreIndex;
  int64_t classes;
  /// Points to the weight of each class and a 0 after them, for a smoothed loss; `parameter` is then its share e.
  const float* classWeights;
  /// Holds e / C, and the sum of the class weights times it.
  float uniform;
  float uniformSum;

  bool isSmoothed() const { return kind == LossKind::SmoothedCrossEntropy; }
  bool isCrossEntropy() const {
    return isSmoothed() || kind == LossKind::CrossEntropy ||
           (kind == LossKind::Gce && parameter < gceCrossEntropyBelow);
  }
};

/// Points to the logits of a block: rows `above` and `below` as planes [C, stride], of which the latter has weight
/// `share`.
struct BlendedRows {
  const float* above;
  const float* below;
  int64_t stride;
  float share;
};

/// Holds the labels of a block as indices of planes. A pixel without a label has the index of an extra plane, which is
/// written but not used, so that no branch per pixel is needed.
struct BlockLabels {
  int32_t index[vectorLanes];
  bool any;
};

/// Returns the size of the planes of a block: one per class and the extra one.
constexpr int64_t blockFloats(int64_t classes) {
  return (classes + 1) * vectorLanes;
}

/// Reads `lanes` labels. Stores a label that is neither a class nor ignored in `wrong`.
COARSELY_INLINE BlockLabels readLabels(const int64_t* labels, int64_t lanes, const LossOptions& options,
                                       int64_t& wrong) {
  int64_t held[vectorLanes];
  if (lanes < vectorLanes) {
    for (int64_t i = 0; i < vectorLanes; ++i) held[i] = i < lanes ? labels[i] : options.ignoreIndex;
    labels = held;
  }
  const auto classes = static_cast<uint64_t>(options.classes);
  BlockLabels block;
  uint64_t known = 0, strange = 0;
  for (int64_t i = 0; i < vectorLanes; ++i) {
    const bool labeled = labels[i] != options.ignoreIndex, isClass = static_cast<uint64_t>(labels[i]) < classes;
    block.index[i] = static_cast<int32_t>(labeled && isClass ? static_cast<uint64_t>(labels[i]) : classes);
    known |= labeled && isClass;
    strange |= labeled && !isClass;
  }
  if (strange != 0) {
    for (int64_t i = 0; i < vectorLanes; ++i) {
      if (labels[i] != options.ignoreIndex && static_cast<uint64_t>(labels[i]) >= classes) wrong = labels[i];
    }
  }
  block.any = known != 0;
  return block;
}

/// Returns a mask with all bits set in the lanes of pixels with a label.
COARSELY_INLINE Ints labeledLanes(const BlockLabels& labels, const LossOptions& options) {
  Ints index;
  std::memcpy(&index, labels.index, sizeof(index));
  return index < static_cast<int32_t>(options.classes);
}

/// Interpolates logits into `planes` [C, 16] and returns the greatest logit of each pixel.
template <bool blends>
COARSELY_INLINE Floats blendBlock(const BlendedRows& rows, int64_t classes, float* planes) {
  const float rest = 1.0f - rows.share;
  Floats most = broadcast(-INFINITY);
  for (int64_t c = 0; c < classes; ++c) {
    Floats logits = load(rows.above + c * rows.stride);
    if constexpr (blends) logits = rest * logits + rows.share * load(rows.below + c * rows.stride);
    store(planes + c * vectorLanes, logits);
    most = maximum(logits, most);
  }
  return most;
}

/// Returns the logit of each pixel's label; the value of a pixel without a label is not used.
COARSELY_INLINE Floats labelLogits(const float* planes, const BlockLabels& labels) {
  Floats own;
  float values[vectorLanes];
  for (int64_t i = 0; i < vectorLanes; ++i) values[i] = planes[labels.index[i] * vectorLanes + i];
  std::memcpy(&own, values, sizeof(own));
  return own;
}

/// Returns the weight of the class of each pixel's label; 0 for a pixel without a label.
COARSELY_INLINE Floats labelClassWeights(const BlockLabels& labels, const LossOptions& options) {
  Floats own;
  float values[vectorLanes];
  for (int64_t i = 0; i < vectorLanes; ++i) values[i] = options.classWeights[labels.index[i]];
  std::memcpy(&own, values, sizeof(own));
  return own;
}

/// Returns the loss from the cross-entropy -log p_y.
COARSELY_INLINE Floats lossOf(Floats crossEntropy, const LossOptions& options) {
  if (options.isCrossEntropy()) return crossEntropy;
  if (options.kind == LossKind::Gce) return oneMinusExp(crossEntropy * options.parameter) / options.parameter;
  const Floats miss = maximum(oneMinusExp(crossEntropy), broadcast(focalLeastMiss));
  const Floats loss = power(miss, options.parameter) * crossEntropy;
  return crossEntropy == crossEntropy ? loss : crossEntropy;
}

/// Returns the derivative of the loss with respect to the cross-entropy.
COARSELY_INLINE Floats slopeOf(Floats crossEntropy, const LossOptions& options) {
  if (options.kind == LossKind::Gce) return exponential(crossEntropy * -options.parameter);
  const Floats miss = maximum(oneMinusExp(crossEntropy), broadcast(focalLeastMiss));
  const float gamma = options.parameter;
  const Floats rise = gamma * power(miss, gamma - 1) * exponential(-crossEntropy) * crossEntropy;
  return power(miss, gamma) + (miss > focalLeastMiss ? rise : Floats{});
}

COARSELY_INLINE Floats clamp(Floats values, float least, float most) {
  const Floats raised = values < least ? broadcast(least) : values;
  return raised > most ? broadcast(most) : raised;
}

struct BlockResult {
  Floats losses;
  Floats confidence;
};

/// Returns the losses (0 where a pixel has no label) and confidences of a block. `planes` has room for blockFloats(C).
template <bool blends, Indicator indicator, bool smooths>
COARSELY_INLINE BlockResult forwardBlock(const BlendedRows& rows, const BlockLabels& labels, const LossOptions& options,
                                         float* planes) {
  const int64_t classes = options.classes;
  const Floats most = blendBlock<blends>(rows, classes, planes);
  Floats sum{}, moment{}, weighted{};
  for (int64_t c = 0; c < classes; ++c) {
    const Floats difference = load(planes + c * vectorLanes) - most;
    const Floats e = exponential(difference);
    sum += e;
    if constexpr (smooths) weighted += options.classWeights[c] * difference;
    if constexpr (indicator == Indicator::Variance) moment += e * e;
    // The limit keeps 0 log 0 = 0 for a logit of -infinity.
    if constexpr (indicator == Indicator::Entropy) moment += e * maximum(difference, broadcast(leastExponent));
  }
  const Floats logOfSum = logarithm(sum);
  const Floats crossEntropy = logOfSum - (labelLogits(planes, labels) - most);
  Floats losses;
  if constexpr (smooths) {
    const Floats own = (1.0f - options.parameter) * labelClassWeights(labels, options);
    losses = own * crossEntropy + (options.uniformSum * logOfSum - options.uniform * weighted);
  } else {
    losses = lossOf(crossEntropy, options);
  }
  BlockResult result{labeledLanes(labels, options) ? losses : Floats{}, broadcast(1)};
  const auto count = static_cast<float>(classes);
  if constexpr (indicator == Indicator::Variance) {
    if (classes > 1) {
      const Floats share = (moment / (sum * sum) * count - 1.0f) / (count - 1);
      result.confidence = clamp(share, 0, 1) * 2.0f - 1.0f;
    }
  }
  if constexpr (indicator == Indicator::Entropy) {
    const float greatest = std::log(classes > 2 ? count : 2.0f);
    result.confidence = clamp((moment / sum - logOfSum) * (2 / greatest) + 1.0f, -1, 1);
  }
  return result;
}

/// Adds the gradient of a block to the gradients of rows `above` and `below`, given the gradients of its losses.
template <bool blends, bool smooths>
COARSELY_INLINE void backwardBlock(const BlendedRows& rows, const BlockLabels& labels, Floats gradients,
                                   const LossOptions& options, float* planes, float* above, float* below) {
  const int64_t classes = options.classes;
  const Floats most = blendBlock<blends>(rows, classes, planes);
  const bool curved = !options.isCrossEntropy();
  const Floats own = curved ? labelLogits(planes, labels) : most;
  Floats sum{};
  for (int64_t c = 0; c < classes; ++c) {
    const Floats e = exponential(load(planes + c * vectorLanes) - most);
    store(planes + c * vectorLanes, e);
    sum += e;
  }
  if (curved) gradients *= slopeOf(logarithm(sum) - (own - most), options);
  float sums[vectorLanes];
  if constexpr (smooths) {
    // The class c has (own + uniform sum) p_c - uniform w_c, and that of the label has own less.
    const Floats own = (1.0f - options.parameter) * labelClassWeights(labels, options);
    const Floats total = own + options.uniformSum, each = options.uniform * sum;
    for (int64_t c = 0; c < classes; ++c) {
      float* plane = planes + c * vectorLanes;
      store(plane, total * load(plane) - options.classWeights[c] * each);
    }
    store(sums, own * sum);
  } else {
    store(sums, sum);
  }
  // The label's class has p - 1 = (e - sum) / sum.
  for (int64_t i = 0; i < vectorLanes; ++i) planes[labels.index[i] * vectorLanes + i] -= sums[i];
  const Floats scale = labeledLanes(labels, options) ? gradients / sum : Floats{};
  if constexpr (!blends) {
    for (int64_t c = 0; c < classes; ++c) store(above + c * rows.stride, load(planes + c * vectorLanes) * scale);
    return;
  }
  const Floats toAbove = scale * (1.0f - rows.share), toBelow = scale * rows.share;
  for (int64_t c = 0; c < classes; ++c) {
    const Floats difference = load(planes + c * vectorLanes);
    store(above + c * rows.stride, load(above + c * rows.stride) + difference * toAbove);
    store(below + c * rows.stride, load(below + c * rows.stride) + difference * toBelow);
  }
}

}  // namespace coarsely
