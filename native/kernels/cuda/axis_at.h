// Bilinear resizing (align_corners = false) as seen by one thread: where an output position reads, and which output
// positions an input position takes part in. The arithmetic is that of axis.h.
#pragma once

#include "../shared_code.h"

namespace coarsely::cuda {

struct AxisPoint {
  int64_t first, second;
  float share;
};

struct AxisRange {
  int64_t begin, end;
};

struct ResizedAxis {
  int64_t inputs, outputs;
  float scale;

  ResizedAxis() = default;
  ResizedAxis(int64_t inputs, int64_t outputs)
      : inputs(inputs), outputs(outputs), scale(static_cast<float>(inputs) / static_cast<float>(outputs)) {}

  COARSELY_SHARED AxisPoint at(int64_t output) const {
    const float source = scale * (static_cast<float>(output) + 0.5f) - 0.5f;
    const float held = source > 0.0f ? source : 0.0f;
    const int64_t whole = static_cast<int64_t>(held);
    const int64_t first = whole < inputs - 1 ? whole : inputs - 1;
    const int64_t second = first + 1 < inputs ? first + 1 : first;
    return {first, second, held - static_cast<float>(first)};
  }

  /// What an input position weighs in an output position: 0 where it takes no part.
  COARSELY_SHARED float weight(int64_t input, int64_t output) const {
    const AxisPoint point = at(output);
    float weight = 0.0f;
    if (point.first == input) weight += 1.0f - point.share;
    if (point.second == input) weight += point.share;
    return weight;
  }

  /// All output positions that an input position takes part in, and perhaps one or two beside them.
  COARSELY_SHARED AxisRange reach(int64_t input) const {
    const float position = static_cast<float>(input);
    const int64_t begin = static_cast<int64_t>((position - 0.5f) / scale - 0.5f) - 1;
    const int64_t end = static_cast<int64_t>((position + 1.5f) / scale - 0.5f) + 2;
    return {begin > 0 && input > 0 ? begin : 0, input + 1 < inputs && end < outputs ? end : outputs};
  }
};

}  // namespace coarsely::cuda
