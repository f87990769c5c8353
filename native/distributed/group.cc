#include "distributed/group.h"

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/version.h>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <cstdlib>
#include <stdexcept>

#include "rank_sums.h"

namespace coarsely {

namespace {

// Never freed at the end of the process: threads of the group would outlive what they use.
Group* current = nullptr;

void sumInKernels(at::Tensor& sums) { openGroup().allReduce(sums, c10d::ReduceOp::SUM); }

c10::intrusive_ptr<c10d::ProcessGroupGloo> createGloo(const StorePointer& store, const GroupOptions& options) {
  auto gloo = c10d::ProcessGroupGloo::Options::create(options.place.timeout);
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  gloo->devices.push_back(interface && *interface
                              ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                              : c10d::ProcessGroupGloo::createDeviceForHostname(localAddress(options.place)));
  gloo->threads = 2;
  return c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store),
                                                     options.rank, options.worldSize, gloo);
}

#if TORCH_VERSION_MAJOR >= 2
c10::intrusive_ptr<c10d::ProcessGroup> createGroup(const StorePointer& store, const GroupOptions& options) {
  using Kind = c10d::ProcessGroup::BackendType;
  auto group = c10::make_intrusive<c10d::ProcessGroup>(store, options.rank, options.worldSize);
  group->setDefaultBackend(Kind::GLOO);
  const c10::intrusive_ptr<c10d::Backend> gloo = createGloo(store, options);
  group->setBackend(at::kCPU, Kind::GLOO, gloo);
  if (options.cuda) {
#ifdef USE_C10D_NCCL
    auto nccl = c10d::ProcessGroupNCCL::Options::create();
    nccl->timeout = options.place.timeout;
    const auto own = c10::make_intrusive<c10d::PrefixStore>("nccl", store);
    group->setBackend(at::kCUDA, Kind::NCCL,
                      c10::intrusive_ptr<c10d::Backend>(c10::make_intrusive<c10d::ProcessGroupNCCL>(
                          own, options.rank, options.worldSize, nccl)));
#else
    // Gloo copies through the host: slower, and the same sums.
    group->setBackend(at::kCUDA, Kind::GLOO, gloo);
#endif
  }
  group->setGroupName("coarsely");
  return group;
}
#else
c10::intrusive_ptr<c10d::ProcessGroup> createGroup(const StorePointer& store, const GroupOptions& options) {
  return createGloo(store, options);
}
#endif

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

Group::Group(const GroupOptions& options) : options_(options) {
  const auto& place = options.place;
  store_ = openStore(place, options.rank == 0 && place.prefix.empty());
  rollCall_ = std::make_unique<RollCall>(store_, options.rank, options.worldSize, place.timeout);
  rollCall_->answer(localAddress(place));
  heartbeat_ = std::make_unique<Heartbeat>(place, options.rank);
  group_ = createGroup(store_, options);
}

Group::~Group() { close("its process group was dropped"); }

void Group::allReduce(at::Tensor& tensor, c10d::ReduceOp::RedOpType operation) {
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

void Group::broadcast(at::Tensor& tensor, int root) {
  const at::NoGradGuard noGrad;
  TORCH_CHECK(root >= 0 && root < options_.worldSize, "expected a root from 0 to ", options_.worldSize - 1,
              ", received ", root);
  heartbeat_->count();
  if (tensor.numel() == 0) return;
  // As bytes: every type can then be sent.
  at::Tensor contiguous = tensor.detach().contiguous();
  std::vector<at::Tensor> bytes{contiguous.reshape({-1}).view(at::kByte)};
  c10d::BroadcastOptions options;
  options.rootRank = root;
  group_->broadcast(bytes, options)->wait();
  if (contiguous.data_ptr() != tensor.data_ptr()) tensor.copy_(contiguous);
}

void Group::barrier() {
  at::Tensor nothing = at::zeros({1}, at::kInt);
  allReduce(nothing, c10d::ReduceOp::SUM);
}

void Group::close(const std::string& reason) {
  if (closed_) return;
  closed_ = true;
  try {
    rollCall_->leave(reason);
  } catch (const std::exception&) {
    // The store went with rank 0; there is nobody to tell.
  }
  const bool serves = options_.rank == 0 && options_.place.prefix.empty();
  // Those who ask what happened need the store for it.
  if (serves) rollCall_->awaitOthers(options_.place.timeout);
  heartbeat_.reset();
  group_.reset();
  store_.reset();
}

void Group::abandon() {
  if (closed_) return;
  closed_ = true;
  try {
    rollCall_->leave("its thread ended");
  } catch (const std::exception&) {
    // As above.
  }
  heartbeat_.reset();
}

Group& openGroup() {
  TORCH_CHECK(current, "no process group is open");
  return *current;
}

void joinGroup(const GroupOptions& options) {
  TORCH_CHECK(!current, "a process group is open already: expected one in a process");
  current = new Group(options);
  setSumOverRanks(sumInKernels);
}

void closeGroup(const std::string& reason) {
  if (!current) return;
  setSumOverRanks(nullptr);
  Group* closing = current;
  current = nullptr;
  closing->close(reason);
  delete closing;
}

void abandonOpenGroup() {
  if (!current) return;
  setSumOverRanks(nullptr);
  // Not deleted: its threads may be waiting for ranks that do not answer.
  Group* abandoned = current;
  current = nullptr;
  abandoned->abandon();
}

at::Tensor sumOverRanksWithGradient(const at::Tensor& tensor) { return RankSum::apply(tensor); }

}  // namespace coarsely
