// What memory a test's process holds.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <vector>

namespace srm::test {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kMemoryIsMeasured = false;  // what is freed stays in quarantine; the sanitizer looks for leaks itself
#else
constexpr bool kMemoryIsMeasured = true;
#endif

/// Bytes that the process holds, after the allocator has given back what it can.
inline std::int64_t resident_bytes() {
  malloc_trim(0);
  std::int64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

inline std::int64_t median(std::vector<std::int64_t> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace srm::test
