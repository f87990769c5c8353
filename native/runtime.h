// Process-wide facts and switches: versions, threads, memory, devices.
#pragma once
#include <node_api.h>

namespace coarsely {
void exportRuntime(napi_env env, napi_value exports);
/// Once per process: the allocator, and errors without the 5 ms that a backtrace costs inside Node.
void prepareProcess();
}  // namespace coarsely
