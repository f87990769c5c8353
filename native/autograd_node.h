// Making a node of the autograd graph: engines before and after nodes came to count their own references.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/function.h>

#include <memory>
#include <type_traits>

namespace coarsely {

/// A fresh node of type T, owned by what it returns.
template <typename T>
auto makeNode() {
  if constexpr (std::is_base_of_v<c10::intrusive_ptr_target, T>) {
    return c10::make_intrusive<T>();
  } else {
    // The engine's own deleter takes a long graph apart without recursion.
    return std::shared_ptr<T>(new T(), [](T* node) { deleteNode(node); });
  }
}

}  // namespace coarsely
