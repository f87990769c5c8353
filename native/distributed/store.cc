// Implements the connection over c10d's TCPStore.
#include "distributed/store.h"

#include <netdb.h>
#include <sys/socket.h>
#include <torch/version.h>
#include <unistd.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <vector>

namespace coarsely {

StorePointer openStore(const StoreAddress& address, bool serve) {
  c10d::TCPStoreOptions options;
  options.port = address.port;
  options.isServer = serve;
  // Membership waits for ranks by name, so that its error can say which are missing.
  options.waitWorkers = false;
  options.timeout = address.timeout;
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  options.useLibUV = false;
#endif
  StorePointer store = c10::make_intrusive<c10d::TCPStore>(address.host, options);
  store->setTimeout(address.timeout);
  if (address.prefix.empty()) return store;
  return c10::make_intrusive<c10d::PrefixStore>(address.prefix, store);
}

void setValue(const StorePointer& store, const std::string& key, const std::string& value) {
  store->set(key, std::vector<uint8_t>(value.begin(), value.end()));
}

bool tryGet(const StorePointer& store, const std::string& key, std::string& value) {
  if (!store->check({key})) return false;
  const auto bytes = store->get(key);
  value.assign(bytes.begin(), bytes.end());
  return true;
}

std::string localAddress(const StoreAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0 || !found) {
    throw std::runtime_error("expected a MASTER_ADDR that can be resolved, received " + address.host);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  for (const addrinfo* one = found; one; one = one->ai_next) {
    // Connecting a datagram socket sends nothing; it only selects the local address to send from.
    const int descriptor = socket(one->ai_family, SOCK_DGRAM, 0);
    if (descriptor < 0) continue;
    sockaddr_storage own{};
    socklen_t length = sizeof(own);
    char text[NI_MAXHOST];
    const bool known =
        connect(descriptor, one->ai_addr, one->ai_addrlen) == 0 &&
        getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &length) == 0 &&
        getnameinfo(reinterpret_cast<sockaddr*>(&own), length, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0;
    close(descriptor);
    if (known) return text;
  }
  throw std::runtime_error("expected a route to MASTER_ADDR " + address.host + ", found none");
}

}  // namespace coarsely
