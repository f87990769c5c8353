// The mathematics of the pixel loss for sixteen pixels of one row, all their classes at hand in planes. Inlined into
// functions that are compiled for each level of vectors.
#pragma once

#include "lanes.h"
#include "pixel_loss.h"

namespace coarsely {

struct LossOptions {
  LossKind kind;
  Indicator indicator;
  float parameter;
  int64_t ignoreIndex;
  int64_t classes;

  bool isCrossEntropy() const {
    return kind == LossKind::CrossEntropy || (kind == LossKind::Gce && parameter < kCrossEntropyBelow);
  }
};

/// Where the logits of a block are: between row `above` and row `below`, planes [C][stride], by the latter's share.
struct BlendedRows {
  const float* above;
  const float* below;
  int64_t stride;
  float share;
};

/// Labels of a block as indices of planes. A pixel without a label has one beyond the classes: a plane of its own, which
/// is written like another and never read, spares a branch for every pixel.
struct BlockLabels {
  int32_t index[kLanes];
  bool any;
};

/// Planes of a block: those of the classes, and the one of pixels without a label.
constexpr int64_t blockFloats(int64_t classes) { return (classes + 1) * kLanes; }

/// Reads `lanes` labels. Stores one that is no class in `wrong`.
COARSELY_INLINE BlockLabels readLabels(const int64_t* labels, int64_t lanes, const LossOptions& options,
                                       int64_t& wrong) {
  int64_t held[kLanes];
  if (lanes < kLanes) {
    for (int64_t i = 0; i < kLanes; ++i) held[i] = i < lanes ? labels[i] : options.ignoreIndex;
    labels = held;
  }
  const auto classes = static_cast<uint64_t>(options.classes);
  BlockLabels block;
  uint64_t known = 0, strange = 0;
  for (int64_t i = 0; i < kLanes; ++i) {
    const bool labelled = labels[i] != options.ignoreIndex, isClass = static_cast<uint64_t>(labels[i]) < classes;
    block.index[i] = static_cast<int32_t>(labelled && isClass ? static_cast<uint64_t>(labels[i]) : classes);
    known |= labelled && isClass;
    strange |= labelled && !isClass;
  }
  if (strange != 0) {
    for (int64_t i = 0; i < kLanes; ++i) {
      if (labels[i] != options.ignoreIndex && static_cast<uint64_t>(labels[i]) >= classes) wrong = labels[i];
    }
  }
  block.any = known != 0;
  return block;
}

/// All bits set in the lanes of pixels with a label.
COARSELY_INLINE Ints labelledLanes(const BlockLabels& labels, const LossOptions& options) {
  Ints index;
  std::memcpy(&index, labels.index, sizeof(index));
  return index < static_cast<int32_t>(options.classes);
}

/// Logits into `planes` [C][16]; returns the greatest of each pixel.
template <bool blends>
COARSELY_INLINE Floats blendBlock(const BlendedRows& rows, int64_t classes, float* planes) {
  const float rest = 1.0f - rows.share;
  Floats most = all(-INFINITY);
  for (int64_t c = 0; c < classes; ++c) {
    Floats logits = load(rows.above + c * rows.stride);
    if constexpr (blends) logits = rest * logits + rows.share * load(rows.below + c * rows.stride);
    store(planes + c * kLanes, logits);
    most = greater(logits, most);
  }
  return most;
}

/// Logit of each pixel's own class; anything where it has none.
COARSELY_INLINE Floats ownLogits(const float* planes, const BlockLabels& labels) {
  Floats own;
  float values[kLanes];
  for (int64_t i = 0; i < kLanes; ++i) values[i] = planes[labels.index[i] * kLanes + i];
  std::memcpy(&own, values, sizeof(own));
  return own;
}

COARSELY_INLINE Floats lossOf(Floats crossEntropy, const LossOptions& options) {
  if (options.isCrossEntropy()) return crossEntropy;
  if (options.kind == LossKind::Gce) return oneMinusExp(crossEntropy * options.parameter) / options.parameter;
  const Floats miss = greater(oneMinusExp(crossEntropy), all(kSmallestMiss));
  const Floats loss = power(miss, options.parameter) * crossEntropy;
  return crossEntropy == crossEntropy ? loss : crossEntropy;
}

/// The derivative of the loss by the cross-entropy that it is made from.
COARSELY_INLINE Floats slopeOf(Floats crossEntropy, const LossOptions& options) {
  if (options.kind == LossKind::Gce) return exponential(crossEntropy * -options.parameter);
  const Floats miss = greater(oneMinusExp(crossEntropy), all(kSmallestMiss));
  const float gamma = options.parameter;
  const Floats rise = gamma * power(miss, gamma - 1) * exponential(-crossEntropy) * crossEntropy;
  return power(miss, gamma) + (miss > kSmallestMiss ? rise : Floats{});
}

COARSELY_INLINE Floats within(Floats values, float least, float most) {
  const Floats raised = values < least ? all(least) : values;
  return raised > most ? all(most) : raised;
}

struct BlockResult {
  Floats losses;
  Floats confidence;
};

/// Losses (0 where a pixel has no label) and confidence of a block. `planes` is room for blockFloats(C).
template <bool blends, Indicator indicator>
COARSELY_INLINE BlockResult forwardBlock(const BlendedRows& rows, const BlockLabels& labels,
                                         const LossOptions& options, float* planes) {
  const int64_t classes = options.classes;
  const Floats most = blendBlock<blends>(rows, classes, planes);
  Floats sum{}, moment{};
  for (int64_t c = 0; c < classes; ++c) {
    const Floats difference = load(planes + c * kLanes) - most;
    const Floats e = exponential(difference);
    sum += e;
    if constexpr (indicator == Indicator::Variance) moment += e * e;
    // 0 log 0 = 0 also for a logit of -infinity.
    if constexpr (indicator == Indicator::Entropy) moment += e * greater(difference, all(kLowestExponent));
  }
  const Floats logOfSum = logarithm(sum);
  const Floats crossEntropy = logOfSum - (ownLogits(planes, labels) - most);
  BlockResult result{labelledLanes(labels, options) ? lossOf(crossEntropy, options) : Floats{}, all(1)};
  const auto count = static_cast<float>(classes);
  if constexpr (indicator == Indicator::Variance) {
    if (classes > 1) {
      const Floats share = (moment / (sum * sum) * count - 1.0f) / (count - 1);
      result.confidence = within(share, 0, 1) * 2.0f - 1.0f;
    }
  }
  if constexpr (indicator == Indicator::Entropy) {
    const float greatest = std::log(classes > 2 ? count : 2.0f);
    result.confidence = within((moment / sum - logOfSum) * (2 / greatest) + 1.0f, -1, 1);
  }
  return result;
}

/// Adds a block's gradient, gradients [16] of its losses given, to the rows that its logits came from.
template <bool blends>
COARSELY_INLINE void backwardBlock(const BlendedRows& rows, const BlockLabels& labels, Floats gradients,
                                   const LossOptions& options, float* planes, float* above, float* below) {
  const int64_t classes = options.classes;
  const Floats most = blendBlock<blends>(rows, classes, planes);
  const bool bends = !options.isCrossEntropy();
  const Floats own = bends ? ownLogits(planes, labels) : most;
  Floats sum{};
  for (int64_t c = 0; c < classes; ++c) {
    const Floats e = exponential(load(planes + c * kLanes) - most);
    store(planes + c * kLanes, e);
    sum += e;
  }
  if (bends) gradients *= slopeOf(logarithm(sum) - (own - most), options);
  // p - 1 = (e - sum) / sum for the pixel's own class.
  float sums[kLanes];
  store(sums, sum);
  for (int64_t i = 0; i < kLanes; ++i) planes[labels.index[i] * kLanes + i] -= sums[i];
  const Floats scale = labelledLanes(labels, options) ? gradients / sum : Floats{};
  if constexpr (!blends) {
    for (int64_t c = 0; c < classes; ++c) store(above + c * rows.stride, load(planes + c * kLanes) * scale);
    return;
  }
  const Floats toAbove = scale * (1.0f - rows.share), toBelow = scale * rows.share;
  for (int64_t c = 0; c < classes; ++c) {
    const Floats difference = load(planes + c * kLanes);
    store(above + c * rows.stride, load(above + c * rows.stride) + difference * toAbove);
    store(below + c * rows.stride, load(below + c * rows.stride) + difference * toBelow);
  }
}

}  // namespace coarsely
