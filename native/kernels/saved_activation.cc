// Implements the recomputation with the forward pass's own kernel, which gives it the same bits.
#include "saved_activation.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/variable.h>

#include "batch_norm_kernel.h"

namespace coarsely {

SavedActivation::SavedActivation(const at::Tensor& input, at::Tensor scale, at::Tensor shift, Activation activation,
                                 const at::Tensor& residual, std::shared_ptr<SavedActivation> savedResidual)
    : input_(input, false),
      scale_(std::move(scale)),
      shift_(std::move(shift)),
      activation_(activation),
      hasResidual_(residual.defined()),
      savedResidual_(std::move(savedResidual)),
      output_(at::Tensor().getIntrusivePtr()) {
  if (hasResidual_ && !savedResidual_) residual_ = torch::autograd::SavedVariable(residual, false);
}

void SavedActivation::setOutput(const at::Tensor& output) {
  output_ = c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>(output.getIntrusivePtr());
  outputVersion_ = output._version();
}

bool SavedActivation::isOutput(const at::Tensor& tensor) const {
  return output_.lock().get() == tensor.unsafeGetTensorImpl() && tensor._version() == outputVersion_;
}

at::Tensor SavedActivation::unpack() {
  std::lock_guard<std::mutex> lock(mutex_);
  TORCH_CHECK(!released_, torch::autograd::ERR_BACKWARD_TWICE);
  if (recomputed_.defined()) return recomputed_;
  at::AutoDispatchBelowADInplaceOrView below;
  if (auto alive = output_.lock()) {
    at::Tensor output(std::move(alive));
    if (output._version() == outputVersion_) return output.detach();
  }
  recomputed_ = normalizeActivate(input_.unpack(), {scale_, shift_, residual(), activation_}, nullptr);
  return recomputed_;
}

at::Tensor SavedActivation::residual() {
  TORCH_CHECK(!released_, torch::autograd::ERR_BACKWARD_TWICE);
  if (!hasResidual_) return {};
  return savedResidual_ ? savedResidual_->unpack() : residual_.unpack();
}

at::Tensor SavedActivation::input() {
  TORCH_CHECK(!released_, torch::autograd::ERR_BACKWARD_TWICE);
  return input_.unpack();
}

void SavedActivation::dropRecomputed() {
  std::lock_guard<std::mutex> lock(mutex_);
  recomputed_.reset();
}

void SavedActivation::release() {
  std::lock_guard<std::mutex> lock(mutex_);
  released_ = true;
  recomputed_.reset();
  input_.reset_data();
  residual_.reset_data();
  savedResidual_.reset();
}

}  // namespace coarsely
