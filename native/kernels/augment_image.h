// From a decoded image to the planes of a training batch in one pass over the crop: resize, mirror, colours, normalise.
#pragma once

#include <cstdint>
#include <vector>

namespace coarsely {

/// Where each of `length` outputs along one axis comes from: two inputs, and the second one's weight of 2048.
struct Taps {
  const int32_t* before;
  const int32_t* after;
  const int32_t* weights;
  int64_t length;
};

/// A step to HSV and back: saturation through a table, hue moved around the circle of 180.
struct HsvChange {
  const uint8_t* saturations;
  int32_t hueShift;
};

struct AugmentedImage {
  /// [rows, sourceWidth, 3], RGB.
  const uint8_t* image;
  int64_t sourceWidth;
  Taps columns;
  /// Rows of `image`.
  Taps rows;
  /// A table of 256 for every channel, before the changes; null for none.
  const uint8_t* table;
  std::vector<HsvChange> changes;
  /// What each byte becomes in the planes: [3, 256].
  const float* values;
  /// [3, planeHeight, planeWidth]; the result fills its top left corner.
  float* output;
  int64_t planeWidth;
  int64_t planeHeight;
};

void augmentImage(const AugmentedImage& work);

}  // namespace coarsely
