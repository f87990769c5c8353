// Exports facts and settings of the process: versions, threads, memory and devices.

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
#include "exports.h"
#include "kernels/ask_engine.h"
#include "napi.h"

namespace coarsely {

namespace {

// Sets the thread count of OpenBLAS, which is separate from libtorch's. Other BLAS libraries lack the symbol.
void setBlasThreads(int count) {
  using SetThreads = void (*)(int);
  if (auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(count);
}

napi_value setThreads(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto count = toInteger(env, arguments.values[0]);
  if (count < 1 || count > 4096)
    throw std::runtime_error("expected 1 to 4096 threads, received " + std::to_string(count));
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

/// hasCudaKernels() returns whether the addon was built with its own kernels for a GPU.
napi_value hasCudaKernels(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
#ifdef COARSELY_CUDA_KERNELS
  return fromBool(env, true);
#else
  return fromBool(env, false);
#endif
  COARSELY_END("hasCudaKernels")
}

/// hasNativeBfloat16() returns whether the processor multiplies bfloat16 in hardware, and libtorch does so on it.
napi_value hasNativeBfloat16(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
#if defined(__x86_64__)
  __builtin_cpu_init();
  return fromBool(env, __builtin_cpu_supports("avx512bf16") && engineConvolves(at::kBFloat16));
#else
  return fromBool(env, false);
#endif
  COARSELY_END("hasNativeBfloat16")
}

/// setTf32(allowed) allows TF32, which keeps ten bits of a float32's fraction, and returns what was allowed before. Bit
/// 0 stands for convolutions (cuDNN), bit 1 for matrix products (cuBLAS). The setting is the process's, because
/// libtorch runs backward passes on a GPU in threads of its own.
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

/// Fixes the size of cuBLAS's workspace, without which its results differ between runs. cuBLAS reads the size from the
/// environment before the first product; a worker thread's process.env is a copy that libraries do not see.
void fixBlasWorkspace() {
  constexpr const char* name = "CUBLAS_WORKSPACE_CONFIG";
  const char* given = std::getenv(name);
  const std::string workspace = given ? given : "";
  if (workspace == ":4096:8" || workspace == ":16:8") return;
  if (given) {
    throw std::runtime_error(std::string("expected the environment variable ") + name +
                             " to be :4096:8 or :16:8, received " + workspace +
                             "; unset it, or set deterministic: false");
  }
  setenv(name, ":4096:8", 0);
}

/// setDeterministic(on) makes the process's operators deterministic or refuse to run, and returns the setting before.
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
  // Saves filling every new tensor with NaN, which only helps to find reads of uninitialized memory.
  context.setDeterministicFillUninitializedMemory(false);
#endif
  return fromBool(env, before);
  COARSELY_END("setDeterministic")
}

/// setErrorClasses(operation, memory) sets the classes of the errors that this thread throws.
napi_value setErrorClassesCallback(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  setErrorClasses(env, arguments.values[0], arguments.values[1]);
  return undefined(env);
  COARSELY_END("setErrorClasses")
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
  exportFunction(env, exports, "hasCudaKernels", hasCudaKernels);
  exportFunction(env, exports, "hasNativeBfloat16", hasNativeBfloat16);
  exportFunction(env, exports, "setTf32", setTf32);
  exportFunction(env, exports, "setDeterministic", setDeterministic);
  exportFunction(env, exports, "setErrorClasses", setErrorClassesCallback);
}

}  // namespace coarsely
