// Process groups and gradient reducers, as JavaScript sees them.
#pragma once
#include <node_api.h>

namespace coarsely {
void exportDistributed(napi_env env, napi_value exports);
/// Leaves an open group without waiting for anybody: the environment ends.
void abandonGroup();
}
