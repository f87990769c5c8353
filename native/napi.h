// A thin layer over Node-API: checked calls, conversion of arguments and results, and the macros that turn a C++
// exception into a JavaScript EngineError.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace coarsely {

/// Is thrown when a Node-API call left a JavaScript exception pending.
struct PendingException {};

/// Throws when a Node-API call failed.
inline void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) throw PendingException{};
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  throw std::runtime_error(info && info->error_message ? info->error_message : "Node-API call failed");
}

/// Holds the arguments of one call, at most Capacity of them; missing ones read as undefined.
template <size_t Capacity>
struct Arguments {
  napi_value values[Capacity];
  size_t count = Capacity;
  void* data = nullptr;

  Arguments(napi_env env, napi_callback_info info) {
    check(env, napi_get_cb_info(env, info, &count, values, nullptr, &data));
  }
};

/// Throws the C++ exception that is being handled as a JavaScript EngineError that begins with `operation`.
napi_value rethrow(napi_env env, const char* operation);
/// Sets the JavaScript classes of the errors that this thread throws: of failed operations, and of requests for memory
/// that the system could not fulfill.
void setErrorClasses(napi_env env, napi_value operation, napi_value memory);

/// Names the type of a JavaScript value for error messages: `a string`, `an array`, `null`.
std::string describe(napi_env env, napi_value value);

// Conversions from JavaScript. @throws std::runtime_error for a value of another type
double toDouble(napi_env env, napi_value value);
int64_t toInteger(napi_env env, napi_value value);
bool toBool(napi_env env, napi_value value);
std::string toString(napi_env env, napi_value value);
bool isNullish(napi_env env, napi_value value);
std::vector<int64_t> toIntegers(napi_env env, napi_value value);

napi_value fromDouble(napi_env env, double value);
napi_value fromBool(napi_env env, bool value);
napi_value fromString(napi_env env, const std::string& value);
napi_value undefined(napi_env env);
napi_value null(napi_env env);

template <typename Container>
napi_value fromIntegers(napi_env env, const Container& values) {
  napi_value array;
  check(env, napi_create_array_with_length(env, values.size(), &array));
  for (size_t i = 0; i < values.size(); ++i) {
    check(env, napi_set_element(env, array, static_cast<uint32_t>(i), fromDouble(env, static_cast<double>(values[i]))));
  }
  return array;
}

/// Adds a function to the exports object.
void exportFunction(napi_env env, napi_value exports, const char* name, napi_callback callback);

}  // namespace coarsely

// Enclose the body of every callback: no C++ exception may cross into V8.
#define COARSELY_BEGIN try {
#define COARSELY_END(operation)                   \
  }                                               \
  catch (...) {                                   \
    return ::coarsely::rethrow(env, (operation)); \
  }
