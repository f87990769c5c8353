// Turns a decoded image into the planes of a training batch in one pass over the crop: resizing, mirroring, photometric
// distortion and normalization.
#pragma once

#include <cstdint>
#include <vector>

namespace coarsely {

/// Holds for each of `length` outputs along one axis its two source positions and the weight of the second, out of
/// resizeWeightOne.
struct Taps {
  const int32_t* before;
  const int32_t* after;
  const int32_t* weights;
  int64_t length;
};

/// Describes a change in HSV: saturations are looked up in a table of 256, hues are shifted on a circle of 180.
struct HsvChange {
  const uint8_t* saturations;
  int32_t hueShift;
};

/// Holds the source, the transformation and the target of one crop.
struct AugmentedImage {
  /// Points to RGB pixels [height, sourceWidth, 3].
  const uint8_t* image;
  int64_t sourceWidth;
  Taps columns;
  Taps rows;
  /// Points to a table of 256 in which every channel is looked up before `changes`; null for none.
  const uint8_t* table;
  std::vector<HsvChange> changes;
  /// Points to the value of each byte in the planes, [3, 256].
  const float* values;
  /// Points to planes [3, planeHeight, planeWidth]; the crop fills their top left corner.
  float* output;
  int64_t planeWidth;
  int64_t planeHeight;
};

/// Fills the planes.
void augmentImage(const AugmentedImage& work);

}  // namespace coarsely
