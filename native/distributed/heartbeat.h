// Writes a heartbeat of this rank to the store from a thread and a connection of its own, so that other ranks can tell
// a lost rank from a slow one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "distributed/store.h"

namespace coarsely {

/// Writes heartbeats until it is destroyed.
class Heartbeat {
 public:
  Heartbeat(const StoreAddress& address, int rank);
  ~Heartbeat();

  /// Counts a collective that this rank begins; the next heartbeat reports the number.
  void count() { collectives_.fetch_add(1); }
  int64_t collectives() const { return collectives_.load(); }

  /// Returns the time between heartbeats for a given timeout of collectives.
  static std::chrono::milliseconds interval(std::chrono::milliseconds timeout);

 private:
  void run(StorePointer store, std::string key, std::chrono::milliseconds pause);

  std::atomic<int64_t> collectives_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace coarsely
