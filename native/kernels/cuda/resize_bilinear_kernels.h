// Kernels of bilinear resizing of channels-last maps, one thread per result. Backward gathers too, so that no two
// threads add to the same number.
#pragma once

#include "../resize_axis.h"

namespace coarsely::cuda {

/// Describes maps [N, rows.inputs, columns.inputs, C] that are resized to [N, rows.outputs, columns.outputs, C].
struct ResizedMaps {
  ResizeAxis rows, columns;
  int64_t channels;
};

struct ResizeForward {
  ResizedMaps maps;
  const float* input;
  float* output;

  COARSELY_HOST_DEVICE void operator()(int64_t index) const {
    const auto& [rows, columns, channels] = maps;
    const int64_t c = index % channels, x = index / channels % columns.outputs;
    const int64_t y = index / channels / columns.outputs % rows.outputs;
    const int64_t image = index / channels / columns.outputs / rows.outputs;
    const AxisPoint row = rows.at(y), column = columns.at(x);
    const float* above = input + (image * rows.inputs + row.first) * columns.inputs * channels + c;
    const float* below = input + (image * rows.inputs + row.second) * columns.inputs * channels + c;
    const int64_t left = column.first * channels, right = column.second * channels;
    const float rest = 1.0f - column.share;
    const float upper = rest * above[left] + column.share * above[right];
    const float lower = rest * below[left] + column.share * below[right];
    output[index] = (1.0f - row.share) * upper + row.share * lower;
  }
};

struct ResizeBackward {
  ResizedMaps maps;
  const float* gradient;
  float* output;

  COARSELY_HOST_DEVICE void operator()(int64_t index) const {
    const auto& [rows, columns, channels] = maps;
    const int64_t c = index % channels, column = index / channels % columns.inputs;
    const int64_t row = index / channels / columns.inputs % rows.inputs;
    const int64_t image = index / channels / columns.inputs / rows.inputs;
    const AxisRange high = rows.reach(row), wide = columns.reach(column);
    float sum = 0.0f;
    for (int64_t y = high.begin; y < high.end; ++y) {
      const float rowWeight = rows.weight(row, y);
      if (rowWeight == 0.0f) continue;
      const float* source = gradient + (image * rows.outputs + y) * columns.outputs * channels + c;
      float rowSum = 0.0f;
      for (int64_t x = wide.begin; x < wide.end; ++x) {
        const float weight = columns.weight(column, x);
        if (weight != 0.0f) rowSum += weight * source[x * channels];
      }
      sum += rowWeight * rowSum;
    }
    output[index] = sum;
  }
};

}  // namespace coarsely::cuda
