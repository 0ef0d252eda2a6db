#include "srm/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

#include "srm/error.h"
#include "value_checks.h"

namespace srm {
namespace {

// Names a setting and both its values where they differ.
class Comparison {
 public:
  explicit Comparison(std::string_view where) : where_(where) {}

  void same(std::string_view name, const auto& a, const auto& b) const {
    require_same(name, fmt::format("{}", a), fmt::format("{}", b), where_);
  }
  // Long lists: the first place at which they differ.
  void same_values(std::string_view name, const std::vector<double>& a, const std::vector<double>& b) const {
    const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (in_a == a.end() && in_b == b.end()) return;
    const auto value = [](const auto& at, const auto& end) { return at == end ? "nothing" : fmt::format("{}", *at); };
    require_same(fmt::format("{}, at number {},", name, in_a - a.begin()), value(in_a, a.end()), value(in_b, b.end()),
                 where_);
  }
  void same_planes(const std::vector<Plane>& a, const std::vector<Plane>& b) const {
    const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (in_a == a.end() && in_b == b.end()) return;
    const auto value = [](const auto& at, const auto& end) {
      return at == end ? "nothing" : fmt::format("({}, {})", at->i, at->j);
    };
    require_same(fmt::format("planes, at plane {},", in_a - a.begin()), value(in_a, a.end()), value(in_b, b.end()),
                 where_);
  }

 private:
  std::string_view where_;
};

void require_same_settings(const ResonanceParts& a, const ResonanceParts& b, std::string_view where) {
  const Comparison both(where);
  const auto grid = [](const AngleGrid& g) {
    return fmt::format("{} angles, {}", g.num_angles(), to_string(g.ends()));
  };
  const auto signs = [](const ResonanceParts& parts) {
    return parts.holistic_signed_counts.empty() ? "unsigned" : "signed";
  };
  const auto row_sums = [](const ResonanceParts& parts) {
    return parts.scores.has_row_sums() ? "summed" : "not summed";
  };
  const auto centring = [](bool centred) { return centred ? "centred" : "not centred"; };
  both.same("address", a.address, b.address);
  both.same("group", a.group, b.group);
  both.same("dim", a.dim, b.dim);
  both.same("basis_name", a.basis_name, b.basis_name);
  both.same("num_vectors", a.num_vectors, b.num_vectors);
  both.same("basis_lengths", std::string(to_string(a.basis_lengths)), to_string(b.basis_lengths));
  both.same_values("basis", a.basis, b.basis);
  both.same("pairs", std::string(to_string(a.pairs)), to_string(b.pairs));
  both.same("plane_choice", a.plane_choice, b.plane_choice);
  both.same("plane_seed", a.plane_seed, b.plane_seed);
  both.same_planes(a.planes, b.planes);
  both.same("num_planes_summed", a.num_planes_summed, b.num_planes_summed);
  both.same("epsilon", fmt::format("{}", fmt::join(a.epsilon, " ")), fmt::format("{}", fmt::join(b.epsilon, " ")));
  both.same("grid", grid(a.grid), grid(b.grid));
  both.same("sense", std::string(to_string(a.sense)), to_string(b.sense));
  both.same("counts", std::string(signs(a)), signs(b));
  both.same("directions", std::string(row_sums(a)), row_sums(b));
  both.same("centring", std::string(centring(a.centred)), centring(b.centred));
  both.same_values("mean", a.mean, b.mean);
}

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

std::vector<Name> names_of(const Results& results) {
  std::vector<Name> names;
  for (const Resonance& layer : results) names.push_back(name_of(layer));
  return names;
}

// The names of all layers, sorted; each may be there once.
std::vector<Name> sorted_names_of(const Results& results) {
  std::vector<Name> names = names_of(results);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    throw Error("merge", "a layer may be in a result once", describe(*twice) + " twice", "observe it once");
  }
  return names;
}

void require_same_layers(const std::vector<Name>& a, const std::vector<Name>& b) {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() && in_b == b.end()) return;
  // Sorted: the smaller of the two is what the other one lacks.
  const bool lacks_in_b = in_b == b.end() || (in_a != a.end() && *in_a < *in_b);
  throw Error("merge", "the results must hold the same layers", "one without " + describe(lacks_in_b ? *in_a : *in_b),
              "observe the same --layers in each run");
}

const Resonance& layer_of(const Results& results, const Name& name) {
  return *std::find_if(results.begin(), results.end(), [&](const auto& layer) { return name_of(layer) == name; });
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

Resonance merge(const Resonance& a, const Resonance& b) {
  ResonanceParts sum = a.parts();
  add(sum, b.parts());
  return Resonance(std::move(sum), "merge");
}

Results merge(std::span<const Results> results) {
  if (results.empty()) throw Error("merge", "there must be a result", "none", "name at least one file");
  const Results& first = results.front();
  std::vector<Name> names = names_of(first);
  const std::vector<Name> sorted = sorted_names_of(first);
  Results merged{first.settings, {}, first.partial, {}};
  bool same_order = true;
  for (const Results& other : results.subspan(1)) {
    require_same_settings(first, other);
    require_same_layers(sorted, sorted_names_of(other));
    same_order = same_order && names_of(other) == names;
    merged.partial = merged.partial || other.partial;
  }
  if (!same_order) names = sorted;
  for (const Name& name : names) {
    ResonanceParts sum = layer_of(first, name).parts();
    for (const Results& other : results.subspan(1)) add(sum, layer_of(other, name).parts());
    merged.layers.emplace_back(std::move(sum), "merge");
    if (!name.second.empty()) continue;
    LayerFindings findings = merged_findings(results, name.first);
    if (findings.has_any()) merged.findings.push_back(std::move(findings));
  }
  return merged;
}

}  // namespace srm
