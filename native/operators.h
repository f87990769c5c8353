// bindOperator(name, overload) -> function; operatorSchema(name, overload) -> its arguments and returns, or null.
#pragma once
#include <node_api.h>

namespace coarsely {
void exportOperators(napi_env env, napi_value exports);
}
