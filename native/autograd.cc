// Exports autograd and its two thread-local modes, recording of gradients and autocast. TypeScript restores the modes,
// so that they nest.

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#include "exports.h"
#include "handles.h"
#include "napi.h"

namespace coarsely {

namespace {

napi_value backward(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<3> arguments(env, info);
  torch::autograd::variable_list gradients;
  if (arguments.count > 1 && !isNullish(env, arguments.values[1])) {
    gradients.push_back(tensorArgument(env, arguments.values[1]));
  }
  c10::optional<bool> retainGraph;
  if (arguments.count > 2 && !isNullish(env, arguments.values[2])) retainGraph = toBool(env, arguments.values[2]);
  torch::autograd::backward({tensorArgument(env, arguments.values[0])}, gradients, retainGraph);
  return undefined(env);
  COARSELY_END("backward")
}

/// backwardTogether(handles, gradients) runs one backward pass from several tensors with given gradients.
napi_value backwardTogether(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  const auto listOf = [&](napi_value array) {
    uint32_t length = 0;
    check(env, napi_get_array_length(env, array, &length));
    torch::autograd::variable_list list;
    for (uint32_t i = 0; i < length; ++i) {
      napi_value element;
      check(env, napi_get_element(env, array, i, &element));
      list.push_back(tensorArgument(env, element));
    }
    return list;
  };
  const auto roots = listOf(arguments.values[0]);
  torch::autograd::backward(roots, listOf(arguments.values[1]));
  return undefined(env);
  COARSELY_END("backward")
}

napi_value gradient(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto& value = tensorArgument(env, arguments.values[0]).grad();
  return value.defined() ? fromDouble(env, tensors().add(value)) : null(env);
  COARSELY_END("grad")
}

napi_value setGradient(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  auto& tensor = tensorArgument(env, arguments.values[0]);
  if (isNullish(env, arguments.values[1])) {
    tensor.mutable_grad().reset();
  } else {
    tensor.mutable_grad() = tensorArgument(env, arguments.values[1]);
  }
  return undefined(env);
  COARSELY_END("grad")
}

napi_value requiresGradient(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  return fromBool(env, tensorArgument(env, arguments.values[0]).requires_grad());
  COARSELY_END("requiresGrad")
}

napi_value setRequiresGradient(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  tensorArgument(env, arguments.values[0]).requires_grad_(toBool(env, arguments.values[1]));
  return undefined(env);
  COARSELY_END("requiresGrad_")
}

/// setGradientMode(on) returns the mode before.
napi_value setGradientMode(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const bool before = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(toBool(env, arguments.values[0]));
  return fromBool(env, before);
  COARSELY_END("noGrad")
}

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
bool autocastEnabled(at::DeviceType device) {
  return at::autocast::is_autocast_enabled(device);
}
at::ScalarType autocastType(at::DeviceType device) {
  return at::autocast::get_autocast_dtype(device);
}
void enableAutocast(at::DeviceType device, bool on, at::ScalarType type) {
  at::autocast::set_autocast_dtype(device, type);
  at::autocast::set_autocast_enabled(device, on);
}
#else
bool autocastEnabled(at::DeviceType device) {
  return device == at::kCPU ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
}
at::ScalarType autocastType(at::DeviceType device) {
  return device == at::kCPU ? at::autocast::get_autocast_cpu_dtype() : at::autocast::get_autocast_gpu_dtype();
}
void enableAutocast(at::DeviceType device, bool on, at::ScalarType type) {
  if (device == at::kCPU) {
    at::autocast::set_autocast_cpu_dtype(type);
    at::autocast::set_cpu_enabled(on);
  } else {
    at::autocast::set_autocast_gpu_dtype(type);
    at::autocast::set_enabled(on);
  }
}
#endif

/// enterAutocast(device, dtype, enabled) returns [enabled before, dtype before].
napi_value enterAutocast(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<3> arguments(env, info);
  const auto device = c10::Device(toString(env, arguments.values[0])).type();
  const auto type = static_cast<at::ScalarType>(toInteger(env, arguments.values[1]));
  const std::vector<int64_t> before{autocastEnabled(device), static_cast<int64_t>(autocastType(device))};
  enableAutocast(device, toBool(env, arguments.values[2]), type);
  at::autocast::increment_nesting();
  return fromIntegers(env, before);
  COARSELY_END("autocast")
}

/// leaveAutocast(device, dtype, enabled) restores the state before, and drops the cast weights when it is the
/// outermost.
napi_value leaveAutocast(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<3> arguments(env, info);
  const auto device = c10::Device(toString(env, arguments.values[0])).type();
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  enableAutocast(device, toInteger(env, arguments.values[2]) != 0,
                 static_cast<at::ScalarType>(toInteger(env, arguments.values[1])));
  return undefined(env);
  COARSELY_END("autocast")
}

}  // namespace

void exportAutograd(napi_env env, napi_value exports) {
  exportFunction(env, exports, "backward", backward);
  exportFunction(env, exports, "backwardTogether", backwardTogether);
  exportFunction(env, exports, "gradient", gradient);
  exportFunction(env, exports, "setGradient", setGradient);
  exportFunction(env, exports, "requiresGradient", requiresGradient);
  exportFunction(env, exports, "setRequiresGradient", setRequiresGradient);
  exportFunction(env, exports, "setGradientMode", setGradientMode);
  exportFunction(env, exports, "enterAutocast", enterAutocast);
  exportFunction(env, exports, "leaveAutocast", leaveAutocast);
}

}  // namespace coarsely
