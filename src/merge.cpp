#include "srm/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

#include "srm/error.h"

namespace srm {
namespace {

constexpr const char* kAdvice = "merge only results that were observed with the same settings";

void add(std::int64_t& sum, std::int64_t value, std::string_view where) {
  if (__builtin_add_overflow(sum, value, &sum)) {
    throw Error(where, "every sum must fit into 64 bits", "an overflow", "keep these results apart");
  }
}

void add(std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& values, std::string_view where) {
  for (std::size_t k = 0; k < sum.size(); ++k) add(sum[k], values[k], where);
}

// Names a setting and both its values where they differ.
class Comparison {
 public:
  explicit Comparison(std::string_view where) : where_(where) {}

  void same(std::string_view name, const auto& a, const auto& b) const {
    if (!(a == b)) refuse(name, fmt::format("{}", a), fmt::format("{}", b));
  }
  // Long lists: the first place at which they differ.
  void same_values(std::string_view name, const std::vector<double>& a, const std::vector<double>& b) const {
    const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (in_a == a.end() && in_b == b.end()) return;
    const auto value = [](const auto& at, const auto& end) { return at == end ? "nothing" : fmt::format("{}", *at); };
    refuse(fmt::format("{}, at number {},", name, in_a - a.begin()), value(in_a, a.end()), value(in_b, b.end()));
  }
  void same_planes(const std::vector<Plane>& a, const std::vector<Plane>& b) const {
    const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (in_a == a.end() && in_b == b.end()) return;
    const auto value = [](const auto& at, const auto& end) {
      return at == end ? "nothing" : fmt::format("({}, {})", at->i, at->j);
    };
    refuse(fmt::format("planes, at plane {},", in_a - a.begin()), value(in_a, a.end()), value(in_b, b.end()));
  }

 private:
  [[noreturn]] void refuse(std::string_view name, const std::string& a, const std::string& b) const {
    throw Error(where_, fmt::format("{} must be the same in both", name), fmt::format("{} and {}", a, b), kAdvice);
  }

  std::string_view where_;
};

void require_same_settings(const ResonanceParts& a, const ResonanceParts& b, std::string_view where) {
  const Comparison both(where);
  const auto grid = [](const AngleGrid& g) {
    return fmt::format("{} angles, {}", g.num_angles(), to_string(g.ends()));
  };
  const auto lengths = [](VectorLengths l) { return l == VectorLengths::kKept ? "kept" : "normalised"; };
  const auto centring = [](bool centred) { return centred ? "centred" : "not centred"; };
  both.same("address", a.address, b.address);
  both.same("dim", a.dim, b.dim);
  both.same("basis_name", a.basis_name, b.basis_name);
  both.same("num_vectors", a.num_vectors, b.num_vectors);
  both.same("basis_lengths", std::string(lengths(a.basis_lengths)), lengths(b.basis_lengths));
  both.same_values("basis", a.basis, b.basis);
  both.same("pairs", std::string(to_string(a.pairs)), to_string(b.pairs));
  both.same_planes(a.planes, b.planes);
  both.same("epsilon", fmt::format("{}", fmt::join(a.epsilon, " ")), fmt::format("{}", fmt::join(b.epsilon, " ")));
  both.same("grid", grid(a.grid), grid(b.grid));
  both.same("sense", std::string(to_string(a.sense)), to_string(b.sense));
  both.same("centring", std::string(centring(a.centred)), centring(b.centred));
  both.same_values("mean", a.mean, b.mean);
}

void add(ResonanceParts& sum, const ResonanceParts& other) {
  const std::string where = fmt::format("merge {}", sum.address);
  require_same_settings(sum, other, where);
  add(sum.counts, other.counts, where);
  add(sum.plane_hits, other.plane_hits, where);
  add(sum.holistic_counts, other.holistic_counts, where);
  add(sum.scores.num_rows, other.scores.num_rows, where);
  add(sum.scores.quartic_sum, other.scores.quartic_sum, where);
  add(sum.scores.cosine_sum, other.scores.cosine_sum, where);
  add(sum.scores.num_hits, other.scores.num_hits, where);
  add(sum.num_samples_seen, other.num_samples_seen, where);
  add(sum.num_samples_zero_norm, other.num_samples_zero_norm, where);
  add(sum.num_samples_nonfinite, other.num_samples_nonfinite, where);
  add(sum.num_samples_skipped, other.num_samples_skipped, where);
  add(sum.num_calls, other.num_calls, where);
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
                fmt::format("{} and {}", describe(a, k), describe(b, k)), kAdvice);
  }
}

std::vector<std::string> addresses_of(const Results& results) {
  std::vector<std::string> addresses;
  for (const Resonance& layer : results) addresses.push_back(layer.address());
  return addresses;
}

// The addresses of all layers, sorted; each may be there once.
std::vector<std::string> sorted_addresses_of(const Results& results) {
  std::vector<std::string> addresses = addresses_of(results);
  std::sort(addresses.begin(), addresses.end());
  const auto twice = std::adjacent_find(addresses.begin(), addresses.end());
  if (twice != addresses.end()) {
    throw Error("merge", "a layer may be in a result once", *twice + " twice", "observe it once");
  }
  return addresses;
}

void require_same_layers(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() && in_b == b.end()) return;
  // Sorted: the smaller of the two is what the other one lacks.
  const bool lacks_in_b = in_b == b.end() || (in_a != a.end() && *in_a < *in_b);
  throw Error("merge", "the results must hold the same layers", "one without " + (lacks_in_b ? *in_a : *in_b),
              "observe the same --layers in each run");
}

const Resonance& layer_of(const Results& results, const std::string& address) {
  return *std::find_if(results.begin(), results.end(), [&](const auto& layer) { return layer.address() == address; });
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
  std::vector<std::string> addresses = addresses_of(first);
  const std::vector<std::string> sorted = sorted_addresses_of(first);
  Results merged{first.settings, {}, first.partial};
  bool same_order = true;
  for (const Results& other : results.subspan(1)) {
    require_same_settings(first, other);
    require_same_layers(sorted, sorted_addresses_of(other));
    same_order = same_order && addresses_of(other) == addresses;
    merged.partial = merged.partial || other.partial;
  }
  if (!same_order) addresses = sorted;
  for (const std::string& address : addresses) {
    ResonanceParts sum = layer_of(first, address).parts();
    for (const Results& other : results.subspan(1)) add(sum, layer_of(other, address).parts());
    merged.layers.emplace_back(std::move(sum), "merge");
  }
  return merged;
}

}  // namespace srm
