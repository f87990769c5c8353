#include "distributed/roll_call.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "distributed/heartbeat.h"

namespace coarsely {

namespace {

using Clock = std::chrono::steady_clock;

std::string key(const char* what, int rank) { return std::string(what) + "/" + std::to_string(rank); }

std::string hostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

/// Long enough that a busy machine is not taken for a dead one.
std::chrono::milliseconds silence(std::chrono::milliseconds timeout) {
  return std::max(5 * Heartbeat::interval(timeout), std::chrono::milliseconds(2000));
}

constexpr auto glance = std::chrono::milliseconds(50);

bool isLoopback(const std::string& address) { return address == "::1" || address.rfind("127.", 0) == 0; }

}  // namespace

RollCall::RollCall(StorePointer store, int rank, int worldSize, std::chrono::milliseconds timeout)
    : store_(std::move(store)), rank_(rank), timeout_(timeout), members_(worldSize) {
  for (int other = 0; other < worldSize; ++other) members_[other].rank = other;
}

void RollCall::answer(const std::string& address) {
  const auto size = std::to_string(members_.size());
  if (store_->add(key("claims", rank_), 1) != 1) {
    throw std::runtime_error("another process is rank " + std::to_string(rank_) +
                             " already: expected each RANK once, and one run for each MASTER_PORT");
  }
  const auto host = hostName();
  write(store_, key("member", rank_), host + " " + std::to_string(getpid()) + " " + size + " " + address);
  const auto deadline = Clock::now() + timeout_;
  for (auto& member : members_) {
    const auto text = awaitMember(member.rank, deadline);
    std::string theirSize;
    std::string theirAddress;
    std::istringstream(text) >> member.host >> member.pid >> theirSize >> theirAddress;
    const auto who = "rank " + std::to_string(member.rank) + " on " + member.host;
    if (theirSize != size) {
      throw std::runtime_error(who + " was started with WORLD_SIZE " + theirSize + ", this one with " + size);
    }
    if (member.host != host && isLoopback(address) != isLoopback(theirAddress)) {
      throw std::runtime_error(who + " uses the address " + theirAddress + " and this host " + address +
                               ": one is a loopback that the other cannot reach; set GLOO_SOCKET_IFNAME to the "
                               "interface between the hosts");
    }
  }
}

/// What a rank wrote of itself. @throws naming all that are missing at the deadline
std::string RollCall::awaitMember(int rank, std::chrono::steady_clock::time_point deadline) {
  constexpr auto verdict = "missing";
  std::string text;
  while (!readIfThere(store_, key("member", rank), text)) {
    std::string missing;
    if (Clock::now() < deadline && !readIfThere(store_, verdict, missing)) {
      std::this_thread::sleep_for(glance);
      continue;
    }
    if (missing.empty()) {
      for (const auto& other : members_) {
        if (store_->check({key("member", other.rank)})) continue;
        missing += (missing.empty() ? "" : ", ") + std::to_string(other.rank);
      }
      write(store_, verdict, missing);
    }
    // Rank 0 takes the store with it: the others get to read what it found.
    if (rank_ == 0) std::this_thread::sleep_for(10 * glance);
    const auto seconds = std::to_string(timeout_.count() / 1000.0);
    throw std::runtime_error("rank " + missing + " of " + std::to_string(members_.size()) + " did not come within " +
                             seconds.substr(0, seconds.find('.') + 2) + " s");
  }
  return text;
}

/// One look at everybody; true where the cause is plain already.
bool RollCall::lookAtOnce(std::vector<Sign>& signs) {
  bool plain = false;
  const auto now = Clock::now();
  for (auto& member : members_) {
    if (member.rank == rank_) continue;
    std::string text;
    if (readIfThere(store_, key("gone", member.rank), text)) {
      member.state = "gone";
    } else if (readIfThere(store_, key("left", member.rank), text)) {
      member.state = "left";
      member.reason = text;
    } else {
      readIfThere(store_, key("alive", member.rank), text);
      auto& sign = signs[member.rank];
      if (text != sign.text) {
        if (!sign.text.empty()) member.state = "alive";
        sign = {text, now};
        std::string beat;
        std::istringstream(text) >> beat >> member.collectives;
      } else if (now - sign.since > silence(timeout_)) {
        member.state = "gone";
        // All survivors should name the same rank, also once this one has ended.
        write(store_, key("gone", member.rank), "1");
      }
    }
    plain = plain || member.state == "gone" || member.state == "left";
  }
  return plain;
}

std::vector<Member> RollCall::inspect() {
  std::vector<Sign> signs(members_.size(), Sign{"", Clock::now()});
  for (auto& member : members_) member.state = "unknown";
  members_[rank_].state = "alive";
  const auto deadline = Clock::now() + silence(timeout_) + std::chrono::seconds(1);
  try {
    while (!lookAtOnce(signs) && Clock::now() < deadline) std::this_thread::sleep_for(glance);
  } catch (const std::exception&) {
    // Rank 0 keeps the store.
    if (rank_ != 0) members_[0].state = "gone";
  }
  return members_;
}

void RollCall::leave(const std::string& reason) { write(store_, key("left", rank_), reason); }

void RollCall::awaitOthers(std::chrono::milliseconds limit) {
  std::vector<Sign> signs(members_.size(), Sign{"", Clock::now()});
  const auto deadline = Clock::now() + limit;
  const auto isThere = [this](const Member& member) {
    return member.rank != rank_ && member.state != "gone" && member.state != "left";
  };
  try {
    for (;;) {
      lookAtOnce(signs);
      if (std::none_of(members_.begin(), members_.end(), isThere) || Clock::now() > deadline) return;
      std::this_thread::sleep_for(glance);
    }
  } catch (const std::exception&) {
    // Without a store there is nobody to wait for.
  }
}

}  // namespace coarsely
