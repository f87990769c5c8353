// Reads the files in which Linux states its memory and the limits of a container.
#include "memory_limit.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace coarsely {

namespace {

constexpr uint64_t unlimited = std::numeric_limits<uint64_t>::max();

/// Returns the number in a file that holds nothing else, and `missing` for any other text or no file.
uint64_t numberIn(const char* path, uint64_t missing) {
  std::ifstream file(path);
  uint64_t number = 0;
  return file >> number ? number : missing;
}

/// Returns the sum of some entries of a file of names and numbers, and `missing` when it has none of them.
template <size_t Count>
uint64_t sumOfEntries(const char* path, const char* const (&names)[Count], uint64_t missing) {
  std::ifstream file(path);
  uint64_t sum = 0;
  bool found = false;
  for (std::string line; std::getline(file, line);) {
    const auto end = line.find_first_of(": ");
    if (end == std::string::npos) continue;
    for (const char* name : names) {
      if (line.compare(0, end, name) != 0) continue;
      sum += std::strtoull(line.c_str() + end + 1, nullptr, 10);
      found = true;
    }
  }
  return found ? sum : missing;
}

uint64_t availableToSystem() {
  const uint64_t kilobytes = sumOfEntries("/proc/meminfo", {"MemAvailable", "SwapFree"}, unlimited);
  return kilobytes == unlimited ? unlimited : kilobytes * 1024;
}

/// Returns what is left of a container's limit. Cached files count as free, because the system drops them first.
uint64_t availableToContainer(const char* limitPath, const char* usedPath, const char* statisticsPath) {
  const uint64_t limit = numberIn(limitPath, unlimited);
  if (limit == unlimited) return unlimited;
  const uint64_t used = numberIn(usedPath, 0);
  const uint64_t files = sumOfEntries(statisticsPath, {"inactive_file", "active_file"}, 0);
  const uint64_t held = used > files ? used - files : 0;
  return limit > held ? limit - held : 0;
}

std::string sizeText(uint64_t bytes) {
  char text[32];
  const bool large = bytes >= 1000000000;
  std::snprintf(text, sizeof text, large ? "%.1f GB" : "%.1f MB", static_cast<double>(bytes) / (large ? 1e9 : 1e6));
  return text;
}

}  // namespace

OutOfMemory::OutOfMemory(size_t requested, uint64_t live)
    : text_("not enough memory: " + sizeText(requested) + " asked for, beside " + sizeText(live) +
            " that tensors hold" +
            (tensorLimit() == unlimited ? "" : ", of " + sizeText(tensorLimit()) + " that COARSELY_MEMORY allows")) {}

uint64_t availableMemory() {
  const uint64_t second =
      availableToContainer("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat");
  const uint64_t first =
      availableToContainer("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
                           "/sys/fs/cgroup/memory/memory.stat");
  return std::min({availableToSystem(), first, second});
}

uint64_t tensorLimit() {
  static const uint64_t limit = [] {
    const char* given = std::getenv("COARSELY_MEMORY");
    const double value = given ? std::strtod(given, nullptr) : 0;
    return value > 0 && value < 1e9 ? static_cast<uint64_t>(value * 1e9) : unlimited;
  }();
  return limit;
}

}  // namespace coarsely
