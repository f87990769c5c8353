// Where bilinear resizing (align_corners = false) reads along one axis: the same arithmetic wherever maps are resized.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace coarsely {

/// For each output position along one axis: the two input positions it lies between and the second one's share.
struct Axis {
  std::vector<int64_t> first;
  std::vector<int64_t> second;
  std::vector<float> share;

  Axis(int64_t inputs, int64_t outputs) : first(outputs), second(outputs), share(outputs) {
    const float scale = static_cast<float>(inputs) / static_cast<float>(outputs);
    for (int64_t i = 0; i < outputs; ++i) {
      const float source = std::max(scale * (static_cast<float>(i) + 0.5f) - 0.5f, 0.0f);
      first[i] = std::min(static_cast<int64_t>(source), inputs - 1);
      second[i] = std::min(first[i] + 1, inputs - 1);
      share[i] = source - static_cast<float>(first[i]);
    }
  }
};

}  // namespace coarsely
