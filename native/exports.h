// Declares what the addon exports: each function adds one group of functions to the object that JavaScript receives.
#pragma once

#include <node_api.h>

namespace coarsely {

/// Exports bindOperator and operatorSchema, through which JavaScript calls every operator of the dispatcher.
void exportOperators(napi_env env, napi_value exports);
/// Exports the lifetime, properties and bytes of single tensors.
void exportTensor(napi_env env, napi_value exports);
/// Exports backward, gradients, gradient mode and autocast.
void exportAutograd(napi_env env, napi_value exports);
/// Exports seeded random generators.
void exportGenerator(napi_env env, napi_value exports);
/// Exports versions, threads, memory and devices.
void exportRuntime(napi_env env, napi_value exports);
/// Exports process groups and gradient reducers.
void exportDistributed(napi_env env, napi_value exports);
/// Exports PNG decoding and the augmentation of training samples.
void exportImages(napi_env env, napi_value exports);
/// Exports the operator profiler.
void exportProfiler(napi_env env, napi_value exports);

/// Installs the allocator and switches off C++ backtraces, once per process. A backtrace costs 5 ms inside Node.
void prepareProcess();
/// Leaves the process group that this environment opened, if any, without waiting for other ranks.
void abandonGroup();

}  // namespace coarsely
