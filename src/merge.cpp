#include "srm/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "same_settings.h"
#include "srm/error.h"
#include "value_checks.h"

namespace srm {
namespace {

void add(Scores& sum, const Scores& other, std::string_view where) {
  add_exactly(sum.num_rows, other.num_rows, where);
  add_exactly(sum.quartic_sum, other.quartic_sum, where);
  add_exactly(sum.cosine_sum, other.cosine_sum, where);
  add_exactly(sum.num_hits, other.num_hits, where);
  add_exactly(sum.direction_sum, other.direction_sum, where);
  add_exactly(sum.quartic_by_vector, other.quartic_by_vector, where);
  // These are at most squares of sums that fit.
  sum.blocks += other.blocks;
}

void add(ResonanceParts& sum, const ResonanceParts& other) {
  const std::string where = fmt::format("merge {}", sum.address);
  require_same_settings(sum, other, where);
  add_exactly(sum.counts, other.counts, where);
  add_exactly(sum.plane_hits, other.plane_hits, where);
  add_exactly(sum.holistic_counts, other.holistic_counts, where);
  add_exactly(sum.signed_counts, other.signed_counts, where);
  add_exactly(sum.holistic_signed_counts, other.holistic_signed_counts, where);
  add(sum.scores, other.scores, where);
  add_exactly(sum.num_samples_seen, other.num_samples_seen, where);
  add_exactly(sum.num_samples_zero_norm, other.num_samples_zero_norm, where);
  add_exactly(sum.num_samples_nonfinite, other.num_samples_nonfinite, where);
  add_exactly(sum.num_samples_skipped, other.num_samples_skipped, where);
  add_exactly(sum.num_calls, other.num_calls, where);
}

void require_same_settings(const Results& a, const Results& b) {
  const auto describe = [](const Results& results, std::size_t k) {
    return k < results.settings.size() ? fmt::format("{} = {}", results.settings[k].first, results.settings[k].second)
                                       : std::string("nothing");
  };
  for (std::size_t k = 0; k < std::max(a.settings.size(), b.settings.size()); ++k) {
    const bool in_both = k < a.settings.size() && k < b.settings.size();
    if (in_both && a.settings[k] == b.settings[k]) continue;
    throw Error("merge", "settings must be the same in all results",
                fmt::format("{} and {}", describe(a, k), describe(b, k)),
                "merge only results that were observed with the same settings");
  }
}

// What tells a layer from others: its address, and the group where it is one of several.
using Name = std::pair<std::string, std::string>;

Name name_of(const Resonance& layer) { return {layer.address(), layer.parts().group}; }

std::string describe(const Name& name) {
  return name.second.empty() ? name.first : fmt::format("{} of {}", name.first, name.second);
}

// Each layer may be there once.
void require_once(const Results& results) {
  std::vector<Name> names;
  for (const Resonance& layer : results) names.push_back(name_of(layer));
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  throw Error("merge", "a layer may be in a result once", describe(*twice) + " twice", "observe it once");
}

// In their order, whatever groups there are of each.
std::vector<std::string> addresses_of(const Results& results) {
  std::vector<std::string> addresses;
  for (const Resonance& layer : results) {
    const bool is_there = std::find(addresses.begin(), addresses.end(), layer.address()) != addresses.end();
    if (!is_there) addresses.push_back(layer.address());
  }
  return addresses;
}

void require_same_layers(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() && in_b == b.end()) return;
  // Sorted: the smaller of the two is what the other one lacks.
  const bool lacks_in_b = in_b == b.end() || (in_a != a.end() && *in_a < *in_b);
  throw Error("merge", "the results must hold the same layers", "one without " + (lacks_in_b ? *in_a : *in_b),
              "observe the same --layers in each run");
}

// Of a layer in all results: the whole first, then classes in their order.
std::vector<std::string> groups_of(std::span<const Results> results, const std::string& address) {
  const auto is_before = [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  };
  std::set<std::string, decltype(is_before)> groups(is_before);
  for (const Results& one : results) {
    for (const Resonance& layer : one) {
      if (layer.address() == address) groups.insert(layer.parts().group);
    }
  }
  return {groups.begin(), groups.end()};
}

// Where a result lacks a class it has seen no row of it.
Resonance merged_layer(std::span<const Results> results, const Name& name) {
  std::optional<ResonanceParts> sum;
  for (const Results& one : results) {
    const auto is_it = [&](const Resonance& layer) { return name_of(layer) == name; };
    const auto found = std::find_if(one.begin(), one.end(), is_it);
    if (found == one.end() && name.second.empty()) {
      throw Error("merge", "the results must hold the same layers", "one without the whole of " + name.first,
                  "observe the same --layers in each run");
    }
    if (found == one.end()) continue;
    if (sum) {
      add(*sum, found->parts());
    } else {
      sum = found->parts();
    }
  }
  return Resonance(std::move(*sum), "merge");
}

// None where one result lacks it.
template <typename Table>
std::optional<Table> merged_tables(const std::optional<Table>& a, const std::optional<Table>& b) {
  if (!a || !b) return std::nullopt;
  return merge(*a, *b, "merge");
}

LayerFindings merged_findings(std::span<const Results> results, const std::string& address) {
  LayerFindings merged{address};
  for (std::size_t k = 0; k < results.size(); ++k) {
    const LayerFindings* found = results[k].findings_of(address);
    if (found == nullptr) return {address};
    merged.neurons = k == 0 ? found->neurons : merged_tables(merged.neurons, found->neurons);
    merged.densities = k == 0 ? found->densities : merged_tables(merged.densities, found->densities);
  }
  return merged;
}

}  // namespace

void require_mergeable(const Resonance& a, const Resonance& b) {
  require_same_settings(a.parts(), b.parts(), fmt::format("merge {}", a.address()));
}

Resonance merge(const Resonance& a, const Resonance& b) {
  ResonanceParts sum = a.parts();
  add(sum, b.parts());
  return Resonance(std::move(sum), "merge");
}

Results merge(std::span<const Results> results) {
  if (results.empty()) throw Error("merge", "there must be a result", "none", "name at least one file");
  const Results& first = results.front();
  std::vector<std::string> addresses = addresses_of(first);
  require_once(first);
  Results merged{first.settings, {}, first.partial, {}};
  bool same_order = true;
  for (const Results& other : results.subspan(1)) {
    require_once(other);
    require_same_settings(first, other);
    require_same_layers(addresses, addresses_of(other));
    same_order = same_order && addresses_of(other) == addresses;
    merged.partial = merged.partial || other.partial;
  }
  if (!same_order) std::sort(addresses.begin(), addresses.end());
  for (const std::string& address : addresses) {
    for (const std::string& group : groups_of(results, address)) {
      merged.layers.push_back(merged_layer(results, {address, group}));
    }
    LayerFindings findings = merged_findings(results, address);
    if (findings.has_any()) merged.findings.push_back(std::move(findings));
  }
  return merged;
}

}  // namespace srm
