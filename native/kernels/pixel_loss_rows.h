// Converts rows of logits to one plane of pixels per class, and planes of gradients back to rows, for any layout and
// floating type, with or without horizontal resizing.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "resize_axis.h"

namespace coarsely {

/// Describes maps [N,C,h,w] in memory.
struct MapsView {
  char* data;
  at::ScalarType type;
  int64_t classes, height, width;
  int64_t imageStride, classStride, rowStride, pixelStride;

  explicit MapsView(const at::Tensor& maps);
};

/// Is the range [begin, end) of pixels of one row of an image.
struct RowPart {
  int64_t image;
  int64_t row;
  int64_t begin;
  int64_t end;
};

constexpr int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// Returns the stride of planes [C, stride] of float32: an odd number of vectors, so that planes do not lie a multiple
/// of 4 KiB apart and evict each other from the cache.
int64_t planeStride(int64_t pixels);

/// Reads pixels of a row as planes. `scratch` has room for roundUp(C, 16) floats per pixel.
void readPlanes(const MapsView& maps, const RowPart& part, float* planes, int64_t stride, float* scratch);
/// Writes planes to pixels of a row.
void writePlanes(const MapsView& maps, const RowPart& part, const float* planes, int64_t stride, float* scratch);

/// Reads pixels [begin, end) of a row that is resized horizontally, as planes.
void readStretched(const MapsView& maps, const RowPart& part, const ResizePoints& columns, float* planes,
                   int64_t stride, float* scratch);

/// Applies the transpose of `readStretched`: writes to input pixels [from, to) of a row the sums of the output pixels
/// of `part`, given as planes. The part must contain every output pixel that reads these input pixels.
void writeGathered(const MapsView& maps, const RowPart& part, const ResizePoints& columns, const float* planes,
                   int64_t stride, int64_t from, int64_t to, float* scratch);

}  // namespace coarsely
