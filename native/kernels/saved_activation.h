// Saves an activation for backward by what it was computed from. In a chain convolution, normalization, activation,
// convolution the gradient needs the inputs of the normalization and of the second convolution. The latter can be
// recomputed from the former in one pass over memory, so only the former is kept.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <memory>
#include <mutex>

#include "activation.h"

namespace coarsely {

/// Recomputes y = activation(x * scale + shift + residual), bit for bit as the forward pass computed it.
class SavedActivation {
 public:
  /// Saves `residual` (which may be undefined) by `savedResidual` where that is not null.
  SavedActivation(const at::Tensor& input, at::Tensor scale, at::Tensor shift, Activation activation,
                  const at::Tensor& residual, std::shared_ptr<SavedActivation> savedResidual);

  /// Keeps a weak reference to the forward pass's y. While y is alive and unchanged, it is used instead of recomputed.
  void setOutput(const at::Tensor& output);
  /// Returns whether `tensor` is the forward pass's y and unchanged since. Writes without gradient change its version
  /// only.
  bool isOutput(const at::Tensor& tensor) const;

  /// Returns y, which is recomputed once and kept until `dropRecomputed`. @throws c10::Error when the graph was freed
  at::Tensor unpack();

  /// Returns x. @throws c10::Error when the graph was freed
  at::Tensor input();
  const at::Tensor& scale() const { return scale_; }
  const at::Tensor& shift() const { return shift_; }
  Activation activation() const { return activation_; }
  /// Returns the residual, or an undefined tensor. @throws c10::Error when the graph was freed
  at::Tensor residual();

  /// Frees the recomputed y. The gradient of the normalization is the last to be computed, so nothing needs y after it.
  void dropRecomputed();
  /// Frees all tensors, because the graph is freed.
  void release();

 private:
  std::mutex mutex_;
  torch::autograd::SavedVariable input_;
  at::Tensor scale_, shift_;
  Activation activation_;
  bool hasResidual_;
  torch::autograd::SavedVariable residual_;
  std::shared_ptr<SavedActivation> savedResidual_;
  at::Tensor recomputed_;
  c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl> output_;
  uint32_t outputVersion_ = 0;
  bool released_ = false;
};

/// Returns the saved activation whose forward pass made exactly this tensor, or null.
std::shared_ptr<SavedActivation> savedActivationOf(const at::Tensor& tensor);

}  // namespace coarsely
