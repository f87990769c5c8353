// Image work of the loader's threads: decoding PNGs, and making training samples of decoded images.
#pragma once
#include <node_api.h>

namespace coarsely {
void exportImages(napi_env env, napi_value exports);
}  // namespace coarsely
