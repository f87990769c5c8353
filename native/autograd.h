// Gradients: backward, the gradient slot of a leaf, grad mode and autocast of the current thread.
#pragma once
#include <node_api.h>

namespace coarsely {
void exportAutograd(napi_env env, napi_value exports);
}
