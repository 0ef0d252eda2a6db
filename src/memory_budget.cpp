#include "srm/memory_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "srm/error.h"

namespace srm {
namespace {

std::int64_t free_of_machine() {
  std::ifstream meminfo("/proc/meminfo");
  std::string key;
  std::int64_t kilobytes = 0;
  while (meminfo >> key >> kilobytes) {
    if (key == "MemAvailable:") return kilobytes * 1024;
    meminfo.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  throw Error("memory", "/proc/meminfo must tell MemAvailable", "none", "give the limit yourself");
}

// A container's limit (control groups, version 2); files that are missing or say "max" set none.
std::int64_t free_of_control_group() {
  std::int64_t limit = 0;
  std::int64_t used = 0;
  std::ifstream limit_file("/sys/fs/cgroup/memory.max");
  std::ifstream used_file("/sys/fs/cgroup/memory.current");
  if (!(limit_file >> limit) || !(used_file >> used)) return std::numeric_limits<std::int64_t>::max();
  return std::max<std::int64_t>(limit - used, 0);
}

}  // namespace

MemoryBudget::MemoryBudget(std::int64_t limit_bytes) : limit_bytes_(limit_bytes) {
  if (limit_bytes <= 0) {
    throw Error("memory", "the limit must be above zero", fmt::format("{} bytes", limit_bytes), "give e.g. 4G");
  }
}

std::int64_t MemoryBudget::half_of_free() {
  return std::max<std::int64_t>(std::min(free_of_machine(), free_of_control_group()) / 2, 1);
}

std::int64_t MemoryBudget::reserved_bytes() const {
  const std::lock_guard lock(mutex_);
  return reserved_bytes_;
}

void MemoryBudget::reserve(std::int64_t bytes, std::string_view what) {
  if (bytes < 0) {
    throw Error("memory", fmt::format("{} must not be less than nothing", what), fmt::format("{} bytes", bytes),
                "give back what is no longer needed by release()");
  }
  const std::lock_guard lock(mutex_);
  if (bytes > limit_bytes_ - reserved_bytes_) {
    throw Error("memory", fmt::format("{} must fit into the limit of {}", what, format_bytes(limit_bytes_)),
                fmt::format("{} beside {} already taken", format_bytes(bytes), format_bytes(reserved_bytes_)),
                "raise --memory, or use fewer angles, epsilons, layers or basis vectors");
  }
  reserved_bytes_ += bytes;
}

void MemoryBudget::release(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  reserved_bytes_ -= bytes;
}

std::string format_bytes(std::int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes) / 1000;
  const char* unit = "kB";
  for (const char* larger : {"MB", "GB", "TB", "PB"}) {
    if (value < 999.5) break;
    value /= 1000;
    unit = larger;
  }
  return value < 9.95 ? fmt::format("{:.1f} {}", value, unit) : fmt::format("{:.0f} {}", value, unit);
}

}  // namespace srm
