// Averages gradients over ranks with c10d's Reducer, which reduces buckets of gradients while backward still runs.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace c10d {
class Reducer;
}

namespace coarsely {

/**
 * Averages the gradients of a set of parameters. c10d's Reducer waits for a gradient of each of its parameters, also of
 * those that the graph does not reach. Therefore the first backward pass runs without it and is averaged afterwards;
 * the Reducer is then created for the parameters that received gradients, and created anew when the graph reaches
 * others.
 */
class GradientReducer {
 public:
  /// Takes parameters, some of which may need no gradient or receive none.
  GradientReducer(std::vector<at::Tensor> parameters, size_t bucketBytes);
  ~GradientReducer();

  /// Prepares for the backward pass from `outputs`. Its gradients, added to existing ones, will be averaged.
  void prepare(const std::vector<at::Tensor>& outputs);
  /// Completes the averaging after the backward pass.
  void finish();

 private:
  // Is a shared_ptr or an intrusive_ptr, depending on libtorch's version.
  using Accumulator = decltype(torch::autograd::impl::grad_accumulator(std::declval<const at::Tensor&>()));

  /// Returns for each parameter whether it requires a gradient and whether the graph reaches it, one after the other.
  std::vector<bool> findReachable(const std::vector<at::Tensor>& outputs);
  /// Averages complete gradients bucket by bucket, with the same additions as the Reducer.
  void averageAfterBackward(const std::vector<at::Tensor>& used, const std::vector<std::vector<size_t>>& buckets);

  std::vector<at::Tensor> parameters_;
  const size_t bucketBytes_;
  // Keeps the accumulators alive: a leaf's accumulator is freed when nobody holds it.
  std::vector<Accumulator> accumulators_;
  std::unordered_map<torch::autograd::Node*, size_t> indices_;
  std::vector<bool> reached_;
  std::unique_ptr<c10d::Reducer> reducer_;
  bool rebuild_ = false;
};

}  // namespace coarsely
