// Seeded CPU generators as handles, with their whole state readable for checkpoints.
#pragma once
#include <node_api.h>

namespace coarsely {
void exportGenerator(napi_env env, napi_value exports);
}
