#include "targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace srm::bench {
namespace {

constexpr auto kAtLeast = Bound::kAtLeast;
constexpr auto kAtMost = Bound::kAtMost;

// The only place where targets stand. The third number of a row is what is reached while the target is not: take it
// out when the target is met, and never lower it without a reason that the change itself states.
constexpr std::array kTargets = {
    Target{"sparse/read_bandwidth", kAtLeast, 0.8},
    Target{"sparse/read_bandwidth_bf16", kAtLeast, 0.7},
    Target{"aligned/n64/vs_pruned_torch", kAtLeast, 120, 55},
    Target{"aligned/n64/vs_arc_torch", kAtLeast, 55, 29},
    Target{"aligned/n512/vs_pruned_torch", kAtLeast, 240},
    Target{"aligned/n512/vs_arc_torch", kAtLeast, 190},
    Target{"aligned/n512/increment_rate", kAtLeast, 0.35},
    Target{"wide/n768/vs_pruned_torch", kAtLeast, 100, 42},
    Target{"wide/n768/vs_arc_torch", kAtLeast, 50, 38},
    Target{"small/n16_gauss/vs_pruned_torch", kAtLeast, 150, 130},
    Target{"small/n16_tanh/vs_pruned_torch", kAtLeast, 120, 75},
    Target{"overcomplete/m64_n16/vs_pruned_torch", kAtLeast, 50, 12},
    Target{"epsilons/8_vs_1_tanh", kAtMost, 1.3},
    Target{"epsilons/8_vs_1_gauss", kAtMost, 2.5},
    Target{"epsilons/8_vs_1_all_hit", kAtMost, 5},
    Target{"threads/2_vs_1_wide", kAtLeast, 1.8, 1.75},
    Target{"threads/2_vs_1_aligned", kAtLeast, 1.5},
    Target{"holistic/n4096", kAtLeast, 5, 2},
    Target{"holistic/n4096_memory", kAtMost, 1},
    Target{"hook/one_layer", kAtMost, 0.005},
    Target{"hook/all_sites", kAtMost, 0.05, 0.12},
    Target{"hook/one_layer_auto", kAtMost, 0.08, 0.09},
    Target{"hook/all_sites_auto", kAtMost, 0.15},
    Target{"memory/stated", kAtLeast, 0.9},
    Target{"memory/stated", kAtMost, 1.1},
};

}  // namespace

std::span<const Target> targets() { return kTargets; }

bool has_target(std::string_view name) {
  return std::ranges::any_of(targets(), [&](const Target& target) { return target.name == name; });
}

bool is_met(const Target& target, double ratio) {
  return target.bound == Bound::kAtLeast ? ratio >= target.target : ratio <= target.target;
}

bool is_held(const Target& target, double ratio, Against against) {
  const double expected = against == Against::kReached ? target.reached.value_or(target.target) : target.target;
  return target.bound == Bound::kAtLeast ? ratio >= expected / 2 : ratio <= expected * 2;
}

std::string to_string(const Target& target) {
  return fmt::format("{} {:g}", target.bound == Bound::kAtLeast ? ">=" : "<=", target.target);
}

}  // namespace srm::bench
