// Implements the heartbeat: a thread that writes a counter to the store until it is stopped.
#include "distributed/heartbeat.h"

#include <algorithm>

namespace coarsely {

Heartbeat::Heartbeat(const StoreAddress& address, int rank) {
  auto store = openStore(address, false);
  const auto key = "alive/" + std::to_string(rank);
  setValue(store, key, "0 0");
  thread_ = std::thread(&Heartbeat::run, this, std::move(store), key, interval(address.timeout));
}

Heartbeat::~Heartbeat() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::chrono::milliseconds Heartbeat::interval(std::chrono::milliseconds timeout) {
  return std::clamp(timeout / 30, std::chrono::milliseconds(250), std::chrono::milliseconds(2000));
}

void Heartbeat::run(StorePointer store, std::string key, std::chrono::milliseconds pause) {
  std::unique_lock<std::mutex> lock(mutex_);
  for (int64_t beat = 1; !wake_.wait_for(lock, pause, [this] { return stop_; }); ++beat) {
    lock.unlock();
    try {
      setValue(store, key, std::to_string(beat) + " " + std::to_string(collectives_.load()));
    } catch (...) {
      // The store is gone, so nobody can read heartbeats any more.
      return;
    }
    lock.lock();
  }
}

}  // namespace coarsely
