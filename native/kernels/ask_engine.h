// Asks libtorch whether it can compute something by letting it try once. What it can do depends on its version, on the
// processor and on the environment (ONEDNN_MAX_CPU_ISA keeps oneDNN from instructions that the processor has), and no
// function of libtorch tells it for all of them.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>

namespace coarsely {

/// Returns whether `attempt` runs without an exception. It is run once for each question and process.
bool engineCan(const std::string& question, const std::function<void()>& attempt);

/// Returns whether libtorch convolves maps of this type on the CPU, forward and backward.
bool engineConvolves(at::ScalarType type);

}  // namespace coarsely
