// Exports the lifetime, properties and bytes of single tensors. Bytes are always copied: a buffer of a worker thread is
// freed with the thread, so a tensor that shared its memory would dangle.

#include <ATen/ATen.h>

#include <cstring>

#include "exports.h"
#include "handles.h"
#include "napi.h"

namespace coarsely {

namespace {

napi_value dispose(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  tensors().remove(toDouble(env, arguments.values[0]));
  return undefined(env);
  COARSELY_END("dispose")
}

napi_value disposeAll(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  uint32_t length = 0;
  check(env, napi_get_array_length(env, arguments.values[0], &length));
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    check(env, napi_get_element(env, arguments.values[0], i, &element));
    tensors().remove(toDouble(env, element));
  }
  return undefined(env);
  COARSELY_END("scope")
}

/// share(id) returns a second handle of the same tensor, so that a parameter can outlive the scope that made it.
napi_value share(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  at::Tensor tensor = tensorArgument(env, arguments.values[0]);
  return fromDouble(env, tensors().add(std::move(tensor)));
  COARSELY_END("share")
}

napi_value isLive(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  bool live = true;
  try {
    tensors().get(toDouble(env, arguments.values[0]), "tensor");
  } catch (const std::runtime_error&) {
    live = false;
  }
  return fromBool(env, live);
  COARSELY_END("isDisposed")
}

napi_value liveCount(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  return fromDouble(env, static_cast<double>(tensors().live()));
  COARSELY_END("liveTensorCount")
}

napi_value shape(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  return fromIntegers(env, tensorArgument(env, arguments.values[0]).sizes());
  COARSELY_END("shape")
}

napi_value scalarType(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  return fromDouble(env, static_cast<double>(tensorArgument(env, arguments.values[0]).scalar_type()));
  COARSELY_END("dtype")
}

napi_value device(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  return fromString(env, tensorArgument(env, arguments.values[0]).device().str());
  COARSELY_END("device")
}

napi_value isContiguous(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  const auto format = static_cast<at::MemoryFormat>(toInteger(env, arguments.values[1]));
  return fromBool(env, tensorArgument(env, arguments.values[0]).is_contiguous(format));
  COARSELY_END("isContiguous")
}

napi_value item(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto& tensor = tensorArgument(env, arguments.values[0]);
  if (tensor.numel() != 1) {
    throw std::runtime_error("expected a tensor of one element, received shape [" + c10::Join(",", tensor.sizes()) +
                             "]");
  }
  return fromDouble(env, tensor.item().toDouble());
  COARSELY_END("item")
}

/// fromBytes(view, scalarType, shape, device) copies row-major bytes into a new tensor.
napi_value fromBytes(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<4> arguments(env, info);
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, arguments.values[0], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    throw std::runtime_error("expected a Uint8Array, received " + describe(env, arguments.values[0]));
  }
  const auto scalar = static_cast<at::ScalarType>(toInteger(env, arguments.values[1]));
  const auto sizes = toIntegers(env, arguments.values[2]);
  auto tensor = at::empty(sizes, at::TensorOptions().dtype(scalar));
  if (tensor.nbytes() != length) {
    throw std::runtime_error("expected " + std::to_string(tensor.nbytes()) + " bytes for shape [" +
                             c10::Join(",", sizes) + "], received " + std::to_string(length));
  }
  if (length > 0) std::memcpy(tensor.data_ptr(), data, length);
  const auto target = c10::Device(toString(env, arguments.values[3]));
  return fromDouble(env, tensors().add(target.is_cpu() ? tensor : tensor.to(target)));
  COARSELY_END("tensorFrom")
}

/// toBytes(id) returns an ArrayBuffer with the elements in row-major order. The host waits for the device here.
napi_value toBytes(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto tensor = tensorArgument(env, arguments.values[0]).detach().to(at::kCPU).contiguous();
  void* data = nullptr;
  napi_value buffer;
  check(env, napi_create_arraybuffer(env, tensor.nbytes(), &data, &buffer));
  if (tensor.nbytes() > 0) std::memcpy(data, tensor.data_ptr(), tensor.nbytes());
  return buffer;
  COARSELY_END("toBytes")
}

/// setData(id, other) gives a tensor the storage, dtype and device of another; handles and the graph keep the tensor.
napi_value setData(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  at::Tensor other = tensorArgument(env, arguments.values[1]);
  tensorArgument(env, arguments.values[0]).set_data(other);
  return undefined(env);
  COARSELY_END("setData_")
}

}  // namespace

void exportTensor(napi_env env, napi_value exports) {
  exportFunction(env, exports, "dispose", dispose);
  exportFunction(env, exports, "disposeAll", disposeAll);
  exportFunction(env, exports, "share", share);
  exportFunction(env, exports, "isLive", isLive);
  exportFunction(env, exports, "liveCount", liveCount);
  exportFunction(env, exports, "shape", shape);
  exportFunction(env, exports, "scalarType", scalarType);
  exportFunction(env, exports, "device", device);
  exportFunction(env, exports, "isContiguous", isContiguous);
  exportFunction(env, exports, "item", item);
  exportFunction(env, exports, "fromBytes", fromBytes);
  exportFunction(env, exports, "toBytes", toBytes);
  exportFunction(env, exports, "setData", setData);
}

}  // namespace coarsely
