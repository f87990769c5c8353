// The headers of libtorch that most sources need, compiled once before them (scripts/build-native.mjs). Every source
// still includes what it uses.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
