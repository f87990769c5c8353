// Decodes PNGs of 8 bits per channel without interlacing, which nearly all PNGs of datasets are, and stops after the
// last row that a training crop shows. Partial decoding is why this decoder exists: `npm run bench -- loader`
// measures 2.5 times the samples per second of a DataLoader that decodes with OpenCV and 3.9 times those with Pillow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coarsely {

/// Refers to bytes in memory.
struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

/// Describes a PNG file in memory that this decoder supports.
struct Png {
  uint32_t width = 0;
  uint32_t height = 0;
  /// Holds the color type: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha.
  int colorType = 0;
  int channels = 0;
  /// Is true when a color profile, an orientation or transparency changes how the pixels are shown.
  bool hasMetadata = false;
  /// Holds the compressed pixels, in order.
  std::vector<Bytes> parts;
};

/// Selects whether the checksums of a file are computed, which takes a tenth of the time of its decompression.
enum class Checksums { kVerified, kTrusted };

/// Reads the chunks of a file. Returns false for a file that is not supported. @throws std::runtime_error for a damaged
/// or truncated one
bool openPng(const Bytes& file, Checksums checksums, Png& png);

/// Writes rows [first, first + count) to `output` [count, width * channels].
void decodePngRows(const Png& png, uint32_t first, uint32_t count, uint8_t* output);

}  // namespace coarsely
