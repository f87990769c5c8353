// Decodes what nearly all PNGs of datasets are (8 bits a channel, not interlaced), and only the rows that are wanted:
// a training crop shows a part of its image, and what lies below it need not be decompressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coarsely {

struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

/// A PNG file in memory that this decoder takes.
struct Png {
  uint32_t width = 0;
  uint32_t height = 0;
  /// 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
  int colourType = 0;
  int channels = 0;
  /// Something beside the pixels says how to show them: a colour profile, an orientation, transparency.
  bool adorned = false;
  /// The compressed pixels, in order.
  std::vector<Bytes> parts;
};

/// Whether the checksums of a file are computed, which costs a tenth of its decompression.
enum class Checksums { kVerified, kTrusted };

/// Reads the structure of a file. False for another form of PNG or no PNG at all; throws for a damaged or truncated one.
bool openPng(const Bytes& file, Checksums checksums, Png& png);

/// Rows first … first + count − 1 as they are stored, [count, width · channels], into `output`.
void decodePngRows(const Png& png, uint32_t first, uint32_t count, uint8_t* output);

}  // namespace coarsely
