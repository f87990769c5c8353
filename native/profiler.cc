// Measures the time of every operator while a profile is taken. The time of an operator excludes the operators that it
// calls. Operators of all threads count, because libtorch runs backward passes on a GPU in threads of its own.

#include <ATen/record_function.h>

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "exports.h"
#include "napi.h"

namespace coarsely {

namespace {

using Clock = std::chrono::steady_clock;

struct Tally {
  uint64_t calls = 0;
  double selfSeconds = 0;
};

std::mutex guard;
std::map<std::pair<int64_t, std::string>, Tally> tallies;
int64_t currentPhase = 0;
at::CallbackHandle callback = at::INVALID_CALLBACK_HANDLE;

/// Describes an operator that is running on this thread.
struct Frame : at::ObserverContext {
  Clock::time_point begin;
  double childSeconds = 0;
  Frame* caller = nullptr;
};

thread_local Frame* innermost = nullptr;

/// Returns whether a span is that of an asynchronous collective. It overlaps with operators of the step, so it is not
/// counted.
bool isAsynchronous(const std::string& name) {
  return name.starts_with("gloo:") || name.starts_with("nccl:");
}

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction&) {
  auto frame = std::make_unique<Frame>();
  frame->caller = innermost;
  innermost = frame.get();
  frame->begin = Clock::now();
  return frame;
}

void leave(const at::RecordFunction& function, at::ObserverContext* context) {
  auto* frame = static_cast<Frame*>(context);
  if (frame == nullptr) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - frame->begin).count();
  innermost = frame->caller;
  if (innermost != nullptr) innermost->childSeconds += seconds;
  if (isAsynchronous(function.name())) return;
  std::lock_guard<std::mutex> lock(guard);
  auto& tally = tallies[{currentPhase, function.name()}];
  tally.calls += 1;
  tally.selfSeconds += seconds - frame->childSeconds;
}

/// startProfile() begins to time operators and forgets earlier times.
napi_value startProfile(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  std::lock_guard<std::mutex> lock(guard);
  if (callback != at::INVALID_CALLBACK_HANDLE)
    throw std::runtime_error("expected no profile to be running, received a second start; call stopProfile first");
  tallies.clear();
  currentPhase = 0;
  callback = at::addGlobalCallback(at::RecordFunctionCallback(enter, leave));
  return undefined(env);
  COARSELY_END("startProfile")
}

/// setProfilePhase(index) counts operators that start from now on to this phase.
napi_value setProfilePhase(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto phase = toInteger(env, arguments.values[0]);
  std::lock_guard<std::mutex> lock(guard);
  currentPhase = phase;
  return undefined(env);
  COARSELY_END("setProfilePhase")
}

/// stopProfile() ends timing and returns rows [phase, operator, calls, seconds without called operators].
napi_value stopProfile(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  std::lock_guard<std::mutex> lock(guard);
  if (callback != at::INVALID_CALLBACK_HANDLE) at::removeCallback(callback);
  callback = at::INVALID_CALLBACK_HANDLE;
  napi_value rows;
  check(env, napi_create_array_with_length(env, tallies.size(), &rows));
  uint32_t index = 0;
  for (const auto& [key, tally] : tallies) {
    napi_value row;
    check(env, napi_create_array_with_length(env, 4, &row));
    const napi_value values[] = {fromDouble(env, static_cast<double>(key.first)), fromString(env, key.second),
                                 fromDouble(env, static_cast<double>(tally.calls)), fromDouble(env, tally.selfSeconds)};
    for (uint32_t i = 0; i < 4; ++i) check(env, napi_set_element(env, row, i, values[i]));
    check(env, napi_set_element(env, rows, index++, row));
  }
  tallies.clear();
  return rows;
  COARSELY_END("stopProfile")
}

}  // namespace

void exportProfiler(napi_env env, napi_value exports) {
  exportFunction(env, exports, "startProfile", startProfile);
  exportFunction(env, exports, "setProfilePhase", setProfilePhase);
  exportFunction(env, exports, "stopProfile", stopProfile);
}

}  // namespace coarsely
