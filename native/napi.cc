// Implements the conversions, and the translation of C++ exceptions to the JavaScript error class.
#include "napi.h"

#include <c10/util/Exception.h>

#include <cmath>

#include "memory_limit.h"

namespace coarsely {

namespace {

// Each thread has an environment of its own.
thread_local napi_ref operationErrorClass = nullptr;
thread_local napi_ref memoryErrorClass = nullptr;

void throwEngineError(napi_env env, napi_ref errorClass, const std::string& message) {
  napi_value text = nullptr;
  napi_create_string_utf8(env, message.c_str(), message.size(), &text);
  napi_value constructor = nullptr;
  if (errorClass) napi_get_reference_value(env, errorClass, &constructor);
  napi_value error = nullptr;
  if (!constructor || napi_new_instance(env, constructor, 1, &text, &error) != napi_ok) {
    napi_create_error(env, nullptr, text, &error);
  }
  napi_throw(env, error);
}

// Replaces libtorch's advice for an operation that has no deterministic form, which names Python functions, by one that
// names keys of the config.
std::string rewriteAdvice(const std::string& message) {
  const auto at = message.find(" does not have a deterministic implementation");
  if (at == std::string::npos) return message;
  const auto space = message.find_last_of(" \n", at - 1);
  const size_t begin = space == std::string::npos ? 0 : space + 1;
  const auto name = message.substr(begin, at - begin);
  const bool onGpu = name.find("cuda") != std::string::npos || name.find("CUDA") != std::string::npos;
  return name + " has no deterministic form on " + (onGpu ? "cuda" : "cpu") +
         "; set kernels: fused, or deterministic: false";
}

// Rewrites libtorch's advice and trims white space at the end.
std::string tidy(const std::string& original) {
  const auto message = rewriteAdvice(original);
  const auto end = message.find_last_not_of(" \n");
  return end == std::string::npos ? message : message.substr(0, end + 1);
}

/// Returns whether a message of libtorch, or of a library below it, says that memory could not be had.
bool reportsMemory(const std::string& message) {
  for (const char* sign : {"out of memory", "out_of_memory", "can't allocate memory", "not enough memory",
                           "Storage size calculation overflowed", "storage size calculation overflowed"}) {
    if (message.find(sign) != std::string::npos) return true;
  }
  return false;
}

void replaceReference(napi_env env, napi_ref& reference, napi_value value) {
  if (reference) napi_delete_reference(env, reference);
  check(env, napi_create_reference(env, value, 1, &reference));
}

}  // namespace

void setErrorClasses(napi_env env, napi_value operation, napi_value memory) {
  replaceReference(env, operationErrorClass, operation);
  replaceReference(env, memoryErrorClass, memory);
}

napi_value rethrow(napi_env env, const char* operation) {
  const std::string prefix = std::string(operation) + ": ";
  const auto report = [&](const std::string& message) {
    throwEngineError(env, reportsMemory(message) ? memoryErrorClass : operationErrorClass, prefix + tidy(message));
  };
  try {
    throw;
  } catch (const PendingException&) {
    // A JavaScript exception is already pending.
  } catch (const OutOfMemory& error) {
    report(error.what());
  } catch (const std::bad_alloc&) {
    report("not enough memory for the buffers of the operation");
  } catch (const c10::Error& error) {
    report(error.what_without_backtrace());
  } catch (const std::exception& error) {
    report(error.what());
  } catch (...) {
    report("unknown C++ exception");
  }
  return nullptr;
}

std::string describe(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  bool isArray = false, isTyped = false;
  switch (type) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: return "a number";
    case napi_string: return "a string";
    case napi_symbol: return "a symbol";
    case napi_function: return "a function";
    case napi_bigint: return "a bigint";
    case napi_external: return "an external value";
    case napi_object: break;
  }
  check(env, napi_is_array(env, value, &isArray));
  check(env, napi_is_typedarray(env, value, &isTyped));
  return isArray ? "an array" : isTyped ? "another typed array" : "an object";
}

double toDouble(napi_env env, napi_value value) {
  double result = 0;
  if (napi_get_value_double(env, value, &result) != napi_ok) {
    throw std::runtime_error("expected a number, received " + describe(env, value));
  }
  return result;
}

int64_t toInteger(napi_env env, napi_value value) {
  const double number = toDouble(env, value);
  if (!(std::abs(number) <= 9007199254740992.0) || number != std::floor(number)) {
    throw std::runtime_error("expected an integer, received " + std::to_string(number));
  }
  return static_cast<int64_t>(number);
}

bool toBool(napi_env env, napi_value value) {
  bool result = false;
  if (napi_get_value_bool(env, value, &result) != napi_ok) {
    throw std::runtime_error("expected a boolean, received " + describe(env, value));
  }
  return result;
}

std::string toString(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
    throw std::runtime_error("expected a string, received " + describe(env, value));
  }
  std::string result(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, result.data(), length + 1, &length));
  return result;
}

bool isNullish(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type == napi_undefined || type == napi_null;
}

std::vector<int64_t> toIntegers(napi_env env, napi_value value) {
  bool isArray = false;
  check(env, napi_is_array(env, value, &isArray));
  if (!isArray) throw std::runtime_error("expected an array of integers, received " + describe(env, value));
  uint32_t length = 0;
  check(env, napi_get_array_length(env, value, &length));
  std::vector<int64_t> result(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    check(env, napi_get_element(env, value, i, &element));
    result[i] = toInteger(env, element);
  }
  return result;
}

napi_value fromDouble(napi_env env, double value) {
  napi_value result;
  check(env, napi_create_double(env, value, &result));
  return result;
}

napi_value fromBool(napi_env env, bool value) {
  napi_value result;
  check(env, napi_get_boolean(env, value, &result));
  return result;
}

napi_value fromString(napi_env env, const std::string& value) {
  napi_value result;
  check(env, napi_create_string_utf8(env, value.c_str(), value.size(), &result));
  return result;
}

napi_value undefined(napi_env env) {
  napi_value result;
  check(env, napi_get_undefined(env, &result));
  return result;
}

napi_value null(napi_env env) {
  napi_value result;
  check(env, napi_get_null(env, &result));
  return result;
}

void exportFunction(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function));
  check(env, napi_set_named_property(env, exports, name, function));
}

}  // namespace coarsely
