// Checks the arguments of coarsely::pixel_loss, which its implementations for CPU and GPU share.
#pragma once

#include <ATen/ATen.h>

#include "constants.h"

namespace coarsely {

/// Throws where shapes, types or numbers are not those of the schema.
void checkPixelLoss(const at::Tensor& logits, const at::Tensor& labels, int64_t kind, int64_t indicator,
                    const c10::optional<at::Tensor>& classWeights);

/// Returns the weights of the classes for a smoothed loss, ones where none are given, and then the number 0, which is
/// that of a pixel without a label. Other losses get an empty tensor.
at::Tensor smoothingWeights(const at::Tensor& logits, int64_t kind, const c10::optional<at::Tensor>& classWeights);

}  // namespace coarsely
