// Implements the process group over c10d, whose classes differ between versions of libtorch.
#include "distributed/process_group.h"

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/version.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <cstdlib>
#include <stdexcept>

#include "all_reduce_hook.h"

namespace coarsely {

namespace {

// Is not freed at the end of the process: the group's threads could still use it.
ProcessGroup* current = nullptr;

void allReduceSumOfKernels(at::Tensor& sums) {
  openGroup().allReduce(sums, c10d::ReduceOp::SUM);
}

c10::intrusive_ptr<c10d::ProcessGroupGloo> createGloo(const StorePointer& store, const ProcessGroupOptions& options) {
  auto gloo = c10d::ProcessGroupGloo::Options::create(options.address.timeout);
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  gloo->devices.push_back(
      interface && *interface ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                              : c10d::ProcessGroupGloo::createDeviceForHostname(localAddress(options.address)));
  gloo->threads = 2;
  return c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store),
                                                     options.rank, options.worldSize, gloo);
}

#if TORCH_VERSION_MAJOR >= 2
c10::intrusive_ptr<c10d::ProcessGroup> createGroup(const StorePointer& store, const ProcessGroupOptions& options) {
  using Kind = c10d::ProcessGroup::BackendType;
  auto group = c10::make_intrusive<c10d::ProcessGroup>(store, options.rank, options.worldSize);
  group->setDefaultBackend(Kind::GLOO);
  const c10::intrusive_ptr<c10d::Backend> gloo = createGloo(store, options);
  group->setBackend(at::kCPU, Kind::GLOO, gloo);
  if (options.cuda) {
#ifdef USE_C10D_NCCL
    auto nccl = c10d::ProcessGroupNCCL::Options::create();
    nccl->timeout = options.address.timeout;
    const auto own = c10::make_intrusive<c10d::PrefixStore>("nccl", store);
    group->setBackend(at::kCUDA, Kind::NCCL,
                      c10::intrusive_ptr<c10d::Backend>(
                          c10::make_intrusive<c10d::ProcessGroupNCCL>(own, options.rank, options.worldSize, nccl)));
#else
    // Gloo copies tensors through the host, which is slower.
    group->setBackend(at::kCUDA, Kind::GLOO, gloo);
#endif
  }
  group->setGroupName("coarsely");
  return group;
}
#else
c10::intrusive_ptr<c10d::ProcessGroup> createGroup(const StorePointer& store, const ProcessGroupOptions& options) {
  return createGloo(store, options);
}
#endif

/// Sums over ranks in both directions.
class RankSum : public torch::autograd::Function<RankSum> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor& tensor) {
    at::Tensor sum = tensor.detach().clone(at::MemoryFormat::Contiguous);
    openGroup().allReduce(sum, c10d::ReduceOp::SUM);
    return sum;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::variable_list gradients) {
    at::Tensor sum = gradients[0].detach().clone(at::MemoryFormat::Contiguous);
    openGroup().allReduce(sum, c10d::ReduceOp::SUM);
    return {sum};
  }
};

}  // namespace

ProcessGroup::ProcessGroup(const ProcessGroupOptions& options) : options_(options) {
  const auto& address = options.address;
  store_ = openStore(address, options.rank == 0 && address.prefix.empty());
  membership_ = std::make_unique<Membership>(store_, options.rank, options.worldSize, address.timeout);
  membership_->join(localAddress(address));
  heartbeat_ = std::make_unique<Heartbeat>(address, options.rank);
  group_ = createGroup(store_, options);
}

ProcessGroup::~ProcessGroup() {
  close("its process group was destroyed");
}

void ProcessGroup::allReduce(at::Tensor& tensor, c10d::ReduceOp::RedOpType operation) {
  const at::NoGradGuard noGrad;
  heartbeat_->count();
  if (tensor.numel() == 0) return;
  const bool narrow = tensor.scalar_type() == at::kBFloat16 || tensor.scalar_type() == at::kHalf;
  std::vector<at::Tensor> sums{(narrow ? tensor.to(at::kFloat) : tensor.detach()).contiguous()};
  c10d::AllreduceOptions options;
  options.reduceOp = operation;
  group_->allreduce(sums, options)->wait();
  if (sums[0].data_ptr() != tensor.data_ptr()) tensor.copy_(sums[0]);
}

void ProcessGroup::broadcast(at::Tensor& tensor, int root) {
  const at::NoGradGuard noGrad;
  TORCH_CHECK(root >= 0 && root < options_.worldSize, "expected a root from 0 to ", options_.worldSize - 1,
              ", received ", root);
  heartbeat_->count();
  if (tensor.numel() == 0) return;
  // Sent as bytes, so that every type can be.
  at::Tensor contiguous = tensor.detach().contiguous();
  std::vector<at::Tensor> bytes{contiguous.reshape({-1}).view(at::kByte)};
  c10d::BroadcastOptions options;
  options.rootRank = root;
  group_->broadcast(bytes, options)->wait();
  if (contiguous.data_ptr() != tensor.data_ptr()) tensor.copy_(contiguous);
}

void ProcessGroup::barrier() {
  at::Tensor nothing = at::zeros({1}, at::kInt);
  allReduce(nothing, c10d::ReduceOp::SUM);
}

void ProcessGroup::close(const std::string& reason) {
  if (closed_) return;
  closed_ = true;
  try {
    membership_->leave(reason);
  } catch (const std::exception&) {
    // Rank 0 is gone and the store with it, so nobody can be told.
  }
  const bool serves = options_.rank == 0 && options_.address.prefix.empty();
  // Other ranks need the store to find out why this one left.
  if (serves) membership_->waitForOthers(options_.address.timeout);
  heartbeat_.reset();
  group_.reset();
  store_.reset();
}

void ProcessGroup::abandon() {
  if (closed_) return;
  closed_ = true;
  try {
    membership_->leave("its thread ended");
  } catch (const std::exception&) {
    // Rank 0 is gone and the store with it, so nobody can be told.
  }
  heartbeat_.reset();
}

ProcessGroup& openGroup() {
  TORCH_CHECK(current, "expected an open process group, found none; call ProcessGroup.join first");
  return *current;
}

void joinGroup(const ProcessGroupOptions& options) {
  TORCH_CHECK(!current, "expected one process group per process, received a second; close the open one first");
  current = new ProcessGroup(options);
  allReduceSumHook = allReduceSumOfKernels;
}

void closeGroup(const std::string& reason) {
  if (!current) return;
  allReduceSumHook = nullptr;
  ProcessGroup* closing = current;
  current = nullptr;
  closing->close(reason);
  delete closing;
}

void abandonOpenGroup() {
  if (!current) return;
  allReduceSumHook = nullptr;
  // Leaked on purpose: its threads may be waiting for ranks that do not answer.
  ProcessGroup* abandoned = current;
  current = nullptr;
  abandoned->abandon();
}

at::Tensor sumOverRanksWithGradient(const at::Tensor& tensor) {
  return RankSum::apply(tensor);
}

}  // namespace coarsely
