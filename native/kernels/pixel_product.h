// Products of rows of pixels with a packed matrix: what a convolution with filters of one pixel is in channels-last
// order. libtorch's own products do not add to their output, apply no activation, and divide their work among threads;
// here the caller calls for rows that lie in a core's cache.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "pixel_tile.h"

namespace coarsely {

/// Returns whether the processor multiplies pairs of bfloat16 numbers, so that products of bfloat16 can be computed.
bool multipliesBfloat16();

/// Is a matrix of float32 or bfloat16 whose columns are packed in groups of up to three vectors, so that the weights of
/// a group are read in order. Columns that fill the last vector are zero.
class PackedMatrix {
 public:
  struct Group {
    /// Is the first vector of columns.
    int64_t first;
    int64_t vectors;
  };

  PackedMatrix() = default;
  /// Packs `matrix`, [columns, depth], with `bias`, [columns]; rows of zeros follow up to `paddedDepth`, which is even
  /// for bfloat16.
  PackedMatrix(const at::Tensor& matrix, const at::Tensor& bias, int64_t paddedDepth, at::ScalarType type);

  int64_t depth() const { return depth_; }
  int64_t columns() const { return columns_; }
  /// Counts the vectors that hold the columns.
  int64_t vectors() const { return (columns_ + vectorLanes - 1) / vectorLanes; }
  const std::vector<Group>& groups() const { return groups_; }
  /// Returns the weights of a group from row `row` on: [depth - row, group.vectors * vectorLanes].
  template <typename In>
  const In* weights(const Group& group, int64_t row) const {
    return static_cast<const In*>(weights_.data_ptr()) + (group.first * depth_ + row * group.vectors) * vectorLanes;
  }
  const float* bias() const { return bias_.data_ptr<float>(); }

 private:
  int64_t depth_ = 0, columns_ = 0;
  std::vector<Group> groups_;
  at::Tensor weights_, bias_;
};

/// Computes a product. Each number is a sum in the order of depth, whatever the number of pixels and however the depth
/// is divided among calls.
void multiply(const PackedMatrix& matrix, const PixelProduct<float>& product);
void multiply(const PackedMatrix& matrix, const PixelProduct<Bfloat16Bits>& product);

}  // namespace coarsely
