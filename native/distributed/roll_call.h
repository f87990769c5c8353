// Who is there: ranks write their names when they join, and are looked for by their signs of life when something fails.
#pragma once

#include <string>
#include <vector>

#include "distributed/store.h"

namespace coarsely {

struct Member {
  int rank;
  std::string host;
  std::string pid;
  /// alive, gone (no sign of life), left (closed its group, or failed for `reason`) or unknown (the store is gone).
  std::string state = "unknown";
  std::string reason;
  /// How many collectives it had begun.
  int64_t collectives = 0;
};

class RollCall {
 public:
  RollCall(StorePointer store, int rank, int worldSize, std::chrono::milliseconds timeout);

  /// Writes this rank's name and waits for those of all others. @throws naming the ranks that did not come
  void answer(const std::string& address);
  /// Every other rank as it is now; takes as long as a few signs of life, less where the cause is plain.
  std::vector<Member> inspect();
  /// Tells the others that this rank's part is over; `reason` is empty where it ended well.
  void leave(const std::string& reason);
  /// Waits until every other rank has left or is gone, at most for `limit`.
  void awaitOthers(std::chrono::milliseconds limit);

 private:
  struct Sign {
    std::string text;
    std::chrono::steady_clock::time_point since;
  };

  std::string awaitMember(int rank, std::chrono::steady_clock::time_point deadline);
  bool lookAtOnce(std::vector<Sign>& signs);

  StorePointer store_;
  const int rank_;
  const std::chrono::milliseconds timeout_;
  std::vector<Member> members_;
};

}  // namespace coarsely
