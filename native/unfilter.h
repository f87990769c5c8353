// The five filters of PNG (RFC 2083, section 6): a row is stored as differences from its neighbours.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coarsely {

/// One row. Of the differences and of the row above one byte more can be read than there are.
struct FilteredRow {
  const uint8_t* differences;
  /// The row above, all zeros for the first one.
  const uint8_t* above;
  uint8_t* output;
  size_t bytes;
  /// Bytes from a pixel to its neighbour, 1 to 4.
  int step;
};

/// Throws for a filter that does not exist.
void unfilterRow(int filter, const FilteredRow& row);

/// The same for two rows of which the second lies below the first.
void unfilterRows(const int (&filters)[2], const FilteredRow (&rows)[2]);

}  // namespace coarsely
