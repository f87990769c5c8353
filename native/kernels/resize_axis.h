// Computes where bilinear resizing (align_corners = false) reads along one axis, with the same arithmetic on the CPU
// and on a GPU.
#pragma once

#include <vector>

#include "vectorized.h"

namespace coarsely {

/// Is the pair of input positions between which an output position lies; `share` is the weight of the second.
struct AxisPoint {
  int64_t first, second;
  float share;
};

/// Is a range [begin, end) of output positions.
struct AxisRange {
  int64_t begin, end;
};

/// Maps positions of an axis of `outputs` pixels to the axis of `inputs` pixels that it is resized from.
struct ResizeAxis {
  int64_t inputs, outputs;
  float scale;

  ResizeAxis() = default;
  ResizeAxis(int64_t inputs, int64_t outputs)
      : inputs(inputs), outputs(outputs), scale(static_cast<float>(inputs) / static_cast<float>(outputs)) {}

  COARSELY_HOST_DEVICE AxisPoint at(int64_t output) const { return around(static_cast<float>(output) + 0.5f); }

  /// Returns where a position between 0 and `outputs` is read; a pixel's center is at a half-integer.
  COARSELY_HOST_DEVICE AxisPoint around(float position) const {
    const float source = scale * position - 0.5f;
    const float clamped = source > 0.0f ? source : 0.0f;
    const int64_t whole = static_cast<int64_t>(clamped);
    const int64_t first = whole < inputs - 1 ? whole : inputs - 1;
    const int64_t second = first + 1 < inputs ? first + 1 : first;
    return {first, second, clamped - static_cast<float>(first)};
  }

  /// Returns the weight of an input position in an output position, 0 where it has none.
  COARSELY_HOST_DEVICE float weight(int64_t input, int64_t output) const {
    const AxisPoint point = at(output);
    float weight = 0.0f;
    if (point.first == input) weight += 1.0f - point.share;
    if (point.second == input) weight += point.share;
    return weight;
  }

  /// Returns a range that holds all output positions in which an input position has a weight, and at most two more at
  /// each end.
  COARSELY_HOST_DEVICE AxisRange reach(int64_t input) const {
    const float position = static_cast<float>(input);
    const int64_t begin = static_cast<int64_t>((position - 0.5f) / scale - 0.5f) - 1;
    const int64_t end = static_cast<int64_t>((position + 1.5f) / scale - 0.5f) + 2;
    return {begin > 0 && input > 0 ? begin : 0, input + 1 < inputs && end < outputs ? end : outputs};
  }
};

/// Holds the points of all output positions of an axis, or of a range of them.
struct ResizePoints {
  std::vector<int64_t> first;
  std::vector<int64_t> second;
  std::vector<float> share;

  ResizePoints(int64_t inputs, int64_t outputs) : ResizePoints(inputs, outputs, 0, outputs) {}
  ResizePoints(int64_t inputs, int64_t outputs, int64_t begin, int64_t count)
      : first(count), second(count), share(count) {
    const ResizeAxis axis(inputs, outputs);
    for (int64_t i = 0; i < count; ++i) {
      const AxisPoint point = axis.at(begin + i);
      first[i] = point.first;
      second[i] = point.second;
      share[i] = point.share;
    }
  }
};

}  // namespace coarsely
