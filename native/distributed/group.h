// The process group: libtorch's own collectives (Gloo on the CPU, NCCL on CUDA), and what tells a rank that is gone.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include <memory>
#include <string>
#include <vector>

#include "distributed/heartbeat.h"
#include "distributed/roll_call.h"

namespace coarsely {

struct GroupOptions {
  int rank;
  int worldSize;
  StorePlace place;
  /// A CUDA device, where tensors on one are to be reduced.
  bool cuda;
};

class Group {
 public:
  /// Waits for all ranks. @throws naming those that did not come within the timeout
  explicit Group(const GroupOptions& options);
  ~Group();

  int rank() const { return options_.rank; }
  int worldSize() const { return options_.worldSize; }
  const c10::intrusive_ptr<c10d::ProcessGroup>& collectives() const { return group_; }

  /// In place. Types that the backend cannot sum (bfloat16) travel as float32.
  void allReduce(at::Tensor& tensor, c10d::ReduceOp::RedOpType operation);
  void broadcast(at::Tensor& tensor, int root);
  void barrier();

  std::vector<Member> inspect() { return rollCall_->inspect(); }
  int64_t collectivesBegun() const { return heartbeat_->collectives(); }
  /// `reason` is empty after a good end; rank 0, which keeps the store, then waits for the others.
  void close(const std::string& reason);
  /// Says goodbye and no more: at the end of an environment nobody may wait.
  void abandon();

 private:
  const GroupOptions options_;
  StorePointer store_;
  std::unique_ptr<RollCall> rollCall_;
  std::unique_ptr<Heartbeat> heartbeat_;
  c10::intrusive_ptr<c10d::ProcessGroup> group_;
  bool closed_ = false;
};

/// The open group of this process. @throws where there is none
Group& openGroup();
void joinGroup(const GroupOptions& options);
void closeGroup(const std::string& reason);
/// Leaves the open group, if any, without waiting for anybody.
void abandonOpenGroup();

/// Sum over ranks, whose backward sums the gradients over ranks.
at::Tensor sumOverRanksWithGradient(const at::Tensor& tensor);

}  // namespace coarsely
