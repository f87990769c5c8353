#include "distributed/store.h"

#include <netdb.h>
#include <sys/socket.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/version.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <vector>

namespace coarsely {

StorePointer openStore(const StorePlace& place, bool serve) {
  c10d::TCPStoreOptions options;
  options.port = place.port;
  options.isServer = serve;
  // Who is there is asked by name, so that a message can say who is not.
  options.waitWorkers = false;
  options.timeout = place.timeout;
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  options.useLibUV = false;
#endif
  StorePointer store = c10::make_intrusive<c10d::TCPStore>(place.host, options);
  store->setTimeout(place.timeout);
  if (place.prefix.empty()) return store;
  return c10::make_intrusive<c10d::PrefixStore>(place.prefix, store);
}

void write(const StorePointer& store, const std::string& key, const std::string& value) {
  store->set(key, std::vector<uint8_t>(value.begin(), value.end()));
}

bool readIfThere(const StorePointer& store, const std::string& key, std::string& value) {
  if (!store->check({key})) return false;
  const auto bytes = store->get(key);
  value.assign(bytes.begin(), bytes.end());
  return true;
}

std::string localAddress(const StorePlace& place) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(place.host.c_str(), std::to_string(place.port).c_str(), &hints, &found) != 0 || !found) {
    throw std::runtime_error("the address " + place.host + " cannot be resolved");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  for (const addrinfo* one = found; one; one = one->ai_next) {
    // A datagram socket sends nothing when it connects; it only learns which of our addresses it would send from.
    const int descriptor = socket(one->ai_family, SOCK_DGRAM, 0);
    if (descriptor < 0) continue;
    sockaddr_storage own{};
    socklen_t length = sizeof(own);
    char text[NI_MAXHOST];
    const bool known = connect(descriptor, one->ai_addr, one->ai_addrlen) == 0 &&
                       getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &length) == 0 &&
                       getnameinfo(reinterpret_cast<sockaddr*>(&own), length, text, sizeof(text), nullptr, 0,
                                   NI_NUMERICHOST) == 0;
    close(descriptor);
    if (known) return text;
  }
  throw std::runtime_error("no network leads to " + place.host);
}

}  // namespace coarsely
