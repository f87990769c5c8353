// Implements the averaging of gradients: finds the parameters that the graph reaches, compares them over ranks, and
// drives c10d's Reducer, whose constructor differs between versions of libtorch.
#include "distributed/gradient_reducer.h"

#include <ATen/ATen.h>
#include <torch/version.h>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <algorithm>
#include <unordered_set>

#include "distributed/process_group.h"

namespace coarsely {

namespace {

/// Returns a hash of the chosen parameters, which differs between ranks that chose differently.
int64_t digest(const std::vector<size_t>& chosen, const std::vector<at::Tensor>& tensors) {
  uint64_t hash = 1469598103934665603ull;
  const auto mix = [&hash](uint64_t value) { hash = (hash ^ value) * 1099511628211ull; };
  mix(tensors.size());
  for (const auto index : chosen) mix(index);
  for (const auto& tensor : tensors) {
    mix(static_cast<uint64_t>(tensor.dim()));
    for (const auto size : tensor.sizes()) mix(static_cast<uint64_t>(size));
  }
  return static_cast<int64_t>(hash >> 11);
}

/// Throws on every rank when the ranks pass different values.
void expectSameOnAllRanks(int64_t value) {
  at::Tensor both = at::empty({2}, at::kLong);
  both.select(0, 0).fill_(value);
  both.select(0, 1).fill_(-value);
  openGroup().allReduce(both, c10d::ReduceOp::MAX);
  const int64_t most = both.select(0, 0).item<int64_t>();
  const int64_t least = -both.select(0, 1).item<int64_t>();
  TORCH_CHECK(
      most == least,
      "expected the same parameters to have gradients on every rank, received different ones; the ranks' models "
      "or steps differ");
}

/// Returns the view of a gradient in its bucket, with the layout of its parameter.
at::Tensor viewInBucket(const at::Tensor& bucket, const at::Tensor& parameter, int64_t offset) {
  if (parameter.is_non_overlapping_and_dense()) {
    return bucket.as_strided(parameter.sizes(), parameter.strides(), offset);
  }
  return bucket.narrow(0, offset, parameter.numel()).view(parameter.sizes());
}

std::unique_ptr<c10d::Reducer> createReducer(const std::vector<at::Tensor>& used,
                                             const std::vector<std::vector<size_t>>& buckets, size_t bucketBytes) {
  const auto& group = openGroup().collectives();
  const std::vector<bool> sparse(used.size(), false);
  const auto bytes = static_cast<int64_t>(bucketBytes);
  // Gradients are views of the buckets. The buckets are not rearranged by the order in which gradients arrive: with
  // three or more ranks that would change the order of additions, and a resumed run would differ from an uninterrupted
  // one.
#if TORCH_VERSION_MAJOR >= 2
  return std::make_unique<c10d::Reducer>(used, buckets, group, sparse, bytes, false, true,
                                         std::unordered_map<size_t, std::string>(), c10d::kDefaultFirstBucketBytes,
                                         false, false, std::vector<int64_t>());
#else
  return std::make_unique<c10d::Reducer>(used, buckets, std::vector<size_t>(buckets.size(), bucketBytes), group, sparse,
                                         bytes, false, true, std::unordered_map<size_t, std::string>(),
                                         c10d::kDefaultFirstBucketBytes);
#endif
}

}  // namespace

GradientReducer::GradientReducer(std::vector<at::Tensor> parameters, size_t bucketBytes)
    : parameters_(std::move(parameters)), bucketBytes_(bucketBytes) {
  // Backward produces gradients in roughly the reverse order of the parameters.
  std::reverse(parameters_.begin(), parameters_.end());
}

GradientReducer::~GradientReducer() = default;

std::vector<bool> GradientReducer::findReachable(const std::vector<at::Tensor>& outputs) {
  accumulators_.resize(parameters_.size());
  std::vector<bool> seen(2 * parameters_.size(), false);
  indices_.clear();
  for (size_t index = 0; index < parameters_.size(); ++index) {
    const bool trains = parameters_[index].requires_grad();
    accumulators_[index] = trains ? torch::autograd::impl::grad_accumulator(parameters_[index]) : Accumulator();
    if (trains) indices_[accumulators_[index].get()] = index;
    seen[2 * index] = trains;
  }
  std::vector<torch::autograd::Node*> pending;
  for (const auto& output : outputs) {
    if (output.grad_fn()) pending.push_back(output.grad_fn().get());
  }
  std::unordered_set<torch::autograd::Node*> visited(pending.begin(), pending.end());
  while (!pending.empty()) {
    auto* node = pending.back();
    pending.pop_back();
    if (const auto found = indices_.find(node); found != indices_.end()) seen[2 * found->second + 1] = true;
    for (const auto& edge : node->next_edges()) {
      if (edge.is_valid() && visited.insert(edge.function.get()).second) pending.push_back(edge.function.get());
    }
  }
  return seen;
}

void GradientReducer::prepare(const std::vector<at::Tensor>& outputs) {
  auto reached = findReachable(outputs);
  rebuild_ = !reducer_ || reached != reached_;
  reached_ = std::move(reached);
  if (rebuild_) {
    reducer_.reset();
  } else {
    reducer_->prepare_for_backward({});
  }
}

void GradientReducer::finish() {
  if (!rebuild_) return;
  rebuild_ = false;
  std::vector<at::Tensor> used;
  std::vector<size_t> chosen;
  for (size_t index = 0; index < parameters_.size(); ++index) {
    const auto& parameter = parameters_[index];
    if (!parameter.requires_grad() || !parameter.grad().defined()) continue;
    used.push_back(parameter);
    chosen.push_back(index);
  }
  expectSameOnAllRanks(digest(chosen, used));
  if (used.empty()) return;
  const auto buckets = std::get<0>(c10d::compute_bucket_assignment_by_size(
      used, {static_cast<size_t>(c10d::kDefaultFirstBucketBytes), bucketBytes_}));
  averageAfterBackward(used, buckets);
  reducer_ = createReducer(used, buckets, bucketBytes_);
}

void GradientReducer::averageAfterBackward(const std::vector<at::Tensor>& used,
                                           const std::vector<std::vector<size_t>>& buckets) {
  // Gradients are added in the same order as by the Reducer, so that the first step gives the same bits as later ones.
  const at::NoGradGuard noGrad;
  const double share = 1.0 / openGroup().worldSize();
  for (const auto& bucket : buckets) {
    int64_t length = 0;
    for (const auto index : bucket) length += used[index].numel();
    at::Tensor flat = at::empty({length}, used[bucket.front()].options().requires_grad(false));
    int64_t offset = 0;
    std::vector<at::Tensor> views;
    for (const auto index : bucket) {
      views.push_back(viewInBucket(flat, used[index], offset));
      views.back().copy_(used[index].grad()).mul_(share);
      offset += used[index].numel();
    }
    openGroup().allReduce(flat, c10d::ReduceOp::SUM);
    for (size_t i = 0; i < bucket.size(); ++i) used[bucket[i]].mutable_grad().copy_(views[i]);
  }
}

}  // namespace coarsely
