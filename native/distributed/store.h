// The key-value store through which ranks find each other, and what each of them leaves there for the others.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <string>

namespace coarsely {

struct StorePlace {
  std::string host;
  uint16_t port;
  /// Set where a launcher keeps the store itself: every key begins with it, and no rank serves.
  std::string prefix;
  std::chrono::milliseconds timeout;
};

using StorePointer = c10::intrusive_ptr<c10d::Store>;

/// Connects, after starting the server where `serve`. @throws when nobody answers within the timeout
StorePointer openStore(const StorePlace& place, bool serve);

void write(const StorePointer& store, const std::string& key, const std::string& value);
/// False where nobody wrote the key yet; never waits.
bool readIfThere(const StorePointer& store, const std::string& key, std::string& value);

/// The address by which this machine reaches the store's host: the one that other ranks can be told.
std::string localAddress(const StorePlace& place);

}  // namespace coarsely
