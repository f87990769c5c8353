// Reverses the five filters of PNG (RFC 2083, section 6), which store a row as differences from neighboring pixels.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coarsely {

/// Describes one row. `differences` and `above` are readable for one byte beyond the row.
struct FilteredRow {
  const uint8_t* differences;
  /// Points to the decoded row above; for the first row, to zeros.
  const uint8_t* above;
  uint8_t* output;
  size_t bytes;
  /// Counts the bytes of a pixel, 1 to 4.
  int step;
};

/// Decodes a row. @throws std::runtime_error for an unknown filter
void unfilterRow(int filter, const FilteredRow& row);

/// Decodes two consecutive rows, the upper one first.
void unfilterRows(const int (&filters)[2], const FilteredRow (&rows)[2]);

}  // namespace coarsely
