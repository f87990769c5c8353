// Divides the columns of a convolution with one filter per channel into lattices. In a lattice, neighbors read source
// columns that are whole steps apart, whatever stride and dilation are, so a kernel that computes several neighbors
// loads each source column once. The gradient to the input divides into lattices in the same way: it is a convolution
// of the gradient with a part of the filter, which differs between lattices.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace coarsely {

/// Holds the sizes of a convolution along one axis, in pixels.
struct Axis {
  int64_t input, output, kernel, stride, padding, dilation;
};

/// Holds target columns `first`, `first + step`, ... Target column i of them reads the source columns
/// `source + (i * advance + t) * spacing` for t in [0, taps), each with column `tap + t * tapStep` of the filter.
struct Lattice {
  int64_t first, step, count;
  int64_t source, spacing, advance;
  int64_t taps, tap, tapStep;
};

/// Returns how many of `first`, `first + step`, ... are below `end`.
inline int64_t countBelow(int64_t end, int64_t first, int64_t step) {
  return (end - first + step - 1) / step;
}

/// Returns the lattices of the output's columns.
inline std::vector<Lattice> outputLattices(const Axis& axis) {
  std::vector<Lattice> lattices;
  for (int64_t first = 0; first < std::min(axis.dilation, axis.output); ++first) {
    lattices.push_back({first, axis.dilation, countBelow(axis.output, first, axis.dilation),
                        first * axis.stride - axis.padding, axis.dilation, axis.stride, axis.kernel, 0, 1});
  }
  return lattices;
}

/// Returns the lattices of the columns of the gradient to the input, whose source is the gradient to the output.
inline std::vector<Lattice> inputLattices(const Axis& axis) {
  const int64_t shared = std::gcd(axis.stride, axis.dilation);
  const int64_t tapStep = axis.stride / shared, spacing = axis.dilation / shared, step = axis.stride * spacing;
  std::vector<Lattice> lattices;
  for (int64_t first = 0; first < std::min(step, axis.input); ++first) {
    // Tap t reached this column from an output column where the stride divides first + padding - t * dilation.
    int64_t least = 0;
    while (least < tapStep && (first + axis.padding - least * axis.dilation) % axis.stride != 0) ++least;
    const int64_t taps = least < tapStep ? countBelow(axis.kernel, std::min(least, axis.kernel), tapStep) : 0;
    const int64_t last = least + (taps - 1) * tapStep;
    const int64_t source = taps > 0 ? (first + axis.padding - last * axis.dilation) / axis.stride : 0;
    lattices.push_back({first, step, countBelow(axis.input, first, step), source, spacing, 1, taps, last, -tapStep});
  }
  return lattices;
}

/// Pairs a row of the source with the row of the filter that reads it.
struct RowPair {
  int64_t source, tap;
};

/// Returns the rows of the input that row `y` of the output reads.
inline std::vector<RowPair> rowsOfOutput(const Axis& axis, int64_t y) {
  std::vector<RowPair> rows;
  for (int64_t tap = 0; tap < axis.kernel; ++tap) {
    const int64_t row = y * axis.stride + tap * axis.dilation - axis.padding;
    if (row >= 0 && row < axis.input) rows.push_back({row, tap});
  }
  return rows;
}

/// Returns the rows of the output that read row `y` of the input.
inline std::vector<RowPair> rowsOfInput(const Axis& axis, int64_t y) {
  std::vector<RowPair> rows;
  for (int64_t tap = 0; tap < axis.kernel; ++tap) {
    const int64_t place = y + axis.padding - tap * axis.dilation, row = place / axis.stride;
    if (place >= 0 && place % axis.stride == 0 && row < axis.output) rows.push_back({row, tap});
  }
  return rows;
}

}  // namespace coarsely
