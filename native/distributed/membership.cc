// Implements membership over keys of the store: claims/R counts the processes of rank R, member/R holds its
// registration, alive/R its heartbeat, left/R why it left, and gone/R that another rank found it lost.
#include "distributed/membership.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "distributed/heartbeat.h"

namespace coarsely {

namespace {

using Clock = std::chrono::steady_clock;

std::string key(const char* what, int rank) {
  return std::string(what) + "/" + std::to_string(rank);
}

std::string hostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

/// Returns how long a rank may be silent before it counts as gone: long enough for a busy machine.
std::chrono::milliseconds lostAfter(std::chrono::milliseconds timeout) {
  return std::max(5 * Heartbeat::interval(timeout), std::chrono::milliseconds(2000));
}

constexpr auto pollInterval = std::chrono::milliseconds(50);

bool isLoopback(const std::string& address) {
  return address == "::1" || address.rfind("127.", 0) == 0;
}

}  // namespace

Membership::Membership(StorePointer store, int rank, int worldSize, std::chrono::milliseconds timeout)
    : store_(std::move(store)), rank_(rank), timeout_(timeout), members_(worldSize) {
  for (int other = 0; other < worldSize; ++other) members_[other].rank = other;
}

void Membership::join(const std::string& address) {
  const auto size = std::to_string(members_.size());
  if (store_->add(key("claims", rank_), 1) != 1) {
    throw std::runtime_error("another process is rank " + std::to_string(rank_) +
                             " already: expected each RANK once, and one run for each MASTER_PORT");
  }
  const auto host = hostName();
  setValue(store_, key("member", rank_), host + " " + std::to_string(getpid()) + " " + size + " " + address);
  const auto deadline = Clock::now() + timeout_;
  for (auto& member : members_) {
    const auto text = waitForMember(member.rank, deadline);
    std::string theirSize;
    std::string theirAddress;
    std::istringstream(text) >> member.host >> member.pid >> theirSize >> theirAddress;
    const auto who = "rank " + std::to_string(member.rank) + " on " + member.host;
    if (theirSize != size) {
      throw std::runtime_error("expected WORLD_SIZE " + size + " on every rank, received " + theirSize + " from " +
                               who);
    }
    if (member.host != host && isLoopback(address) != isLoopback(theirAddress)) {
      throw std::runtime_error("expected addresses that other hosts reach, received " + theirAddress + " from " + who +
                               " and " + address +
                               " here: one is a loopback; set GLOO_SOCKET_IFNAME to the interface "
                               "between the hosts");
    }
  }
}

/// Waits for the registration of a rank. @throws std::runtime_error naming all ranks that are missing at the deadline
std::string Membership::waitForMember(int rank, std::chrono::steady_clock::time_point deadline) {
  constexpr auto missingKey = "missing";
  std::string text;
  while (!tryGet(store_, key("member", rank), text)) {
    std::string missing;
    if (Clock::now() < deadline && !tryGet(store_, missingKey, missing)) {
      std::this_thread::sleep_for(pollInterval);
      continue;
    }
    if (missing.empty()) {
      for (const auto& other : members_) {
        if (store_->check({key("member", other.rank)})) continue;
        missing += (missing.empty() ? "" : ", ") + std::to_string(other.rank);
      }
      setValue(store_, missingKey, missing);
    }
    // The store ends with rank 0, which therefore waits until the others have read which ranks are missing.
    if (rank_ == 0) std::this_thread::sleep_for(10 * pollInterval);
    const auto seconds = std::to_string(timeout_.count() / 1000.0);
    throw std::runtime_error("rank " + missing + " of " + std::to_string(members_.size()) + " did not join within " +
                             seconds.substr(0, seconds.find('.') + 2) + " s");
  }
  return text;
}

/// Updates the state of every other rank once. Returns true when some rank is known to have left or to be gone.
bool Membership::poll(std::vector<Seen>& seen) {
  bool found = false;
  const auto now = Clock::now();
  for (auto& member : members_) {
    if (member.rank == rank_) continue;
    std::string text;
    if (tryGet(store_, key("gone", member.rank), text)) {
      member.state = "gone";
    } else if (tryGet(store_, key("left", member.rank), text)) {
      member.state = "left";
      member.reason = text;
    } else {
      tryGet(store_, key("alive", member.rank), text);
      auto& last = seen[member.rank];
      if (text != last.text) {
        if (!last.text.empty()) member.state = "alive";
        last = {text, now};
        std::string beat;
        std::istringstream(text) >> beat >> member.collectives;
      } else if (now - last.since > lostAfter(timeout_)) {
        member.state = "gone";
        // Recorded in the store, so that all surviving ranks name the same one, also after this process has ended.
        setValue(store_, key("gone", member.rank), "1");
      }
    }
    found = found || member.state == "gone" || member.state == "left";
  }
  return found;
}

std::vector<Member> Membership::inspect() {
  std::vector<Seen> seen(members_.size(), Seen{"", Clock::now()});
  for (auto& member : members_) member.state = "unknown";
  members_[rank_].state = "alive";
  const auto deadline = Clock::now() + lostAfter(timeout_) + std::chrono::seconds(1);
  try {
    while (!poll(seen) && Clock::now() < deadline) std::this_thread::sleep_for(pollInterval);
  } catch (const std::exception&) {
    // The store is served by rank 0.
    if (rank_ != 0) members_[0].state = "gone";
  }
  return members_;
}

void Membership::leave(const std::string& reason) {
  setValue(store_, key("left", rank_), reason);
}

void Membership::waitForOthers(std::chrono::milliseconds limit) {
  std::vector<Seen> seen(members_.size(), Seen{"", Clock::now()});
  const auto deadline = Clock::now() + limit;
  const auto isPresent = [this](const Member& member) {
    return member.rank != rank_ && member.state != "gone" && member.state != "left";
  };
  try {
    for (;;) {
      poll(seen);
      if (std::none_of(members_.begin(), members_.end(), isPresent) || Clock::now() > deadline) return;
      std::this_thread::sleep_for(pollInterval);
    }
  } catch (const std::exception&) {
    // Without the store no rank can be waited for.
  }
}

}  // namespace coarsely
