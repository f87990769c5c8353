// Exports process groups and gradient reducers.
#include <stdexcept>

#include "exports.h"
#include "handles.h"
#include "napi.h"

#ifdef USE_C10D_GLOO

#include "distributed/gradient_reducer.h"
#include "distributed/process_group.h"

namespace coarsely {

namespace {

SlotTable<std::shared_ptr<GradientReducer>>& reducers() {
  static thread_local SlotTable<std::shared_ptr<GradientReducer>> table;
  return table;
}

// Is true in the environment that opened the group, which also has to close it.
thread_local bool openedGroup = false;

std::vector<at::Tensor> tensorArguments(napi_env env, napi_value array) {
  uint32_t count = 0;
  check(env, napi_get_array_length(env, array, &count));
  std::vector<at::Tensor> result;
  for (uint32_t place = 0; place < count; ++place) {
    napi_value element;
    check(env, napi_get_element(env, array, place, &element));
    result.push_back(tensorArgument(env, element));
  }
  return result;
}

/// joinGroup(rank, worldSize, host, port, prefix, timeoutSeconds, cuda) opens the process group of this process.
napi_value join(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<7> arguments(env, info);
  const auto& values = arguments.values;
  ProcessGroupOptions options;
  options.rank = static_cast<int>(toInteger(env, values[0]));
  options.worldSize = static_cast<int>(toInteger(env, values[1]));
  options.address.host = toString(env, values[2]);
  options.address.port = static_cast<uint16_t>(toInteger(env, values[3]));
  options.address.prefix = toString(env, values[4]);
  options.address.timeout = std::chrono::milliseconds(static_cast<int64_t>(toDouble(env, values[5]) * 1000));
  options.cuda = toBool(env, values[6]);
  joinGroup(options);
  openedGroup = true;
  return undefined(env);
  COARSELY_END("ProcessGroup.join")
}

/// closeGroup(reason) closes the process group; the reason is empty after success.
napi_value close(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  openedGroup = false;
  closeGroup(toString(env, arguments.values[0]));
  return undefined(env);
  COARSELY_END("ProcessGroup.close")
}

/// inspectGroup() returns [rank, host, pid, state, reason, collectives begun] of every rank.
napi_value inspect(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  auto& group = openGroup();
  const auto members = group.inspect();
  napi_value array;
  check(env, napi_create_array_with_length(env, members.size(), &array));
  for (const auto& member : members) {
    const auto begun = member.rank == group.rank() ? group.collectivesBegun() : member.collectives;
    const napi_value fields[] = {fromDouble(env, member.rank),   fromString(env, member.host),
                                 fromString(env, member.pid),    fromString(env, member.state),
                                 fromString(env, member.reason), fromDouble(env, static_cast<double>(begun))};
    napi_value row;
    check(env, napi_create_array_with_length(env, 6, &row));
    for (uint32_t place = 0; place < 6; ++place) check(env, napi_set_element(env, row, place, fields[place]));
    check(env, napi_set_element(env, array, static_cast<uint32_t>(member.rank), row));
  }
  return array;
  COARSELY_END("ProcessGroup.inspect")
}

napi_value allReduce(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  const auto operation = toString(env, arguments.values[1]);
  if (operation != "sum" && operation != "max") {
    throw std::runtime_error("expected the operation 'sum' or 'max', received '" + operation + "'");
  }
  openGroup().allReduce(tensorArgument(env, arguments.values[0]),
                        operation == "sum" ? c10d::ReduceOp::SUM : c10d::ReduceOp::MAX);
  return undefined(env);
  COARSELY_END("allReduce")
}

napi_value broadcast(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  openGroup().broadcast(tensorArgument(env, arguments.values[0]),
                        static_cast<int>(toInteger(env, arguments.values[1])));
  return undefined(env);
  COARSELY_END("broadcast")
}

napi_value barrier(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  openGroup().barrier();
  return undefined(env);
  COARSELY_END("barrier")
}

napi_value sumOverRanksValue(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  return fromDouble(env, tensors().add(sumOverRanksWithGradient(tensorArgument(env, arguments.values[0]))));
  COARSELY_END("sumOverRanks")
}

/// createReducer(parameters, bucketBytes) returns a handle of a gradient reducer.
napi_value createReducer(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  return fromDouble(
      env, reducers().add(std::make_shared<GradientReducer>(tensorArguments(env, arguments.values[0]),
                                                            static_cast<size_t>(toInteger(env, arguments.values[1])))));
  COARSELY_END("GradientSynchronizer")
}

/// prepareReducer(reducer, outputs) prepares to average the gradients of the next backward pass from `outputs`.
napi_value prepareReducer(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  reducers().get(toDouble(env, arguments.values[0]), "reducer")->prepare(tensorArguments(env, arguments.values[1]));
  return undefined(env);
  COARSELY_END("GradientSynchronizer.prepare")
}

/// finishReducer(reducer) waits until the gradients of that backward pass are averages.
napi_value finishReducer(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  reducers().get(toDouble(env, arguments.values[0]), "reducer")->finish();
  return undefined(env);
  COARSELY_END("GradientSynchronizer.finish")
}

napi_value disposeReducer(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  reducers().remove(toDouble(env, arguments.values[0]));
  return undefined(env);
  COARSELY_END("GradientSynchronizer.dispose")
}

}  // namespace

void exportDistributed(napi_env env, napi_value exports) {
  exportFunction(env, exports, "joinGroup", join);
  exportFunction(env, exports, "closeGroup", close);
  exportFunction(env, exports, "inspectGroup", inspect);
  exportFunction(env, exports, "groupAllReduce", allReduce);
  exportFunction(env, exports, "groupBroadcast", broadcast);
  exportFunction(env, exports, "groupBarrier", barrier);
  exportFunction(env, exports, "groupSum", sumOverRanksValue);
  exportFunction(env, exports, "createReducer", createReducer);
  exportFunction(env, exports, "prepareReducer", prepareReducer);
  exportFunction(env, exports, "finishReducer", finishReducer);
  exportFunction(env, exports, "disposeReducer", disposeReducer);
}

void abandonGroup() {
  reducers().clear();
  if (openedGroup) abandonOpenGroup();
  openedGroup = false;
}

}  // namespace coarsely

#else

namespace coarsely {

namespace {

napi_value join(napi_env env, napi_callback_info) {
  COARSELY_BEGIN
  throw std::runtime_error(
      "expected a libtorch with Gloo to train with several processes, received one without; install another engine");
  COARSELY_END("ProcessGroup.join")
}

}  // namespace

void exportDistributed(napi_env env, napi_value exports) {
  exportFunction(env, exports, "joinGroup", join);
}

void abandonGroup() {}

}  // namespace coarsely

#endif
