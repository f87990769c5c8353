// A sign of life of this rank in the store, from a thread and a connection of its own, so that the others can tell a
// rank that is gone from one that is slow.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "distributed/store.h"

namespace coarsely {

class Heartbeat {
 public:
  Heartbeat(const StorePlace& place, int rank);
  ~Heartbeat();

  /// Says with the next sign how many collectives this rank has begun.
  void count() { collectives_.fetch_add(1); }
  int64_t collectives() const { return collectives_.load(); }

  /// How often a sign is given, by how long ranks wait for each other.
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
