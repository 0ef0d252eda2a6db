// Rows that hit nothing: how fast activations are read, beside a sum of the same numbers.

#include <ATen/ATen.h>

#include <string>

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

// A sum of numbers is no sum by dimension: without these both read once what there is.
Sides set_up_float(bool row_sums) {
  const auto workload = std::make_shared<const Workload>("sparse", gaussian_rows(kRows, kDim), kEpsilon);
  AccumulatorOptions options = workload->options();
  options.row_sums = row_sums;
  const auto counter = std::make_shared<OurCounter>(*workload, options);
  const auto num_bytes = static_cast<double>(workload->rows.nbytes());
  const Measure ours = [workload, counter, num_bytes] { return cpu_seconds([&] { counter->count(); }) / num_bytes; };
  ours();
  const Measure peer = time_sum(workload->rows);
  peer();
  return {ours, peer, gigabytes(), [row_sums] { return std::string(row_sums ? "with row sums" : "without row sums"); }};
}

// Through an observer, as a layer's tensors come.
Sides set_up_bf16(bool row_sums) {
  const at::Tensor rows = gaussian_rows(kRows, kDim).to(at::kBFloat16);
  ObserveOptions options;
  options.epsilon = {kEpsilon};
  options.num_angles = kNumAngles;
  options.row_sums = row_sums;
  const auto budget = std::make_shared<MemoryBudget>();
  const auto observer = std::make_shared<Observer>("sparse", options, Layout::kAuto, budget);
  const Measure ours = [rows, observer] {
    return cpu_seconds([&] { observer->add(rows); }) / static_cast<double>(rows.nbytes());
  };
  ours();
  const Measure peer = time_sum(rows);
  peer();
  return {ours, peer, gigabytes(), [row_sums] { return std::string(row_sums ? "with row sums" : "without row sums"); }};
}

}  // namespace

std::vector<Contest> sparse_rows() {
  const auto row = [](const char* name, auto set_up, bool row_sums) -> Contest {
    return {name, Ratio::kPeerOverOurs, kPairs, [=] { return set_up(row_sums); }};
  };
  return {row("sparse/read_bandwidth", set_up_float, false), row("sparse/read_bandwidth_bf16", set_up_bf16, false),
          row("sparse/with_row_sums", set_up_float, true), row("sparse/with_row_sums_bf16", set_up_bf16, true)};
}

}  // namespace srm::bench
