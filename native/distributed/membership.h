// Tracks the members of a process group: ranks register in the store when they join, and their heartbeats are inspected
// when a collective fails.
#pragma once

#include <string>
#include <vector>

#include "distributed/store.h"

namespace coarsely {

/// Describes one rank.
struct Member {
  int rank;
  std::string host;
  std::string pid;
  /// Is alive, gone (no heartbeat), left (closed its group, or failed for `reason`) or unknown (the store is gone).
  std::string state = "unknown";
  std::string reason;
  /// Counts the collectives that it had begun.
  int64_t collectives = 0;
};

/// Registers this rank and inspects the others.
class Membership {
 public:
  Membership(StorePointer store, int rank, int worldSize, std::chrono::milliseconds timeout);

  /// Registers this rank and waits for all others. @throws std::runtime_error naming the ranks that did not join in
  /// time
  void join(const std::string& address);
  /// Returns the state of every rank. This takes a few heartbeats, less when some rank is known to be gone.
  std::vector<Member> inspect();
  /// Tells the others that this rank leaves; `reason` is empty after success.
  void leave(const std::string& reason);
  /// Waits until every other rank has left or is gone, at most for `limit`.
  void waitForOthers(std::chrono::milliseconds limit);

 private:
  /// Holds the last heartbeat of a rank and when it was first seen.
  struct Seen {
    std::string text;
    std::chrono::steady_clock::time_point since;
  };

  std::string waitForMember(int rank, std::chrono::steady_clock::time_point deadline);
  bool poll(std::vector<Seen>& signs);

  StorePointer store_;
  const int rank_;
  const std::chrono::milliseconds timeout_;
  std::vector<Member> members_;
};

}  // namespace coarsely
