// The addon's entry, run once per environment (the main thread and every worker thread that loads it).
#include <node_api.h>

#include "autograd.h"
#include "distributed/distributed.h"
#include "generator.h"
#include "handles.h"
#include "images.h"
#include "napi.h"
#include "operators.h"
#include "profiler.h"
#include "runtime.h"
#include "tensor.h"

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
  // What a thread left behind goes with its environment.
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
