// Connects to the key-value store through which ranks find each other and exchange short messages.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <string>

namespace coarsely {

/// Says where the store is served.
struct StoreAddress {
  std::string host;
  uint16_t port;
  /// Is set when a launcher serves the store: every key begins with it, and no rank serves.
  std::string prefix;
  std::chrono::milliseconds timeout;
};

using StorePointer = c10::intrusive_ptr<c10d::Store>;

/// Connects to the store, and starts its server first if `serve` is true. @throws when the server does not answer in
/// time
StorePointer openStore(const StoreAddress& address, bool serve);

/// Sets the value of a key.
void setValue(const StorePointer& store, const std::string& key, const std::string& value);
/// Reads the value of a key without waiting. Returns false when the key is not set.
bool tryGet(const StorePointer& store, const std::string& key, std::string& value);

/// Returns this machine's address on the route to the store's host, by which other ranks can reach it.
/// @throws std::runtime_error when the host cannot be resolved or reached
std::string localAddress(const StoreAddress& address);

}  // namespace coarsely
