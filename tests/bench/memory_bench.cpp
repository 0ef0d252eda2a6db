// By how much the process grows, at its most, beside what was stated before anything was made.

#include <malloc.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "rows.h"
#include "workloads.h"

namespace srm::bench {
namespace {

constexpr double kKibibyte = 1024;

// "VmRSS:" or "VmHWM:", now or at most since the last forget_peak().
double resident_bytes(const std::string& which) {
  std::ifstream file("/proc/self/status");
  std::string word;
  double kibibytes = 0;
  while (file >> word) {
    if (word == which && file >> kibibytes) return kibibytes * kKibibyte;
  }
  throw std::runtime_error("/proc/self/status tells no " + which);
}

void forget_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5";
  if (!file.flush()) throw std::runtime_error("/proc/self/clear_refs cannot be written to");
}

// From nothing to a result, in every plane of which something was counted.
double growth(const Workload& workload) {
  malloc_trim(0);
  forget_peak();
  const double before = resident_bytes("VmRSS:");
  MemoryBudget budget(std::int64_t{1} << 40);
  Accumulator accumulator(workload.basis, workload.options(), budget);
  accumulator.update(workload.rows.const_data_ptr<float>(), workload.num_rows(), workload.dim(), workload.dim());
  const Resonance result = std::move(accumulator).take_resonance();
  return resident_bytes("VmHWM:") - before;
}

Sides set_up() {
  const Workload& workload = wide_n768();
  const auto stated =
      static_cast<double>(Accumulator::bytes_needed(*workload.basis, workload.planes, workload.options()));
  return {[&workload] { return growth(workload); },
          [stated] { return stated; },
          {"MB", 1e-6},
          [] { return std::string("n = 768, all planes, until there is a result"); }};
}

}  // namespace

std::vector<Contest> memory_rows() { return {{"memory/stated", Ratio::kOursOverPeer, 1, set_up}}; }

}  // namespace srm::bench
