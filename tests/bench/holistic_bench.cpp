// One table for all planes: hits of a layer too wide for a table a plane, beside hits with a table each.

#include <fmt/format.h>

#include <memory>

#include "rows.h"
#include "workloads.h"

namespace srm::bench {
namespace {

constexpr int kPairs = 9;
constexpr std::int64_t kRows = 16384;
constexpr std::int64_t kDim = 4096;
constexpr double kMemoryLimit = 64.0 * 1024 * 1024;

AccumulatorOptions holistic_options(const Workload& workload) {
  AccumulatorOptions options = workload.options();
  options.planes.kind = PlaneChoice::Kind::kNone;
  return options;
}

Measure time_counter(const std::shared_ptr<OurCounter>& counter, double hits) {
  counter->count();
  return [counter, hits] { return cpu_seconds([&] { counter->count(); }) / hits; };
}

Sides set_up() {
  const auto workload = std::make_shared<const Workload>("holistic/n4096", aligned_rows(kRows, kDim), 0.9);
  const auto counter = std::make_shared<OurCounter>(*workload, holistic_options(*workload));
  const auto atomistic = std::make_shared<OurCounter>(aligned_n512(), aligned_n512().options());
  const Measure time_ours = time_counter(counter, num_hits(*workload));
  return {[workload, time_ours] { return time_ours(); },
          time_counter(atomistic, num_hits(aligned_n512())),
          {"million hits a second", 1e-6, true},
          [workload] { return fmt::format("{} rows; peer: ours atomistic, n = 512", workload->num_rows()); }};
}

// What is stated before anything is counted: memory/stated tells whether that is true.
Sides set_up_memory() {
  const Basis basis = Basis::standard(kDim);
  const PlaneSet planes(basis, Pairs::kCombination);
  AccumulatorOptions options;
  options.epsilon = {0.9};
  options.grid = AngleGrid(kNumAngles);
  options.planes.kind = PlaneChoice::Kind::kNone;
  const auto stated = static_cast<double>(Accumulator::bytes_needed(basis, planes, options));
  return {[stated] { return stated; }, [] { return kMemoryLimit; }, {"MiB", 1 / 1048576.0}};
}

}  // namespace

std::vector<Contest> holistic_rows() {
  return {{"holistic/n4096", Ratio::kPeerOverOurs, kPairs, set_up},
          {"holistic/n4096_memory", Ratio::kOursOverPeer, 1, set_up_memory}};
}

}  // namespace srm::bench
