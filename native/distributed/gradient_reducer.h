// Averages gradients over ranks while backward goes on, by c10d's Reducer: gradients travel in buckets as they come.
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
 * The Reducer waits for every parameter that it was given, and a parameter without a gradient would never come. So the
 * first backward is watched, and reduced when it is over; the Reducer is then made for the parameters that had
 * gradients, and made anew when the graph leads to others.
 */
class GradientReducer {
 public:
  /// The parameters may include some that need no gradient, or get none.
  GradientReducer(std::vector<at::Tensor> parameters, size_t bucketBytes);
  ~GradientReducer();

  /// Before the backward from `outputs` whose gradients, with all that were there before, are to be averaged.
  void prepare(const std::vector<at::Tensor>& outputs);
  /// After it: the gradients are averages.
  void finish();

 private:
  // Kept by a shared or an intrusive pointer, as the engine's version has it.
  using Accumulator = decltype(torch::autograd::impl::grad_accumulator(std::declval<const at::Tensor&>()));

  /// Which parameters train, and which of them the graph leads to.
  std::vector<bool> lookAt(const std::vector<at::Tensor>& outputs);
  void reduceAfterwards(const std::vector<at::Tensor>& used, const std::vector<std::vector<size_t>>& buckets);

  std::vector<at::Tensor> parameters_;
  const size_t bucketBytes_;
  // By their accumulators, which are kept: a leaf's accumulator lives only as long as somebody holds it.
  std::vector<Accumulator> accumulators_;
  std::unordered_map<torch::autograd::Node*, size_t> places_;
  std::vector<bool> reached_;
  std::unique_ptr<c10d::Reducer> reducer_;
  bool watching_ = false;
};

}  // namespace coarsely
