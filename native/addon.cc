// Initializes the addon. Node runs this once per environment: for the main thread and for every worker thread that
// loads the addon.
#include <node_api.h>

#include "exports.h"
#include "handles.h"
#include "napi.h"

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
  using namespace coarsely;
  COARSELY_BEGIN
  prepareProcess();
  exportOperators(env, exports);
  exportTensor(env, exports);
  exportAutograd(env, exports);
  exportGenerator(env, exports);
  exportRuntime(env, exports);
  exportDistributed(env, exports);
  exportImages(env, exports);
  exportProfiler(env, exports);
  // A worker thread may end with tensors alive; they are freed with its environment.
  check(env, napi_add_env_cleanup_hook(
                 env,
                 [](void*) {
                   abandonGroup();
                   tensors().clear();
                   generators().clear();
                 },
                 nullptr));
  return exports;
  COARSELY_END("coarsely")
}
