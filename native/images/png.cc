// Decompresses strips of rows that stay in the cache, and reverses the filters of their rows.
#include "images/png.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "images/inflate.h"
#include "images/unfilter.h"

namespace coarsely {

namespace {

constexpr uint8_t kSignature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr size_t kStripBytes = 192 * 1024;
/// Counts the bytes that unfilterRow may read beyond a row.
constexpr size_t kSpareBytes = 1;
/// Is the most bytes that a byte of a deflate stream stands for.
constexpr size_t kLargestRatio = 1032;

uint32_t bigEndian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

int channelsOf(int colorType) {
  switch (colorType) {
    case 0: return 1;
    case 2: return 3;
    case 3: return 1;
    case 4: return 2;
    case 6: return 4;
    default: return 0;
  }
}

[[noreturn]] void throwTruncated(size_t size) {
  throw std::runtime_error("expected more than " + std::to_string(size) + " bytes: the file is truncated");
}

bool readHeader(const uint8_t* content, size_t length, Png& png) {
  if (length != 13)
    throw std::runtime_error("expected a header of 13 bytes, received " + std::to_string(length) +
                             ": the file is damaged");
  png.width = bigEndian(content);
  png.height = bigEndian(content + 4);
  png.colorType = content[9];
  png.channels = channelsOf(png.colorType);
  const bool eightBits = content[8] == 8, plainForm = content[10] == 0 && content[11] == 0 && content[12] == 0;
  return eightBits && plainForm && png.channels > 0 && png.width > 0 && png.height > 0 && png.width < (1u << 24);
}

/// Throws when the compressed bytes cannot hold the pixels that the header states, before memory is taken for them.
void expectRoomForPixels(const Png& png) {
  size_t compressed = 0;
  for (const auto& part : png.parts) compressed += part.size;
  const size_t expected = (size_t{png.width} * static_cast<size_t>(png.channels) + 1) * png.height;
  if (expected / kLargestRatio <= compressed) return;
  throw std::runtime_error("expected at least " + std::to_string(expected / kLargestRatio) + " compressed bytes for " +
                           std::to_string(png.width) + " x " + std::to_string(png.height) + " pixels, received " +
                           std::to_string(compressed) + ": the file is truncated");
}

}  // namespace

bool openPng(const Bytes& file, Checksums checksums, Png& png) {
  if (!hasInflate() || file.size < sizeof kSignature || std::memcmp(file.data, kSignature, sizeof kSignature) != 0) {
    return false;
  }
  size_t at = sizeof kSignature;
  for (bool first = true;; first = false) {
    if (file.size < at + 12) throwTruncated(file.size);
    const uint8_t* chunk = file.data + at;
    const size_t length = bigEndian(chunk);
    if (file.size - at - 12 < length) throwTruncated(file.size);
    if (checksums == Checksums::kVerified && crc32Of(0, chunk + 4, length + 4) != bigEndian(chunk + 8 + length)) {
      throw std::runtime_error("the chunk at byte " + std::to_string(at) + " is damaged");
    }
    const auto is = [&](const char* name) { return std::memcmp(chunk + 4, name, 4) == 0; };
    if (first != is("IHDR")) throw std::runtime_error("expected the header as the first chunk: the file is damaged");
    if (first && !readHeader(chunk + 8, length, png)) return false;
    if (is("IDAT")) png.parts.push_back({chunk + 8, length});
    if (is("iCCP") || is("eXIf") || is("tRNS") || is("cICP")) png.hasMetadata = true;
    if (is("IEND")) {
      expectRoomForPixels(png);
      return true;
    }
    at += length + 12;
  }
}

void decodePngRows(const Png& png, uint32_t first, uint32_t count, uint8_t* output) {
  if (first > png.height || count > png.height - first) {
    throw std::runtime_error("expected rows within the image's " + std::to_string(png.height) + ", received " +
                             std::to_string(count) + " from row " + std::to_string(first));
  }
  const size_t rowBytes = size_t{png.width} * png.channels, stored = rowBytes + 1;
  const size_t stripRows = std::max<size_t>(1, kStripBytes / stored);
  std::vector<uint8_t> strip(stripRows * stored + kSpareBytes);
  // Rows above the first wanted one are kept only until the row below them is decoded.
  std::vector<uint8_t> zeros(rowBytes + kSpareBytes), above[2] = {zeros, zeros};
  const uint8_t* previous = zeros.data();
  Inflater inflater;
  size_t part = 0;
  const uint32_t end = first + count;
  for (uint32_t row = 0; row < end;) {
    const size_t rows = std::min<size_t>(stripRows, end - row), wanted = rows * stored;
    for (size_t filled = 0; filled < wanted;) {
      if (inflater.needsInput() && part < png.parts.size()) {
        inflater.feed(png.parts[part].data, png.parts[part].size);
        ++part;
      }
      const size_t written = inflater.run(strip.data() + filled, wanted - filled);
      filled += written;
      const bool exhausted = inflater.ended() || (written == 0 && inflater.needsInput() && part == png.parts.size());
      if (filled < wanted && exhausted)
        throw std::runtime_error("expected more pixels after row " + std::to_string(row) + ": the file is truncated");
    }
    const auto filterOf = [&](size_t i) -> int { return strip[i * stored]; };
    const auto rowAt = [&](size_t i) -> FilteredRow {
      const uint32_t y = row + static_cast<uint32_t>(i);
      uint8_t* target = y < first ? above[y & 1].data() : output + (y - first) * rowBytes;
      const FilteredRow next{strip.data() + i * stored + 1, previous, target, rowBytes, png.channels};
      previous = target;
      return next;
    };
    size_t i = 0;
    for (; i + 1 < rows; i += 2) {
      const FilteredRow upper = rowAt(i), lower = rowAt(i + 1);
      unfilterRows({filterOf(i), filterOf(i + 1)}, {upper, lower});
    }
    if (i < rows) unfilterRow(filterOf(i), rowAt(i));
    row += static_cast<uint32_t>(rows);
  }
}

}  // namespace coarsely
