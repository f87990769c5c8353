// Tells how much memory the system can still give, and reports a request that it cannot fulfill. Linux grants more
// memory than there is and kills the process that uses it, which would lose the results of a long command, so large
// requests are compared with what is available first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

namespace coarsely {

/// Reports that the memory for a tensor could not be had, with the size of the request in its text.
class OutOfMemory final : public std::bad_alloc {
 public:
  /// @param requested bytes that were asked for
  /// @param live bytes that tensors held at the time
  OutOfMemory(size_t requested, uint64_t live);
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

/// Returns the bytes that this process can still use before the system runs out: free memory, what the system can
/// reclaim, and swap, within the limit of a container. It is the greatest number where the system does not tell.
uint64_t availableMemory();

/// Returns the greatest number of bytes that tensors may hold at once: the gigabytes (10^9 bytes) in the environment
/// variable COARSELY_MEMORY, or no limit without it.
uint64_t tensorLimit();

}  // namespace coarsely
