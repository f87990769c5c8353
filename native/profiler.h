// Times of operators, for a profile of a training run.
#pragma once

#include <node_api.h>

namespace coarsely {

void exportProfiler(napi_env env, napi_value exports);

}  // namespace coarsely
