// Eight epsilons beside one: the same rows, and one phi for all.

#include <memory>

#include "rows.h"
#include "workloads.h"

namespace srm::bench {
namespace {

constexpr int kPairs = 9;
constexpr std::int64_t kRows = 65536;
constexpr std::int64_t kDim = 16;
constexpr double kLeast = 0.4, kMost = 0.9;
constexpr int kNumEpsilons = 8;

AccumulatorOptions options_of_eight(const Workload& workload) {
  AccumulatorOptions options = workload.options();
  options.epsilon.clear();
  for (int k = 0; k < kNumEpsilons; ++k) options.epsilon.push_back(kLeast + (kMost - kLeast) * k / (kNumEpsilons - 1));
  return options;
}

Measure time_counter(const std::shared_ptr<const Workload>& workload, const AccumulatorOptions& options) {
  const auto counter = std::make_shared<OurCounter>(*workload, options);
  counter->count();
  return [workload, counter] { return cpu_seconds([&] { counter->count(); }) / workload->num_pairs(); };
}

Contest eight_against_one(std::string name, at::Tensor (*make_rows)(std::int64_t, std::int64_t)) {
  const auto set_up = [make_rows]() -> Sides {
    const auto workload = std::make_shared<const Workload>("epsilons", make_rows(kRows, kDim), kLeast);
    return {time_counter(workload, options_of_eight(*workload)),
            time_counter(workload, workload->options()),
            {"ns a row and plane", 1e9},
            [] { return std::string("epsilon 0.4 to 0.9 / 0.4"); }};
  };
  return {std::move(name), Ratio::kOursOverPeer, kPairs, set_up};
}

}  // namespace

std::vector<Contest> epsilon_rows() {
  // Rows on axes have r near 1 in the planes of their axis, and below the least epsilon in all others.
  return {eight_against_one("epsilons/8_vs_1_tanh", tanh_rows),
          eight_against_one("epsilons/8_vs_1_gauss", gaussian_rows),
          eight_against_one("epsilons/8_vs_1_all_hit", aligned_rows)};
}

}  // namespace srm::bench
