// Versions, threads, memory and devices.
#include "runtime.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/util/Logging.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <cstdlib>
#include <mutex>
#include <string>

#include "allocator.h"
#include "napi.h"

namespace coarsely {

namespace {

// OpenBLAS keeps a thread count of its own; the symbol is there only when libtorch's BLAS is OpenBLAS.
void setBlasThreads(int count) {
  using SetThreads = void (*)(int);
  if (auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(count);
}

napi_value setThreads(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto count = toInteger(env, arguments.values[0]);
  if (count < 1 || count > 4096) throw std::runtime_error("expected 1 to 4096 threads, received " + std::to_string(count));
  at::set_num_threads(static_cast<int>(count));
  setBlasThreads(static_cast<int>(count));
  return undefined(env);
  COARSELY_END("setThreads")
}

napi_value threads(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  return fromDouble(env, at::get_num_threads());
  COARSELY_END("threads")
}

napi_value memory(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  const auto statistics = memoryStatistics();
  return fromIntegers(env, std::vector<uint64_t>{statistics.live, statistics.peak, statistics.cached});
  COARSELY_END("memory")
}

napi_value resetPeak(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  resetPeakMemory();
  return undefined(env);
  COARSELY_END("resetPeak")
}

napi_value trim(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  return fromDouble(env, static_cast<double>(trimMemory()));
  COARSELY_END("trim")
}

napi_value version(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  return fromString(env, TORCH_VERSION);
  COARSELY_END("version")
}

napi_value buildInformation(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  return fromString(env, at::show_config());
  COARSELY_END("buildInformation")
}

napi_value cudaDeviceCount(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  return fromDouble(env, at::hasCUDA() ? static_cast<double>(at::detail::getCUDAHooks().getNumGPUs()) : 0);
  COARSELY_END("cudaDeviceCount")
}

napi_value bfloat16Fast(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
#if defined(__x86_64__)
  __builtin_cpu_init();
  return fromBool(env, __builtin_cpu_supports("avx512bf16"));
#else
  return fromBool(env, false);
#endif
  COARSELY_END("bfloat16Fast")
}

// TF32 keeps ten bits of a float32's fraction. Switched for the process, as CUDA's backward passes run in threads of the
// engine's own. Bit 0: convolutions (cuDNN), bit 1: matrix products (cuBLAS). Returns what was allowed before.
napi_value setTf32(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto allowed = toInteger(env, arguments.values[0]);
  auto& context = at::globalContext();
  const int before = (context.allowTF32CuDNN() ? 1 : 0) | (context.allowTF32CuBLAS() ? 2 : 0);
  context.setAllowTF32CuDNN((allowed & 1) != 0);
  context.setAllowTF32CuBLAS((allowed & 2) != 0);
  return fromDouble(env, before);
  COARSELY_END("setTf32")
}

// cuBLAS repeats itself bit by bit only with a workspace of a fixed size, which it reads from the environment when the first
// product is taken on a GPU. Set natively: a worker thread's process.env is a copy that no library sees.
void fixBlasWorkspace() {
  constexpr const char* name = "CUBLAS_WORKSPACE_CONFIG";
  const char* given = std::getenv(name);
  const std::string workspace = given ? given : "";
  if (workspace == ":4096:8" || workspace == ":16:8") return;
  if (given) {
    throw std::runtime_error(std::string("deterministic: expected ") + name + " to be :4096:8 or :16:8, received " + workspace +
                             "; unset it, or use deterministic: false");
  }
  setenv(name, ":4096:8", 0);
}

// For the process: backward passes run in threads of the engine's own. Returns what it was before.
napi_value setDeterministic(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const bool on = toBool(env, arguments.values[0]);
  auto& context = at::globalContext();
  const bool before = context.deterministicAlgorithms();
  if (on && at::hasCUDA()) fixBlasWorkspace();
  context.setDeterministicAlgorithms(on, /*warn_only=*/false);
  context.setDeterministicCuDNN(on);
  if (on) context.setBenchmarkCuDNN(false);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 2)
  // Would fill every new tensor with NaN, to find whoever reads what was never written; none of ours does.
  context.setDeterministicFillUninitializedMemory(false);
#endif
  return fromBool(env, before);
  COARSELY_END("setDeterministic")
}

napi_value setErrorClassCallback(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  setErrorClass(env, arguments.values[0]);
  return undefined(env);
  COARSELY_END("setErrorClass")
}

}  // namespace

void prepareProcess() {
  static std::once_flag once;
  std::call_once(once, [] {
    installAllocator();
    c10::SetStackTraceFetcher(std::function<std::string()>([] { return std::string(); }));
  });
}

void exportRuntime(napi_env env, napi_value exports) {
  exportFunction(env, exports, "setThreads", setThreads);
  exportFunction(env, exports, "threads", threads);
  exportFunction(env, exports, "memory", memory);
  exportFunction(env, exports, "resetPeak", resetPeak);
  exportFunction(env, exports, "trim", trim);
  exportFunction(env, exports, "version", version);
  exportFunction(env, exports, "buildInformation", buildInformation);
  exportFunction(env, exports, "cudaDeviceCount", cudaDeviceCount);
  exportFunction(env, exports, "bfloat16Fast", bfloat16Fast);
  exportFunction(env, exports, "setTf32", setTf32);
  exportFunction(env, exports, "setDeterministic", setDeterministic);
  exportFunction(env, exports, "setErrorClass", setErrorClassCallback);
}

}  // namespace coarsely
