// Looks up zlib's functions in the process by name; Node exports them for addons.
#include "images/inflate.h"

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace coarsely {

namespace {

constexpr int kNoFlush = 0, kOk = 0, kStreamEnd = 1, kNeedsMore = -5, kZlibWindow = 15;

struct Zlib {
  int (*init)(void*, int, const char*, int);
  int (*inflate)(void*, int);
  int (*end)(void*);
  unsigned long (*crc32)(unsigned long, const unsigned char*, unsigned);
  const char* (*version)();

  bool complete() const { return init && inflate && end && crc32 && version; }
};

template <typename Function>
void find(Function& function, const char* name) {
  function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

const Zlib& zlib() {
  static const Zlib found = [] {
    Zlib functions{};
    find(functions.init, "inflateInit2_");
    find(functions.inflate, "inflate");
    find(functions.end, "inflateEnd");
    find(functions.crc32, "crc32");
    find(functions.version, "zlibVersion");
    return functions;
  }();
  return found;
}

}  // namespace

bool hasInflate() {
  return zlib().complete();
}

uint32_t crc32Of(uint32_t crc, const uint8_t* bytes, size_t length) {
  return static_cast<uint32_t>(zlib().crc32(crc, bytes, static_cast<unsigned>(length)));
}

Inflater::Inflater() {
  if (!hasInflate())
    throw std::runtime_error("expected zlib's functions in this process, found none; use an official build of Node");
  if (zlib().init(&stream_, kZlibWindow, zlib().version(), sizeof(Stream)) != kOk) {
    throw std::runtime_error("zlib could not be initialized");
  }
}

Inflater::~Inflater() {
  zlib().end(&stream_);
}

void Inflater::feed(const uint8_t* bytes, size_t length) {
  stream_.input = bytes;
  stream_.inputLeft = static_cast<unsigned>(length);
}

size_t Inflater::run(uint8_t* output, size_t capacity) {
  stream_.output = output;
  stream_.outputLeft = static_cast<unsigned>(capacity);
  const int status = zlib().inflate(&stream_, kNoFlush);
  if (status == kStreamEnd) ended_ = true;
  else if (status != kOk && status != kNeedsMore) {
    throw std::runtime_error(std::string("expected compressed pixels, received damaged data") +
                             (stream_.message ? std::string(" (") + stream_.message + ")" : ""));
  }
  return capacity - stream_.outputLeft;
}

}  // namespace coarsely
