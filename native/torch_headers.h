// Precompiled header: the build compiles these headers of libtorch once for all sources. Every source still includes
// what it uses.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
