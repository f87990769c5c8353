// Sums over all ranks, for kernels whose statistics are those of every process: set while a process group is open.
#pragma once

#include <ATen/core/Tensor.h>

namespace coarsely {

/// Replaces `sums` by its sum over all ranks. Every rank must call it in the same order.
using SumOverRanks = void (*)(at::Tensor& sums);

/// Null in a single process.
SumOverRanks sumOverRanks();
void setSumOverRanks(SumOverRanks sum);

}  // namespace coarsely
