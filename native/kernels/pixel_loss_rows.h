// Rows of logits as the pixel loss wants them, one plane of pixels for each class, and rows of gradients back: any
// layout and floating type on one side, resized horizontally or not.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "axis.h"

namespace coarsely {

/// Maps [N,C,h,w] in memory.
struct MapsView {
  char* data;
  at::ScalarType type;
  int64_t classes, height, width;
  int64_t imageStride, classStride, rowStride, pixelStride;

  explicit MapsView(const at::Tensor& maps);
};

/// Some consecutive pixels of one row of an image.
struct RowPart {
  int64_t image;
  int64_t row;
  int64_t begin;
  int64_t end;
};

constexpr int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// Planes [C][stride] of float32; a stride that is no multiple of 4 KiB keeps the planes apart in the cache.
int64_t planeStride(int64_t pixels);

/// Pixels of a row as planes. `scratch` holds roundUp(C, 16) floats a pixel.
void readPlanes(const MapsView& maps, const RowPart& part, float* planes, int64_t stride, float* scratch);
void writePlanes(const MapsView& maps, const RowPart& part, const float* planes, int64_t stride, float* scratch);

/// Output pixels [begin, end) of a row resized to the positions of `columns`, as planes.
void readStretched(const MapsView& maps, const RowPart& part, const Axis& columns, float* planes, int64_t stride,
                   float* scratch);

/// Its transpose: what the output pixels of `part`, given as planes, add up to in input pixels [from, to) of its row. The
/// part must hold every output pixel that lies between these.
void writeGathered(const MapsView& maps, const RowPart& part, const Axis& columns, const float* planes, int64_t stride,
                   int64_t from, int64_t to, float* scratch);

}  // namespace coarsely
