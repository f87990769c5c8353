// The per-thread slot tables.
#include "handles.h"

namespace coarsely {

SlotTable<at::Tensor>& tensors() {
  static thread_local SlotTable<at::Tensor> table;
  return table;
}

SlotTable<at::Generator>& generators() {
  static thread_local SlotTable<at::Generator> table;
  return table;
}

}  // namespace coarsely
