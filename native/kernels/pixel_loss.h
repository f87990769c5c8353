// Checks the arguments of coarsely::pixel_loss, which its implementations for CPU and GPU share.
#pragma once

#include <ATen/ATen.h>

#include "constants.h"

namespace coarsely {

/// Throws where shapes, types or numbers are not those of the schema.
void checkPixelLoss(const at::Tensor& logits, const at::Tensor& labels, int64_t kind, int64_t indicator);

}  // namespace coarsely
