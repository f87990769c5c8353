// Products of rows of pixels with a packed matrix: what a convolution with filters of one pixel is in channels-last
// order. libtorch's own products do not add to their output, apply no activation, and divide their work among threads;
// here the caller calls for rows that lie in a core's cache.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "activation.h"

namespace coarsely {

/// Is a matrix whose columns are packed in groups of up to three vectors, so that the weights of a group are read in
/// order. Columns that fill the last vector are zero.
class PackedMatrix {
 public:
  struct Group {
    /// Is the first vector of columns.
    int64_t first;
    int64_t vectors;
  };

  PackedMatrix() = default;
  /// Packs `matrix`, [columns, depth], with `bias`, [columns]; rows of zeros follow up to `paddedDepth`.
  PackedMatrix(const at::Tensor& matrix, const at::Tensor& bias, int64_t paddedDepth);

  int64_t depth() const { return depth_; }
  int64_t columns() const { return columns_; }
  /// Counts the vectors that hold the columns.
  int64_t vectors() const { return (columns_ + vectorLanes - 1) / vectorLanes; }
  const std::vector<Group>& groups() const { return groups_; }
  /// Returns the weights of a group from row `row` on: [depth - row, group.vectors * vectorLanes].
  const float* weights(const Group& group, int64_t row) const {
    return weights_.data_ptr<float>() + (group.first * depth_ + row * group.vectors) * vectorLanes;
  }
  const float* bias() const { return bias_.data_ptr<float>(); }

 private:
  int64_t depth_ = 0, columns_ = 0;
  std::vector<Group> groups_;
  at::Tensor weights_, bias_;
};

/// Describes a product of pixels with some columns and some rows of a packed matrix.
struct PixelProduct {
  /// Is [pixels, depthEnd - depthBegin], with `inputStride` numbers from pixel to pixel.
  const float* input;
  int64_t inputStride;
  int64_t pixels;
  int64_t depthBegin, depthEnd;
  size_t groupBegin, groupEnd;
  /// Is [pixels, columns of the groups], with `outputStride` numbers from pixel to pixel.
  float* output;
  int64_t outputStride;
  /// Says that the product is added to the output; otherwise it starts with the bias.
  bool accumulate;
  /// Is added before the activation and laid out as the output is; null for none.
  const float* residual;
  Activation activation;
};

/// Computes a product. Each number is a sum in the order of depth, whatever the number of pixels and however the depth
/// is divided among calls.
void multiply(const PackedMatrix& matrix, const PixelProduct& product);

}  // namespace coarsely
