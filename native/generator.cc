// Exports seeded random generators: PyTorch's Mersenne Twister on the CPU, with its whole state readable for
// checkpoints.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <mutex>

#include "exports.h"
#include "handles.h"
#include "napi.h"

namespace coarsely {

namespace {

napi_value create(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto seed = static_cast<uint64_t>(toInteger(env, arguments.values[0]));
  return fromDouble(env, generators().add(at::detail::createCPUGenerator(seed)));
  COARSELY_END("Generator")
}

napi_value dispose(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  generators().remove(toDouble(env, arguments.values[0]));
  return undefined(env);
  COARSELY_END("Generator.dispose")
}

/// generatorState(id) returns the state as a uint8 tensor.
napi_value state(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  auto& generator = generatorArgument(env, arguments.values[0]);
  std::lock_guard<std::mutex> lock(generator.mutex());
  return fromDouble(env, tensors().add(generator.get_state()));
  COARSELY_END("Generator.state")
}

napi_value setState(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  auto& generator = generatorArgument(env, arguments.values[0]);
  std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(tensorArgument(env, arguments.values[1]));
  return undefined(env);
  COARSELY_END("Generator.setState")
}

}  // namespace

void exportGenerator(napi_env env, napi_value exports) {
  exportFunction(env, exports, "createGenerator", create);
  exportFunction(env, exports, "disposeGenerator", dispose);
  exportFunction(env, exports, "generatorState", state);
  exportFunction(env, exports, "setGeneratorState", setState);
}

}  // namespace coarsely
