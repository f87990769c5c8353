// Exports any operator of libtorch's dispatcher as a JavaScript function. The operator's schema is compiled once into a
// list of argument kinds; a call converts its arguments by kind, runs callBoxed and wraps the results.

#include <ATen/core/dispatch/Dispatcher.h>

#include <cmath>
#include <memory>

#include "exports.h"
#include "handles.h"
#include "napi.h"

namespace coarsely {

namespace {

enum class Kind {
  Tensor,
  TensorList,
  OptionalTensorList,
  Scalar,
  Int,
  Float,
  Bool,
  String,
  Device,
  IntList,
  FloatList,
  BoolList,
  Generator,
  Unsupported,
};

struct CompiledArgument {
  std::string name;
  std::string type;  // as libtorch's schema writes it
  Kind kind;
  bool optional;
  int32_t fixedLength;  // N of int[N], 0 for any length
  c10::optional<c10::IValue> defaultValue;
};

struct CompiledOperator {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<CompiledArgument> arguments;
  std::vector<int> aliases;  // for each result, the argument that it is written into, or -1
};

Kind kindOf(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Kind::Tensor;
    case c10::TypeKind::NumberType: return Kind::Scalar;
    case c10::TypeKind::IntType: return Kind::Int;
    case c10::TypeKind::SymIntType: return Kind::Int;
    case c10::TypeKind::FloatType: return Kind::Float;
    case c10::TypeKind::BoolType: return Kind::Bool;
    case c10::TypeKind::StringType: return Kind::String;
    case c10::TypeKind::DeviceObjType: return Kind::Device;
    case c10::TypeKind::GeneratorType: return Kind::Generator;
    case c10::TypeKind::ListType: {
      const auto element = type->castRaw<c10::ListType>()->getElementType();
      switch (element->kind()) {
        case c10::TypeKind::TensorType: return Kind::TensorList;
        case c10::TypeKind::OptionalType: return Kind::OptionalTensorList;
        case c10::TypeKind::IntType:
        case c10::TypeKind::SymIntType: return Kind::IntList;
        case c10::TypeKind::FloatType: return Kind::FloatList;
        case c10::TypeKind::BoolType: return Kind::BoolList;
        default: return Kind::Unsupported;
      }
    }
    default: return Kind::Unsupported;
  }
}

std::unique_ptr<CompiledOperator> compile(const std::string& name, const std::string& overload) {
  auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!handle) {
    throw std::runtime_error("this libtorch has no operator " + name + (overload.empty() ? "" : "." + overload));
  }
  auto compiled = std::make_unique<CompiledOperator>(CompiledOperator{*handle, name, {}, {}});
  const auto& schema = handle->schema();
  for (const auto& argument : schema.arguments()) {
    c10::TypePtr type = argument.type();
    bool optional = false;
    if (type->kind() == c10::TypeKind::OptionalType) {
      optional = true;
      type = type->castRaw<c10::OptionalType>()->getElementType();
    }
    compiled->arguments.push_back(
        {argument.name(), type->str(), kindOf(type), optional, argument.N().value_or(0), argument.default_value()});
  }
  for (const auto& result : schema.returns()) {
    int alias = -1;
    if (result.alias_info() && result.alias_info()->isWrite()) {
      for (size_t i = 0; i < schema.arguments().size(); ++i) {
        const auto* info = schema.arguments()[i].alias_info();
        if (info && info->isWrite() && info->beforeSets() == result.alias_info()->beforeSets()) {
          alias = static_cast<int>(i);
        }
      }
    }
    compiled->aliases.push_back(alias);
  }
  return compiled;
}

uint32_t arrayLength(napi_env env, napi_value value) {
  bool isArray = false;
  check(env, napi_is_array(env, value, &isArray));
  if (!isArray) throw std::runtime_error("expected an array, received " + describe(env, value));
  uint32_t length = 0;
  check(env, napi_get_array_length(env, value, &length));
  return length;
}

c10::IValue scalarOf(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type == napi_boolean) return c10::IValue(toBool(env, value));
  const double number = toDouble(env, value);
  const bool integral =
      number == std::floor(number) && std::abs(number) <= 9007199254740992.0 && !(number == 0 && std::signbit(number));
  return integral ? c10::IValue(static_cast<int64_t>(number)) : c10::IValue(number);
}

template <typename Element, typename Read>
c10::List<Element> listOf(napi_env env, napi_value value, Read read) {
  const uint32_t length = arrayLength(env, value);
  c10::List<Element> list;
  list.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    check(env, napi_get_element(env, value, i, &element));
    list.push_back(read(element));
  }
  return list;
}

c10::IValue convert(napi_env env, napi_value value, const CompiledArgument& argument) {
  const auto tensorOf = [&](napi_value element) { return tensorArgument(env, element); };
  switch (argument.kind) {
    case Kind::Tensor: return tensorOf(value);
    case Kind::TensorList: return listOf<at::Tensor>(env, value, tensorOf);
    case Kind::OptionalTensorList:
      return listOf<c10::optional<at::Tensor>>(env, value, [&](napi_value element) {
        return isNullish(env, element) ? c10::optional<at::Tensor>() : c10::optional<at::Tensor>(tensorOf(element));
      });
    case Kind::Scalar: return scalarOf(env, value);
    case Kind::Int: return toInteger(env, value);
    case Kind::Float: return toDouble(env, value);
    case Kind::Bool: return toBool(env, value);
    case Kind::String: return toString(env, value);
    case Kind::Device: return c10::Device(toString(env, value));
    case Kind::Generator: return generatorArgument(env, value);
    case Kind::IntList: {
      napi_valuetype type;
      check(env, napi_typeof(env, value, &type));
      if (type == napi_number) {
        return c10::IValue(std::vector<int64_t>(std::max(argument.fixedLength, 1), toInteger(env, value)));
      }
      return c10::IValue(toIntegers(env, value));
    }
    case Kind::FloatList: return listOf<double>(env, value, [&](napi_value element) { return toDouble(env, element); });
    case Kind::BoolList: return listOf<bool>(env, value, [&](napi_value element) { return toBool(env, element); });
    case Kind::Unsupported: break;
  }
  throw std::runtime_error("expected an argument of a type that JavaScript can pass, but libtorch wants " +
                           argument.type + "; received " + describe(env, value));
}

/// Holds the handles that a call made so far, and frees them when it fails before JavaScript has received them all.
class NewHandles {
 public:
  NewHandles() = default;
  NewHandles(const NewHandles&) = delete;
  NewHandles& operator=(const NewHandles&) = delete;
  ~NewHandles() {
    for (const double handle : handles_) tensors().remove(handle);
  }

  double add(const at::Tensor& tensor) { return handles_.emplace_back(tensors().add(tensor)); }
  void handOver() { handles_.clear(); }

 private:
  std::vector<double> handles_;
};

napi_value wrap(napi_env env, const c10::IValue& value, NewHandles& made) {
  if (value.isTensor()) {
    const auto& tensor = value.toTensor();
    return tensor.defined() ? fromDouble(env, made.add(tensor)) : null(env);
  }
  if (value.isNone()) return null(env);
  if (value.isInt()) return fromDouble(env, static_cast<double>(value.toInt()));
  if (value.isDouble()) return fromDouble(env, value.toDouble());
  if (value.isBool()) return fromBool(env, value.toBool());
  if (value.isTensorList()) {
    const auto list = value.toTensorVector();
    napi_value array;
    check(env, napi_create_array_with_length(env, list.size(), &array));
    for (size_t i = 0; i < list.size(); ++i) {
      check(env, napi_set_element(env, array, static_cast<uint32_t>(i), wrap(env, list[i], made)));
    }
    return array;
  }
  if (value.isIntList()) return fromIntegers(env, value.toIntVector());
  throw std::runtime_error("expected a result of a type that JavaScript can hold, received " + value.tagKind());
}

napi_value call(napi_env env, napi_callback_info info) {
  constexpr size_t mostArguments = 24;
  napi_value values[mostArguments];
  size_t count = mostArguments;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, values, nullptr, &data) != napi_ok) return nullptr;
  auto& op = *static_cast<CompiledOperator*>(data);
  COARSELY_BEGIN
  torch::jit::Stack stack;
  stack.reserve(op.arguments.size() + op.aliases.size());
  for (size_t i = 0; i < op.arguments.size(); ++i) {
    const auto& argument = op.arguments[i];
    napi_valuetype type = napi_undefined;
    if (i < count) check(env, napi_typeof(env, values[i], &type));
    if (type == napi_undefined && argument.defaultValue) {
      stack.push_back(*argument.defaultValue);
    } else if (type == napi_undefined || type == napi_null) {
      if (!argument.optional) throw std::runtime_error("expected argument '" + argument.name + "', received none");
      stack.emplace_back();
    } else {
      try {
        stack.push_back(convert(env, values[i], argument));
      } catch (const std::runtime_error& error) {
        throw std::runtime_error("argument '" + argument.name + "': " + error.what());
      }
    }
  }
  op.handle.callBoxed(&stack);

  NewHandles made;
  const auto wrapResult = [&](size_t i) {
    const int alias = op.aliases[i];
    return alias >= 0 ? values[alias] : wrap(env, stack[i], made);
  };
  if (stack.empty()) return undefined(env);
  if (stack.size() == 1) {
    const auto result = wrapResult(0);
    made.handOver();
    return result;
  }
  napi_value array;
  check(env, napi_create_array_with_length(env, stack.size(), &array));
  for (size_t i = 0; i < stack.size(); ++i) {
    check(env, napi_set_element(env, array, static_cast<uint32_t>(i), wrapResult(i)));
  }
  made.handOver();
  return array;
  COARSELY_END(op.name.c_str() + (op.name.rfind("aten::", 0) == 0 ? 6 : 0))
}

/// bindOperator(name, overload) returns the operator as a function.
napi_value bindOperator(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  auto compiled = compile(toString(env, arguments.values[0]), toString(env, arguments.values[1]));
  napi_value function;
  check(env, napi_create_function(env, compiled->name.c_str(), NAPI_AUTO_LENGTH, call, compiled.get(), &function));
  check(env, napi_add_finalizer(
                 env, function, compiled.get(),
                 [](napi_env, void* data, void*) { delete static_cast<CompiledOperator*>(data); }, nullptr, nullptr));
  compiled.release();
  return function;
  COARSELY_END("bindOperator")
}

/// operatorSchema(name, overload) returns the arguments and returns of an operator, or null when there is none.
napi_value operatorSchema(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<2> arguments(env, info);
  const auto name = toString(env, arguments.values[0]);
  const auto overload = toString(env, arguments.values[1]);
  auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!handle) return null(env);
  const auto& schema = handle->schema();
  const auto set = [&](napi_value object, const char* key, napi_value value) {
    check(env, napi_set_named_property(env, object, key, value));
  };
  const auto describe = [&](const c10::Argument& argument) {
    napi_value object;
    check(env, napi_create_object(env, &object));
    set(object, "name", fromString(env, argument.name()));
    set(object, "type", fromString(env, argument.real_type()->str()));
    set(object, "hasDefault", fromBool(env, argument.default_value().has_value()));
    set(object, "keywordOnly", fromBool(env, argument.kwarg_only()));
    set(object, "length", fromDouble(env, argument.N().value_or(0)));
    set(object, "written", fromBool(env, argument.alias_info() && argument.alias_info()->isWrite()));
    return object;
  };
  const auto describeAll = [&](const std::vector<c10::Argument>& list) {
    napi_value array;
    check(env, napi_create_array_with_length(env, list.size(), &array));
    for (size_t i = 0; i < list.size(); ++i) {
      check(env, napi_set_element(env, array, static_cast<uint32_t>(i), describe(list[i])));
    }
    return array;
  };
  napi_value object;
  check(env, napi_create_object(env, &object));
  set(object, "arguments", describeAll(schema.arguments()));
  set(object, "returns", describeAll(schema.returns()));
  return object;
  COARSELY_END("operatorSchema")
}

}  // namespace

void exportOperators(napi_env env, napi_value exports) {
  exportFunction(env, exports, "bindOperator", bindOperator);
  exportFunction(env, exports, "operatorSchema", operatorSchema);
}

}  // namespace coarsely
