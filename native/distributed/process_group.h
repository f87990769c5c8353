// Opens the process group: libtorch's collectives (Gloo on the CPU, NCCL on CUDA) and the detection of lost ranks.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include <memory>
#include <string>
#include <vector>

#include "distributed/heartbeat.h"
#include "distributed/membership.h"

namespace coarsely {

struct ProcessGroupOptions {
  int rank;
  int worldSize;
  StoreAddress address;
  /// Is true when tensors on a CUDA device are to be reduced.
  bool cuda;
};

/// Runs collectives over the ranks of a training run. Every rank must make the same calls in the same order.
class ProcessGroup {
 public:
  /// Waits for all ranks. @throws std::runtime_error naming the ranks that did not join within the timeout
  explicit ProcessGroup(const ProcessGroupOptions& options);
  ~ProcessGroup();

  int rank() const { return options_.rank; }
  int worldSize() const { return options_.worldSize; }
  const c10::intrusive_ptr<c10d::ProcessGroup>& collectives() const { return group_; }

  /// Reduces a tensor in place. Types that the backend cannot sum (bfloat16, float16) are sent as float32.
  void allReduce(at::Tensor& tensor, c10d::ReduceOp::RedOpType operation);
  /// Overwrites a tensor by that of rank `root`.
  void broadcast(at::Tensor& tensor, int root);
  void barrier();

  /// Returns the state of every other rank.
  std::vector<Member> inspect() { return membership_->inspect(); }
  int64_t collectivesBegun() const { return heartbeat_->collectives(); }
  /// Leaves the group; `reason` is empty after success. Rank 0, which serves the store, waits for the others.
  void close(const std::string& reason);
  /// Tells the others that this rank left and waits for nothing, because the environment is ending.
  void abandon();

 private:
  const ProcessGroupOptions options_;
  StorePointer store_;
  std::unique_ptr<Membership> membership_;
  std::unique_ptr<Heartbeat> heartbeat_;
  c10::intrusive_ptr<c10d::ProcessGroup> group_;
  bool closed_ = false;
};

/// Returns the open group of this process. @throws c10::Error when there is none
ProcessGroup& openGroup();
/// Opens the group of this process and installs the sum over ranks that kernels use.
void joinGroup(const ProcessGroupOptions& options);
/// Closes the open group, if any.
void closeGroup(const std::string& reason);
/// Leaves the open group, if any, without waiting for other ranks.
void abandonOpenGroup();

/// Returns the sum over ranks. Its backward pass sums the gradients over ranks.
at::Tensor sumOverRanksWithGradient(const at::Tensor& tensor);

}  // namespace coarsely
