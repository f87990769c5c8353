// What an activation is made of, kept in place of the activation. A chain convolution → normalisation → ReLU →
// convolution needs for its gradient the normalisation's input and the second convolution's input; the latter is one
// cheap pass away from the former, so only the former has to stay in memory until then.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <memory>
#include <mutex>

namespace coarsely {

/// y = relu(x · scale + shift + residual), bit for bit as the forward pass computed it.
class ActivationRecipe {
 public:
  /// @param residual a tensor or a recipe of one, or neither
  ActivationRecipe(const at::Tensor& input, at::Tensor scale, at::Tensor shift, bool relu, const at::Tensor& residual,
                   std::shared_ptr<ActivationRecipe> residualRecipe);

  /// Remembers the forward pass's y weakly: while somebody else keeps it alive and unchanged, nothing is recomputed.
  void remember(const at::Tensor& output);
  /// Whether this is the forward pass's y, and unchanged: writing to it without a gradient leaves no other trace.
  bool makes(const at::Tensor& tensor) const;

  /// y, computed once for all that ask until `forget`. @throws c10::Error when the graph was freed
  at::Tensor activation();

  /// What backward needs of x. @throws c10::Error when the graph was freed
  at::Tensor input();
  const at::Tensor& scale() const { return scale_; }
  const at::Tensor& shift() const { return shift_; }
  bool relu() const { return relu_; }

  /// Drops the recomputed y: nothing that needs it comes after the gradient of the normalisation that made it.
  void forget();
  /// Drops everything: the graph is freed.
  void release();

 private:
  std::mutex mutex_;
  torch::autograd::SavedVariable input_;
  at::Tensor scale_, shift_;
  bool relu_;
  bool hasResidual_;
  torch::autograd::SavedVariable residual_;
  std::shared_ptr<ActivationRecipe> residualRecipe_;
  at::Tensor recomputed_;
  c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl> output_;
  uint32_t outputVersion_ = 0;
  bool released_ = false;
};

/// The recipe that made exactly this tensor, or null.
std::shared_ptr<ActivationRecipe> recipeOf(const at::Tensor& tensor);

}  // namespace coarsely
