// The pixel loss by libtorch's operators, one by one, where no kernel of our own was compiled for the device: the same
// numbers, at the price of maps of all classes at the labels' size.

#include "pixel_loss.h"

#include <algorithm>
#include <cmath>

namespace coarsely {

namespace {

/// Logits at the labels' size, float32.
at::Tensor resized(const at::Tensor& logits, const at::Tensor& labels) {
  const auto maps = logits.to(at::kFloat);
  if (maps.sizes().slice(2) == labels.sizes().slice(1)) return maps;
  return at::upsample_bilinear2d(maps, labels.sizes().slice(1), false);
}

at::Tensor crossEntropyOf(const at::Tensor& logLikelihoods, const at::Tensor& labels, const at::Tensor& valid) {
  const auto known = labels.masked_fill(valid.logical_not(), 0).unsqueeze(1);
  return logLikelihoods.gather(1, known).squeeze(1).neg().masked_fill(valid.logical_not(), 0);
}

at::Tensor missOf(const at::Tensor& losses) { return losses.neg().expm1().neg().clamp_min(kSmallestMiss); }

at::Tensor lossOf(const at::Tensor& crossEntropy, int64_t kind, double parameter) {
  switch (static_cast<LossKind>(kind)) {
    case LossKind::CrossEntropy:
      break;
    case LossKind::Gce:
      if (parameter >= kCrossEntropyBelow) return crossEntropy.mul(-parameter).expm1().div(-parameter);
      break;
    case LossKind::Focal:
      return missOf(crossEntropy).pow(parameter).mul(crossEntropy);
  }
  return crossEntropy;
}

/// The derivative of the loss by the cross-entropy that it is made from.
at::Tensor slopeOf(const at::Tensor& crossEntropy, int64_t kind, double parameter) {
  switch (static_cast<LossKind>(kind)) {
    case LossKind::CrossEntropy:
      break;
    case LossKind::Gce:
      if (parameter >= kCrossEntropyBelow) return crossEntropy.mul(-parameter).exp();
      break;
    case LossKind::Focal: {
      const auto miss = missOf(crossEntropy);
      const auto rise = miss.pow(parameter - 1).mul(parameter).mul(crossEntropy.neg().exp()).mul(crossEntropy);
      return miss.pow(parameter).add(rise.masked_fill(miss.le(kSmallestMiss), 0));
    }
  }
  return at::ones_like(crossEntropy);
}

at::Tensor confidenceOf(const at::Tensor& logLikelihoods, int64_t indicator) {
  const auto classes = static_cast<double>(logLikelihoods.size(1));
  switch (static_cast<Indicator>(indicator)) {
    case Indicator::None:
      break;
    case Indicator::Variance: {
      const auto squares = logLikelihoods.exp().square().sum(1);
      if (classes == 1) return squares.mul(2).sub(1);
      return squares.mul(classes).sub(1).div(classes - 1).clamp(0, 1).mul(2).sub(1);
    }
    case Indicator::Entropy: {
      const auto held = logLikelihoods.clamp_min(kLowestLogLikelihood);
      return held.exp().mul(held).sum(1).mul(2 / std::log(std::max(classes, 2.0))).add(1).clamp(-1, 1);
    }
  }
  return at::empty({0}, logLikelihoods.options());
}

}  // namespace

void checkPixelLoss(const at::Tensor& logits, const at::Tensor& labels, int64_t kind, int64_t indicator) {
  TORCH_CHECK(logits.dim() == 4 && logits.is_floating_point() && logits.numel() > 0,
              "expected logits [N,C,h,w] of a floating type, received ", logits.scalar_type(), logits.sizes());
  TORCH_CHECK(labels.dim() == 3 && labels.size(0) == logits.size(0) && labels.numel() > 0, "expected labels [",
              logits.size(0), ",H,W], received ", labels.sizes());
  TORCH_CHECK(labels.scalar_type() == at::kLong, "expected labels of type int64, received ", labels.scalar_type());
  TORCH_CHECK(labels.device() == logits.device(), "expected labels on ", logits.device(), ", received ",
              labels.device());
  TORCH_CHECK(kind >= 0 && kind <= 2, "expected a kind of loss from 0 to 2, received ", kind);
  TORCH_CHECK(indicator >= 0 && indicator <= 2, "expected an indicator from 0 to 2, received ", indicator);
}

std::tuple<at::Tensor, at::Tensor> composePixelLoss(const at::Tensor& logits, const at::Tensor& labels, int64_t kind,
                                                    double parameter, int64_t ignoreIndex, int64_t indicator) {
  checkPixelLoss(logits, labels, kind, indicator);
  const auto logLikelihoods = at::log_softmax(resized(logits, labels), 1);
  const auto crossEntropy = crossEntropyOf(logLikelihoods, labels, labels.ne(ignoreIndex));
  return {lossOf(crossEntropy, kind, parameter), confidenceOf(logLikelihoods, indicator)};
}

at::Tensor composePixelLossBackward(const at::Tensor& gradient, const at::Tensor& logits, const at::Tensor& labels,
                                    int64_t kind, double parameter, int64_t ignoreIndex) {
  const auto valid = labels.ne(ignoreIndex);
  const auto logLikelihoods = at::log_softmax(resized(logits, labels), 1);
  const auto slope = slopeOf(crossEntropyOf(logLikelihoods, labels, valid), kind, parameter);
  const auto scale = gradient.mul(slope).masked_fill(valid.logical_not(), 0).unsqueeze(1);
  const auto known = labels.masked_fill(valid.logical_not(), 0).unsqueeze(1);
  const auto full = logLikelihoods.exp().mul(scale).scatter_add(1, known, scale.neg());
  if (full.sizes() == logits.sizes()) return full.to(logits.scalar_type());
  return at::upsample_bilinear2d_backward(full, labels.sizes().slice(1), logits.sizes(), false)
      .to(logits.scalar_type());
}

}  // namespace coarsely
