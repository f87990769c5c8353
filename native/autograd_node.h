// Creates nodes of the autograd graph. libtorch held nodes by std::shared_ptr before it held them by intrusive_ptr.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/function.h>

#include <memory>
#include <type_traits>

namespace coarsely {

/// Returns a smart pointer to a new node of type T.
template <typename T>
auto makeNode() {
  if constexpr (std::is_base_of_v<c10::intrusive_ptr_target, T>) {
    return c10::make_intrusive<T>();
  } else {
    // libtorch's deleter frees a long graph without recursion.
    return std::shared_ptr<T>(new T(), [](T* node) { deleteNode(node); });
  }
}

}  // namespace coarsely
