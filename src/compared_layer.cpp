#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "srm/comparison.h"
#include "srm/error.h"

namespace srm {
namespace {

// As near to orthogonal as a rotation that was stored in float32.
bool is_orthonormal(const ResonanceParts& parts) {
  if (parts.basis_lengths != VectorLengths::kNormalised || parts.num_vectors > parts.dim) return false;
  if (parts.basis.empty()) return true;
  const auto row = [&](std::int64_t i) { return parts.basis.data() + i * parts.dim; };
  for (std::int64_t i = 0; i < parts.num_vectors; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      double dot = 0;
      for (std::int64_t k = 0; k < parts.dim; ++k) dot += row(i)[k] * row(j)[k];
      if (std::abs(dot) > 1e-6) return false;
    }
  }
  return true;
}

// The largest share of all planes that one row can be inside of at one angle, M in Note [Differences].
double largest_share(std::int64_t num_vectors, double epsilon) {
  if (epsilon <= 0 || num_vectors < 2) return 1;
  // A little more than 1 / epsilon^2, for what is inside by rounding alone.
  const double h = std::floor((1 + 1e-5) / (epsilon * epsilon));
  const auto m = static_cast<double>(num_vectors);
  if (2 * h + 1 >= m) return 1;
  const double num_pairs = std::max((2 * h + 1) * h, h * (h - 1) / 2 + h * (m - h));
  return num_pairs / (m * (m - 1) / 2);
}

std::string value_of(const std::vector<std::pair<std::string, std::string>>& settings, std::string_view name) {
  for (const auto& [option, value] : settings) {
    if (option == name) return value;
  }
  return "";
}

}  // namespace

ComparedLayer compared_layer(const Resonance& layer, const LayerTests* tests) {
  const ResonanceParts& parts = layer.parts();
  ComparedLayer compared;
  compared.layer = window_of(layer);
  compared.group = parts.group;
  compared.sense = parts.sense;
  compared.pairs = parts.pairs;
  compared.centred = parts.centred;
  compared.has_unit_vectors = parts.basis_lengths == VectorLengths::kNormalised;
  const BlockSums& blocks = parts.scores.blocks;
  compared.num_blocks = blocks.num_blocks;
  if (blocks.num_blocks > 0) {
    const auto num_rows = static_cast<double>(parts.scores.num_rows);
    compared.num_effective_blocks = num_rows * num_rows / static_cast<double>(blocks.rows_squared);
  }
  const bool has_bound = is_orthonormal(parts);
  for (const double epsilon : parts.epsilon) {
    compared.largest_share.push_back(has_bound ? largest_share(parts.num_vectors, epsilon) : 1);
  }
  if (tests != nullptr) {
    compared.alignment = alignment_of(*tests);
    compared.haar_p = tests->haar.p;
    compared.layer.p = tests->haar.p;
  }
  return compared;
}

ComparedLayer compared_layer(const LayerWindow& layer,
                             const std::vector<std::pair<std::string, std::string>>& settings) {
  ComparedLayer compared;
  compared.layer = layer;
  compared.sense = value_of(settings, "sense") == to_string(Sense::kReference) ? Sense::kReference : Sense::kNatural;
  const bool is_permutation = value_of(settings, "pairs") == to_string(Pairs::kPermutation);
  compared.pairs = is_permutation ? Pairs::kPermutation : Pairs::kCombination;
  const std::string centre = value_of(settings, "centre");
  compared.centred = !centre.empty() && centre != "no";
  compared.largest_share.assign(layer.epsilon.size(), 1);
  compared.haar_p = layer.p;
  return compared;
}

ComparedSource compared_source(std::string name, const Results& results) {
  ComparedSource source{std::move(name), results.settings};
  for (const Resonance& layer : results) {
    // The tests of a layer are not those of its groups.
    const LayerFindings* found = layer.parts().group.empty() ? results.findings_of(layer.address()) : nullptr;
    source.layers.push_back(compared_layer(layer, found != nullptr && found->tests ? &*found->tests : nullptr));
  }
  return source;
}

ComparedSource compared_source(std::string name, const History& history, std::int64_t step, const std::string& phase) {
  ComparedSource source{std::move(name), history.settings};
  const Window* chosen = nullptr;
  std::set<std::int64_t> steps;
  for (const Window* window : history.current()) {
    if (window->layers.empty() || (!phase.empty() && window->phase != phase)) continue;
    steps.insert(window->step);
    if (window->step == step && (chosen == nullptr || window->phase == "training")) chosen = window;
  }
  if (chosen == nullptr) {
    constexpr std::size_t kMostNamed = 20;
    std::vector<std::int64_t> named(steps.begin(), std::next(steps.begin(), std::min(steps.size(), kMostNamed)));
    throw Error("history " + source.name, "the step must be one that has a window with layers",
                fmt::format("step {}{}", step, phase.empty() ? "" : " of " + phase),
                steps.empty() ? "there is none: name a result"
                              : fmt::format("choose from {}{}", fmt::join(named, ", "),
                                            steps.size() > kMostNamed ? fmt::format(", ... {}", *steps.rbegin()) : ""));
  }
  for (const LayerWindow& layer : chosen->layers) source.layers.push_back(compared_layer(layer, history.settings));
  return source;
}

}  // namespace srm
