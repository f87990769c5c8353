// Wraps the inflate of the zlib that Node itself contains. That copy is vectorized (three times as fast as the plain
// library), and using it needs neither a header nor a library at build time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coarsely {

/// Returns whether this process exports zlib's functions, which official builds of Node do.
bool hasInflate();

/// Continues the CRC-32 `crc` (0 at first) over more bytes.
uint32_t crc32Of(uint32_t crc, const uint8_t* bytes, size_t length);

/// Decompresses a zlib stream piece by piece.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Passes the next compressed bytes; allowed only when `needsInput()`.
  void feed(const uint8_t* bytes, size_t length);
  bool needsInput() const { return stream_.inputLeft == 0; }
  bool ended() const { return ended_; }
  /// Decompresses into `output` as far as the input goes and returns the number of bytes written.
  /// @throws std::runtime_error for a damaged stream
  size_t run(uint8_t* output, size_t capacity);

 private:
  /// Has the layout of zlib's z_stream, which is part of its stable binary interface.
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
