// zlib's inflate, taken from the running Node: its copy is vectorised (three times the speed of stock zlib), and using
// it needs neither a header nor a library at build time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coarsely {

/// Whether this process has zlib's functions: true for Node as it is distributed.
bool hasInflate();

/// CRC-32 of a PNG chunk, continued from `crc` (0 at first).
uint32_t crc32Of(uint32_t crc, const uint8_t* bytes, size_t length);

/// A zlib stream that is decompressed piece by piece.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// The next compressed bytes; only when `hungry`.
  void feed(const uint8_t* bytes, size_t length);
  bool hungry() const { return stream_.inputLeft == 0; }
  bool ended() const { return ended_; }
  /// Fills `output` as far as the input goes; the number of bytes written. Throws for a damaged stream.
  size_t run(uint8_t* output, size_t capacity);

 private:
  /// zlib's z_stream, whose layout has been the same since 1995.
  struct Stream {
    const uint8_t* input = nullptr;
    unsigned inputLeft = 0;
    unsigned long inputTotal = 0;
    uint8_t* output = nullptr;
    unsigned outputLeft = 0;
    unsigned long outputTotal = 0;
    const char* message = nullptr;
    void* state = nullptr;
    void* (*allocate)(void*, unsigned, unsigned) = nullptr;
    void (*release)(void*, void*) = nullptr;
    void* opaque = nullptr;
    int dataType = 0;
    unsigned long adler = 0;
    unsigned long reserved = 0;
  };

  Stream stream_;
  bool ended_ = false;
};

}  // namespace coarsely
