// Holds the slot tables of each thread.
#include "handles.h"

#include "napi.h"

namespace coarsely {

SlotTable<at::Tensor>& tensors() {
  static thread_local SlotTable<at::Tensor> table;
  return table;
}

SlotTable<at::Generator>& generators() {
  static thread_local SlotTable<at::Generator> table;
  return table;
}

at::Tensor& tensorArgument(napi_env env, napi_value value) {
  return tensors().get(toDouble(env, value), "tensor");
}

at::Generator& generatorArgument(napi_env env, napi_value value) {
  return generators().get(toDouble(env, value), "generator");
}

}  // namespace coarsely
