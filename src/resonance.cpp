#include "srm/resonance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

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

// Of sizes that may come from a damaged file; what is no number of bytes that exist is the largest.
std::int64_t product(std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result)) return std::numeric_limits<std::int64_t>::max();
  }
  return result;
}

void require_finite(const std::vector<double>& values, std::string_view where, std::string_view name) {
  for (const double value : values) {
    require(std::isfinite(value), where, fmt::format("{} must be finite", name), fmt::format("{}", value));
  }
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
  require_size(parts.basis.size(), product({m, parts.dim}), where, "basis");
  require_finite(parts.basis, where, "basis");
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
  const Scores& scores = parts.scores;
  for (const std::int64_t count : {seen, parts.num_samples_zero_norm, parts.num_samples_nonfinite,
                                   parts.num_samples_skipped, parts.num_calls, scores.num_rows, scores.quartic_sum}) {
    require(count >= 0, where, "sums must not be negative", fmt::format("{}", count));
  }
  require_size(parts.mean.size(), parts.centred ? parts.dim : 0, where, "mean");
  require_finite(parts.mean, where, "mean");
  // Rows that could not be centred were not seen; else each row is of one kind.
  const std::int64_t without_direction = seen - scores.num_rows;
  require(parts.centred ? without_direction >= 0 && without_direction <= parts.num_samples_zero_norm
                        : without_direction - parts.num_samples_zero_norm == parts.num_samples_nonfinite,
          where, "the samples seen must be the scored, the zero and the non-finite rows",
          fmt::format("{} seen, {} scored, {} zero and {} not finite", seen, scores.num_rows,
                      parts.num_samples_zero_norm, parts.num_samples_nonfinite));
  require_size(scores.cosine_sum.size(), num_epsilons, where, "cosine_sum");
  require_size(scores.num_hits.size(), num_epsilons, where, "hits");
}

// holistic_counts and num_hits belong to what they were summed from, and an inclusive grid ends where it began.
void require_counts_agree(const ResonanceParts& parts, std::string_view where) {
  const std::int64_t num_epsilons = static_cast<std::int64_t>(parts.epsilon.size());
  const std::int64_t num_planes = static_cast<std::int64_t>(parts.planes.size());
  const std::int64_t num_angles = parts.grid.num_angles();
  require_size(parts.counts.size(), product({num_epsilons, num_planes, num_angles}), where, "counts");
  require_size(parts.plane_hits.size(), product({num_epsilons, num_planes}), where, "plane_hits");
  require_size(parts.holistic_counts.size(), product({num_epsilons, num_angles}), where, "holistic_counts");
  require_counts(parts.counts, parts.num_samples_seen, where, "counts");
  require_counts(parts.plane_hits, parts.scores.num_rows, where, "plane_hits");
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() / std::max<std::int64_t>(num_planes, 1);
  require(parts.num_samples_seen <= most, where, "the sum over planes must fit into 64 bits",
          fmt::format("{} samples in {} planes", parts.num_samples_seen, num_planes));
  std::vector<std::int64_t> sum(static_cast<std::size_t>(num_angles));
  auto count = parts.counts.begin();
  auto hits = parts.plane_hits.begin();
  for (std::int64_t e = 0; e < num_epsilons; ++e) {
    std::fill(sum.begin(), sum.end(), 0);
    for (std::int64_t p = 0; p < num_planes; ++p) {
      require(parts.grid.ends() == GridEnds::kExclusive || *count == *(count + num_angles - 1), where,
              "the last angle of an inclusive grid must repeat the first", fmt::format("plane {}", p));
      for (std::int64_t& total : sum) total += *count++;
    }
    require(std::equal(sum.begin(), sum.end(), parts.holistic_counts.begin() + e * num_angles), where,
            "holistic_counts must be the sum of counts over planes", fmt::format("another sum at epsilon {}", e));
    const std::int64_t all_hits = std::accumulate(hits, hits + num_planes, std::int64_t{0});
    hits += num_planes;
    const std::int64_t num_hits = parts.scores.num_hits[static_cast<std::size_t>(e)];
    require(num_hits == all_hits, where, "hits must be the sum of plane_hits over planes",
            fmt::format("{} and {} at epsilon {}", num_hits, all_hits, e));
    const std::int64_t cosine_sum = parts.scores.cosine_sum[static_cast<std::size_t>(e)];
    require(std::abs(static_cast<double>(cosine_sum)) <= static_cast<double>(num_hits) * Scores::kCosineScale, where,
            "|cosine_sum| must not be above the number of hits", fmt::format("{} at epsilon {}", cosine_sum, e));
  }
}

// A zero has one sign, so that results that are equal are equal bytes.
void drop_signs_of_zeros(std::vector<double>& values) {
  for (double& value : values) value += 0.0;
}

std::string describe_list(std::span<const double> values) { return fmt::format("{}", fmt::join(values, ", ")); }

}  // namespace

Resonance::Resonance(ResonanceParts parts, std::string_view where) : parts_(std::move(parts)) {
  require_geometry(parts_, where);
  require_epsilon(parts_.epsilon, where);
  require_tallies(parts_, where);
  require_counts_agree(parts_, where);
  for (std::vector<double>* values : {&parts_.basis, &parts_.epsilon, &parts_.mean}) drop_signs_of_zeros(*values);
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

}  // namespace srm
