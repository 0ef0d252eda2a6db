#include "srm/resonance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "srm/error.h"

namespace srm {
namespace {

void require(bool holds, std::string_view where, std::string_view rule, const std::string& got) {
  if (!holds) throw Error(where, rule, got, "this result is damaged or was not made by torchsrm; make it again");
}

void require_size(std::size_t size, std::int64_t wanted, std::string_view where, std::string_view name) {
  require(static_cast<std::int64_t>(size) == wanted, where, fmt::format("{} must hold {} numbers", name, wanted),
          fmt::format("{}", size));
}

void require_counts(std::span<const std::int64_t> counts, std::int64_t largest, std::string_view where,
                    std::string_view name) {
  for (const std::int64_t count : counts) {
    require(count >= 0 && count <= largest, where, fmt::format("{} must be between 0 and {}", name, largest),
            fmt::format("{}", count));
  }
}

void require_geometry(const ResonanceParts& parts, std::string_view where) {
  const std::int64_t m = parts.num_vectors;
  require(parts.dim >= 1 && m >= 0, where, "dim must be at least 1 and num_vectors at least 0",
          fmt::format("{} and {}", parts.dim, m));
  require_size(parts.basis.size(), m * parts.dim, where, "basis");
  require(std::all_of(parts.basis.begin(), parts.basis.end(), [](double b) { return std::isfinite(b); }), where,
          "basis must be finite", "NaN or an infinity");
  const Plane* before = nullptr;
  for (const Plane& plane : parts.planes) {
    const bool in_range = plane.i >= 0 && plane.j >= 0 && plane.i < m && plane.j < m && plane.i != plane.j;
    const bool in_order = before == nullptr || before->i < plane.i || (before->i == plane.i && before->j < plane.j);
    require(in_range && in_order && (parts.pairs == Pairs::kPermutation || plane.i < plane.j), where,
            "planes must be pairs of different basis vectors in lexicographic order",
            fmt::format("({}, {})", plane.i, plane.j));
    before = &plane;
  }
  require(parts.num_planes_left_out >= 0, where, "num_planes_left_out must not be negative",
          fmt::format("{}", parts.num_planes_left_out));
}

void require_epsilon(const std::vector<double>& epsilon, std::string_view where) {
  require(!epsilon.empty(), where, "there must be an epsilon", "none");
  for (auto it = epsilon.begin(); it != epsilon.end(); ++it) {
    require(*it >= -1 && *it <= 1 && std::find(epsilon.begin(), it, *it) == it, where,
            "each epsilon must be in [-1, 1] and none be there twice", fmt::format("{}", *it));
  }
}

void require_tallies(const ResonanceParts& parts, std::string_view where) {
  const auto num_epsilons = static_cast<std::int64_t>(parts.epsilon.size());
  const std::int64_t seen = parts.num_samples_seen;
  const std::int64_t skipped_limit = parts.centred ? INT64_MAX : seen;
  for (const std::int64_t count : {seen, parts.num_calls, parts.scores.quartic_sum}) {
    require(count >= 0, where, "sums must not be negative", fmt::format("{}", count));
  }
  require_counts({{parts.num_samples_zero_norm, parts.num_samples_nonfinite}}, skipped_limit, where, "skipped samples");
  require_counts({{parts.scores.num_rows}}, seen, where, "scored rows");
  require_size(parts.scores.cosine_sum.size(), num_epsilons, where, "cosine_sum");
  require_size(parts.scores.num_hits.size(), num_epsilons, where, "hits");
  require_size(parts.mean.size(), parts.centred ? parts.dim : 0, where, "mean");
}

// holistic_counts belong to the counts they were summed from, and an inclusive grid ends where it began.
void require_counts_agree(const ResonanceParts& parts, std::string_view where) {
  const std::int64_t num_epsilons = static_cast<std::int64_t>(parts.epsilon.size());
  const std::int64_t num_planes = static_cast<std::int64_t>(parts.planes.size());
  const std::int64_t num_angles = parts.grid.num_angles();
  require_size(parts.counts.size(), num_epsilons * num_planes * num_angles, where, "counts");
  require_size(parts.plane_hits.size(), num_epsilons * num_planes, where, "plane_hits");
  require_size(parts.holistic_counts.size(), num_epsilons * num_angles, where, "holistic_counts");
  require_counts(parts.counts, parts.num_samples_seen, where, "counts");
  require_counts(parts.plane_hits, parts.scores.num_rows, where, "plane_hits");
  if (num_planes == 0) return;
  std::vector<std::int64_t> sum(static_cast<std::size_t>(num_angles));
  auto count = parts.counts.begin();
  for (std::int64_t e = 0; e < num_epsilons; ++e) {
    std::fill(sum.begin(), sum.end(), 0);
    for (std::int64_t p = 0; p < num_planes; ++p) {
      require(parts.grid.ends() == GridEnds::kExclusive || *count == *(count + num_angles - 1), where,
              "the last angle of an inclusive grid must repeat the first", fmt::format("plane {}", p));
      for (std::int64_t& total : sum) total += *count++;
    }
    require(std::equal(sum.begin(), sum.end(), parts.holistic_counts.begin() + e * num_angles), where,
            "holistic_counts must be the sum of counts over planes", fmt::format("another sum at epsilon {}", e));
  }
}

std::string describe_list(std::span<const double> values) { return fmt::format("{}", fmt::join(values, ", ")); }

void add(std::int64_t& sum, std::int64_t value, std::string_view where) {
  if (__builtin_add_overflow(sum, value, &sum)) {
    throw Error(where, "every sum must fit into 64 bits", "an overflow", "keep these results apart");
  }
}

void add(std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& values, std::string_view where) {
  for (std::size_t k = 0; k < sum.size(); ++k) add(sum[k], values[k], where);
}

template <typename T>
void require_same(const T& a, const T& b, std::string_view where, std::string_view name, std::string_view got) {
  if (a == b) return;
  throw Error(where, fmt::format("{} must be the same in both", name), got,
              "merge only results that were observed with the same settings");
}

void add(ResonanceParts& sum, const ResonanceParts& other) {
  const std::string where = fmt::format("merge {}", sum.address);
  const std::string two_values = "two different values";
  require_same(sum.address, other.address, where, "address", fmt::format("{} and {}", sum.address, other.address));
  require_same(sum.dim, other.dim, where, "dim", fmt::format("{} and {}", sum.dim, other.dim));
  require_same(sum.basis_name, other.basis_name, where, "basis_name",
               fmt::format("{} and {}", sum.basis_name, other.basis_name));
  require_same(sum.basis, other.basis, where, "basis", two_values);
  require_same(sum.basis_lengths, other.basis_lengths, where, "basis_lengths", two_values);
  require_same(sum.pairs, other.pairs, where, "pairs",
               fmt::format("{} and {}", to_string(sum.pairs), to_string(other.pairs)));
  require_same(sum.planes, other.planes, where, "planes", two_values);
  require_same(sum.epsilon, other.epsilon, where, "epsilon",
               fmt::format("{} and {}", describe_list(sum.epsilon), describe_list(other.epsilon)));
  require_same(sum.grid, other.grid, where, "the angle grid",
               fmt::format("{} and {} angles", sum.grid.num_angles(), other.grid.num_angles()));
  require_same(sum.sense, other.sense, where, "sense", "natural and reference");
  require_same(sum.mean, other.mean, where, "mean",
               sum.centred != other.centred ? "one centred and one not" : two_values);
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
  add(sum.num_calls, other.num_calls, where);
}

const Resonance& layer_of(const Results& results, const std::string& address) {
  const Resonance* found = nullptr;
  for (const Resonance& layer : results) {
    if (layer.address() != address) continue;
    if (found != nullptr) throw Error("merge", "a layer may be in a result once", address + " twice", "make it again");
    found = &layer;
  }
  if (found == nullptr) {
    throw Error("merge", "the results must hold the same layers", "one without " + address,
                "observe the same --layers in each run");
  }
  return *found;
}

}  // namespace

Resonance::Resonance(ResonanceParts parts, std::string_view where) : parts_(std::move(parts)) {
  require_geometry(parts_, where);
  require_epsilon(parts_.epsilon, where);
  require_tallies(parts_, where);
  require_counts_agree(parts_, where);
}

std::span<const std::int64_t> Resonance::counts(std::int64_t epsilon_index, std::int64_t plane_index) const {
  if (epsilon_index < 0 || epsilon_index >= num_epsilons() || plane_index < 0 || plane_index >= num_planes()) {
    throw Error("resonance.counts", fmt::format("indices must be below ({}, {})", num_epsilons(), num_planes()),
                fmt::format("({}, {})", epsilon_index, plane_index), "ask epsilon_index() and plane_index()");
  }
  const std::int64_t first = (epsilon_index * num_planes() + plane_index) * num_angles();
  return std::span(parts_.counts).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(num_angles()));
}

std::span<const std::int64_t> Resonance::holistic_counts(std::int64_t epsilon_index) const {
  if (epsilon_index < 0 || epsilon_index >= num_epsilons()) {
    throw Error("resonance.holistic_counts", fmt::format("the index must be below {}", num_epsilons()),
                fmt::format("{}", epsilon_index), "ask epsilon_index()");
  }
  return std::span(parts_.holistic_counts)
      .subspan(static_cast<std::size_t>(epsilon_index * num_angles()), static_cast<std::size_t>(num_angles()));
}

std::int64_t Resonance::epsilon_index(double epsilon) const {
  const auto found = std::find(parts_.epsilon.begin(), parts_.epsilon.end(), epsilon);
  if (found == parts_.epsilon.end()) {
    throw Error(fmt::format("resonance {}", address()), "epsilon must be one of those that were counted",
                fmt::format("{}", epsilon), fmt::format("choose from {}", describe_list(parts_.epsilon)));
  }
  return found - parts_.epsilon.begin();
}

std::int64_t Resonance::plane_index(std::int64_t i, std::int64_t j) const {
  const Plane wanted{i, j};
  const auto before = [](const Plane& a, const Plane& b) { return a.i < b.i || (a.i == b.i && a.j < b.j); };
  const auto found = std::lower_bound(parts_.planes.begin(), parts_.planes.end(), wanted, before);
  if (found == parts_.planes.end() || *found != wanted) {
    throw Error(fmt::format("resonance {}", address()), "the plane must be one of those that were counted",
                fmt::format("({}, {}) among {} planes of {} basis vectors", i, j, num_planes(), parts_.num_vectors),
                parts_.pairs == Pairs::kCombination ? "combinations have i < j, from 0" : "basis vectors count from 0");
  }
  return found - parts_.planes.begin();
}

std::vector<double> Resonance::curve(std::int64_t epsilon_index, std::int64_t plane_index) const {
  const auto plane_counts = counts(epsilon_index, plane_index);
  std::vector<double> curve(plane_counts.size(), 0.0);
  if (parts_.num_samples_seen == 0) return curve;
  for (std::size_t k = 0; k < curve.size(); ++k) {
    curve[k] = static_cast<double>(plane_counts[k]) / static_cast<double>(parts_.num_samples_seen);
  }
  return curve;
}

std::vector<double> Resonance::holistic_mean(std::int64_t epsilon_index) const {
  const auto sums = holistic_counts(epsilon_index);
  std::vector<double> mean(sums.size(), 0.0);
  if (parts_.num_samples_seen == 0 || num_planes() == 0) return mean;
  for (std::size_t k = 0; k < mean.size(); ++k) {
    mean[k] =
        static_cast<double>(sums[k]) / static_cast<double>(parts_.num_samples_seen) / static_cast<double>(num_planes());
  }
  return mean;
}

std::vector<double> Resonance::holistic_std(std::int64_t epsilon_index) const {
  const std::vector<double> mean = holistic_mean(epsilon_index);
  std::vector<double> deviation(mean.size(), 0.0);
  if (parts_.num_samples_seen == 0 || num_planes() == 0) return deviation;
  const double num_samples = static_cast<double>(parts_.num_samples_seen);
  for (std::int64_t p = 0; p < num_planes(); ++p) {
    const auto plane_counts = counts(epsilon_index, p);
    for (std::size_t k = 0; k < mean.size(); ++k) {
      const double difference = static_cast<double>(plane_counts[k]) / num_samples - mean[k];
      deviation[k] += difference * difference;
    }
  }
  for (double& value : deviation) value = std::sqrt(value / static_cast<double>(num_planes()));
  return deviation;
}

Resonance merge(const Resonance& a, const Resonance& b) {
  ResonanceParts sum = a.parts();
  add(sum, b.parts());
  return Resonance(std::move(sum), "merge");
}

Results merge(std::span<const Results> results) {
  if (results.empty()) throw Error("merge", "there must be a result", "none", "name at least one file");
  Results merged;
  merged.settings = results.front().settings;
  bool same_order = true;
  for (const Results& other : results) {
    for (std::size_t k = 0; k < std::max(merged.settings.size(), other.settings.size()); ++k) {
      const bool both = k < merged.settings.size() && k < other.settings.size();
      if (both && merged.settings[k] == other.settings[k]) continue;
      throw Error("merge", "settings must be the same in all results",
                  both ? fmt::format("{} = {} and {} = {}", merged.settings[k].first, merged.settings[k].second,
                                     other.settings[k].first, other.settings[k].second)
                       : std::string("settings that are missing in one"),
                  "merge only results that were observed with the same settings");
    }
    merged.partial = merged.partial || other.partial;
    same_order = same_order && std::equal(other.begin(), other.end(), results.front().begin(), results.front().end(),
                                          [](const auto& a, const auto& b) { return a.address() == b.address(); });
  }
  for (const Resonance& layer : results.front()) {
    ResonanceParts sum = layer_of(results.front(), layer.address()).parts();
    for (const Results& other : results.subspan(1)) {
      if (other.layers.size() > results.front().layers.size()) {
        for (const Resonance& extra : other) layer_of(results.front(), extra.address());
      }
      add(sum, layer_of(other, layer.address()).parts());
    }
    merged.layers.emplace_back(std::move(sum), "merge");
  }
  // Any order of files gives the same bytes: their own order when they agree on one, else that of the names.
  if (!same_order) {
    std::sort(merged.layers.begin(), merged.layers.end(),
              [](const Resonance& a, const Resonance& b) { return a.address() < b.address(); });
  }
  return merged;
}

}  // namespace srm
