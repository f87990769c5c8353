// What JavaScript asks of a single tensor outside the dispatcher: lifetime, facts, bytes.
#pragma once
#include <node_api.h>

namespace coarsely {
void exportTensor(napi_env env, napi_value exports);
}
