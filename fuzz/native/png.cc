// Decodes PNGs for libFuzzer: a file of the fuzzer's bytes, or, by the first byte, a header and rows that are
// compressed here, so that mutations reach the filters behind checksums and compression. Memory that the decoder must
// not touch lies directly behind every buffer, where AddressSanitizer watches it.
#include "images/png.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "images/inflate.h"

namespace {

using Content = std::vector<uint8_t>;

/// Limits the pixels, as a header alone may claim any number of them.
constexpr size_t kMostBytes = size_t{1} << 24;

void append(Content& file, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) file.push_back(static_cast<uint8_t>(value >> shift));
}

void appendChunk(Content& file, const char* name, const Content& content) {
  append(file, static_cast<uint32_t>(content.size()));
  const size_t start = file.size();
  file.insert(file.end(), name, name + 4);
  file.insert(file.end(), content.begin(), content.end());
  append(file, coarsely::crc32Of(0, file.data() + start, file.size() - start));
}

/// Returns the bytes as a zlib stream of stored blocks, which needs no compressor.
Content stored(const uint8_t* bytes, size_t size) {
  Content stream{0x78, 0x01};
  uint32_t low = 1, high = 0;
  for (size_t at = 0;;) {
    const auto length = static_cast<uint16_t>(std::min<size_t>(size - at, 0xffff));
    const bool last = at + length == size;
    const auto inverse = static_cast<uint16_t>(~length);
    for (const int value : {last ? 1 : 0, length & 255, length >> 8, inverse & 255, inverse >> 8}) {
      stream.push_back(static_cast<uint8_t>(value));
    }
    for (size_t end = at + length; at < end; ++at) {
      stream.push_back(bytes[at]);
      low = (low + bytes[at]) % 65521;
      high = (high + low) % 65521;
    }
    if (last) break;
  }
  append(stream, high << 16 | low);
  return stream;
}

/// Returns a file whose header is the first seven bytes (width and height of 12 bits, color type, parts, rows to skip).
Content built(const uint8_t* bytes, size_t size) {
  static constexpr uint8_t colorTypes[] = {0, 2, 3, 4, 6};
  Content header;
  append(header, 1u + (bytes[0] | (bytes[1] & 1) << 8));
  append(header, 1u + bytes[2]);
  for (const int value : {8, int{colorTypes[bytes[3] % 5]}, 0, 0, 0}) header.push_back(static_cast<uint8_t>(value));
  const Content pixels = stored(bytes + 5, size - 5);
  Content file{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  appendChunk(file, "IHDR", header);
  const size_t part = 1 + bytes[4] * size_t{16};
  for (size_t at = 0; at < pixels.size(); at += part) {
    const auto begin = pixels.begin() + static_cast<ptrdiff_t>(at);
    appendChunk(file, "IDAT", Content(begin, begin + static_cast<ptrdiff_t>(std::min(part, pixels.size() - at))));
  }
  appendChunk(file, "IEND", {});
  return file;
}

void decode(const uint8_t* bytes, size_t size, coarsely::Checksums checksums) {
  coarsely::Png png;
  if (!coarsely::openPng({bytes, size}, checksums, png)) return;
  const size_t rowBytes = size_t{png.width} * static_cast<size_t>(png.channels);
  if (rowBytes * png.height > kMostBytes) return;
  for (const uint32_t first : {0u, png.height / 2, png.height - 1}) {
    const uint32_t count = png.height - first;
    const auto output = std::make_unique<uint8_t[]>(rowBytes * count);
    coarsely::decodePngRows(png, first, count, output.get());
  }
}

/// Calls the decoder on a buffer of exactly the file's size, and accepts that it throws.
void decodeCopy(const uint8_t* bytes, size_t size, coarsely::Checksums checksums) {
  const auto copy = std::make_unique<uint8_t[]>(size);
  if (size > 0) std::memcpy(copy.get(), bytes, size);
  try {
    decode(copy.get(), size, checksums);
  } catch (const std::runtime_error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 7) return 0;
  if (data[0] % 3 == 2) {
    const Content file = built(data + 1, size - 1);
    decodeCopy(file.data(), file.size(), coarsely::Checksums::kVerified);
  } else {
    decodeCopy(data + 1, size - 1, data[0] % 3 == 0 ? coarsely::Checksums::kVerified : coarsely::Checksums::kTrusted);
  }
  return 0;
}
