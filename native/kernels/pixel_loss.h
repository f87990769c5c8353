// The pixel loss in one pass: what its implementations for CPU and GPU share.
#pragma once

#include <ATen/ATen.h>

#include <tuple>

namespace coarsely {

/// Numbers as in the schema of coarsely::pixel_loss.
enum class LossKind : int64_t { CrossEntropy = 0, Gce = 1, Focal = 2 };
enum class Indicator : int64_t { None = 0, Variance = 1, Entropy = 2 };

/// Below it (1 - e^{-q l}) / q and l agree in every digit of a float32.
constexpr double kCrossEntropyBelow = 1e-12;
/// Holds 1 - p_y away from 0, where the derivative of its power has no end.
constexpr float kSmallestMiss = 1e-37f;
/// e^-150 is 0 in float32, so below it 0 log 0 = 0 holds.
constexpr float kLowestLogLikelihood = -150.0f;

/// @throws c10::Error naming the shape or type expected and the one received
void checkPixelLoss(const at::Tensor& logits, const at::Tensor& labels, int64_t kind, int64_t indicator);

/// The same by libtorch's operators, one by one: for devices that have no kernel of their own.
std::tuple<at::Tensor, at::Tensor> composePixelLoss(const at::Tensor& logits, const at::Tensor& labels, int64_t kind,
                                                    double parameter, int64_t ignoreIndex, int64_t indicator);
at::Tensor composePixelLossBackward(const at::Tensor& gradient, const at::Tensor& logits, const at::Tensor& labels,
                                    int64_t kind, double parameter, int64_t ignoreIndex);

}  // namespace coarsely
