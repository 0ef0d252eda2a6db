// Rows that hit nothing: how fast activations are read, beside a sum of the same numbers.

#include <ATen/ATen.h>

#include "rows.h"
#include "srm/layer_observer.h"
#include "workloads.h"

namespace srm::bench {
namespace {

constexpr int kPairs = 15;
constexpr std::int64_t kRows = 65536;  // far more than caches hold
constexpr std::int64_t kDim = 512;
constexpr double kEpsilon = 0.8;

Measure time_sum(const at::Tensor& rows) {
  return [rows] { return cpu_seconds([&] { at::sum(rows); }) / static_cast<double>(rows.nbytes()); };
}

Unit gigabytes() { return {"GB/s", 1e-9, true}; }

Sides set_up_float() {
  const auto workload = std::make_shared<const Workload>("sparse", gaussian_rows(kRows, kDim), kEpsilon);
  const auto counter = std::make_shared<OurCounter>(*workload, workload->options());
  const auto num_bytes = static_cast<double>(workload->rows.nbytes());
  const Measure ours = [workload, counter, num_bytes] { return cpu_seconds([&] { counter->count(); }) / num_bytes; };
  ours();
  const Measure peer = time_sum(workload->rows);
  peer();
  return {ours, peer, gigabytes()};
}

// The accumulator's own rows are float32 and float64: half types come to it through an observer.
Sides set_up_bf16() {
  const at::Tensor rows = gaussian_rows(kRows, kDim).to(at::kBFloat16);
  ObserveOptions options;
  options.epsilon = {kEpsilon};
  options.num_angles = kNumAngles;
  const auto budget = std::make_shared<MemoryBudget>();
  const auto observer = std::make_shared<Observer>("sparse", options, Layout::kAuto, budget);
  const Measure ours = [rows, observer] {
    return cpu_seconds([&] { observer->add(rows); }) / static_cast<double>(rows.nbytes());
  };
  ours();
  const Measure peer = time_sum(rows);
  peer();
  return {ours, peer, gigabytes()};
}

}  // namespace

std::vector<Contest> sparse_rows() {
  return {{"sparse/read_bandwidth", Ratio::kPeerOverOurs, kPairs, set_up_float},
          {"sparse/read_bandwidth_bf16", Ratio::kPeerOverOurs, kPairs, set_up_bf16}};
}

}  // namespace srm::bench
