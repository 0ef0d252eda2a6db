#include "resonance_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "value_checks.h"

namespace srm {
namespace {

void require_finite(const std::vector<double>& values, std::string_view where, std::string_view name) {
  for (const double value : values) {
    require(std::isfinite(value), where, fmt::format("{} must be finite", name), fmt::format("{}", value));
  }
}

void require_counts(std::span<const std::int64_t> counts, std::int64_t largest, std::string_view where,
                    std::string_view name) {
  // Texts are made where they are needed alone: these may be a hundred million numbers.
  for (const std::int64_t count : counts) {
    if (count >= 0 && count <= largest) continue;
    require(false, where, fmt::format("{} must be between 0 and {}", name, largest), fmt::format("{}", count));
  }
}

void require_geometry(const ResonanceParts& parts, std::string_view where) {
  const std::int64_t m = parts.num_vectors;
  require(parts.dim >= 1 && m >= 0, where, "dim must be at least 1 and num_vectors at least 0",
          fmt::format("{} and {}", parts.dim, m));
  // The standard basis is not spelled out: of a wide layer it would be larger than all else.
  const bool is_standard = parts.basis.empty() && m == parts.dim && parts.basis_lengths == VectorLengths::kNormalised;
  if (!is_standard) require_size(parts.basis.size(), product({m, parts.dim}), where, "basis");
  require_finite(parts.basis, where, "basis");
  const Plane* before = nullptr;
  for (const Plane& plane : parts.planes) {
    const bool in_range = plane.i >= 0 && plane.j >= 0 && plane.i < m && plane.j < m && plane.i != plane.j;
    const bool in_order = before == nullptr || before->i < plane.i || (before->i == plane.i && before->j < plane.j);
    const bool is_right = in_range && in_order && (parts.pairs == Pairs::kPermutation || plane.i < plane.j);
    if (!is_right)
      require(false, where, "planes must be pairs of different basis vectors in lexicographic order",
              fmt::format("({}, {})", plane.i, plane.j));
    before = &plane;
  }
  require(parts.num_planes_left_out >= 0, where, "num_planes_left_out must not be negative",
          fmt::format("{}", parts.num_planes_left_out));
}

// Which planes have tables must be what the choice of planes says.
void require_choice(const ResonanceParts& parts, std::string_view where) {
  const std::int64_t num_planes = std::ssize(parts.planes);
  const std::int64_t summed = parts.num_planes_summed;
  const std::int64_t most = product({parts.num_vectors, std::max<std::int64_t>(parts.num_vectors - 1, 0)}) /
                            (parts.pairs == Pairs::kCombination ? 2 : 1);
  require(summed >= num_planes && summed <= most, where,
          fmt::format("num_planes_summed must be between {} and {}", num_planes, most), fmt::format("{}", summed));
  const bool is_drawn = parts.plane_choice.starts_with("random:");
  const bool is_right = is_drawn ? parts.plane_choice == fmt::format("random:{}", num_planes) ||
                                       (num_planes == summed && parts.plane_choice.size() > 7)
                        : parts.plane_choice == "all"  ? num_planes == summed
                        : parts.plane_choice == "none" ? num_planes == 0
                                                       : parts.plane_choice == "listed" && num_planes > 0;
  require(is_right, where, "plane_choice must be all, random:N, listed or none, as the planes are",
          fmt::format("'{}' and {} of {} planes", parts.plane_choice, num_planes, summed));
  require(is_drawn || parts.plane_seed == 0, where, "only planes that were drawn have a seed",
          fmt::format("{} of '{}'", parts.plane_seed, parts.plane_choice));
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

// What holistic_counts, num_hits and the like are sums of: at each place the total is that over the tables, and at most
// `most` more for each plane that has none.
void require_total(std::span<const std::int64_t> total, std::span<const std::int64_t> sum, std::int64_t most,
                   const ResonanceParts& parts, std::string_view where, std::string_view rule, std::int64_t e) {
  const std::int64_t num_others = parts.num_planes_summed - std::ssize(parts.planes);
  for (std::size_t k = 0; k < sum.size(); ++k) {
    std::int64_t others = 0;
    const bool fits = !__builtin_sub_overflow(total[k], sum[k], &others);
    require(fits && others >= 0 && others <= num_others * most, where, rule,
            fmt::format("{} and {} at epsilon {}", total[k], sum[k], e));
  }
}

void require_sizes(const ResonanceParts& parts, std::string_view where) {
  const std::int64_t num_epsilons = std::ssize(parts.epsilon);
  const std::int64_t num_planes = std::ssize(parts.planes);
  const std::int64_t num_angles = parts.grid.num_angles();
  require_size(parts.counts.size(), product({num_epsilons, num_planes, num_angles}), where, "counts");
  require_size(parts.plane_hits.size(), product({num_epsilons, num_planes}), where, "plane_hits");
  require_size(parts.holistic_counts.size(), product({num_epsilons, num_angles}), where, "holistic_counts");
  const bool is_signed = !parts.signed_counts.empty() || !parts.holistic_signed_counts.empty();
  require_size(parts.signed_counts.size(), is_signed ? std::ssize(parts.counts) : 0, where, "signed_counts");
  require_size(parts.holistic_signed_counts.size(), is_signed ? std::ssize(parts.holistic_counts) : 0, where,
               "holistic_signed_counts");
  const std::int64_t most =
      std::numeric_limits<std::int64_t>::max() / std::max<std::int64_t>(parts.num_planes_summed, 1);
  require(parts.num_samples_seen <= most, where, "the sum over planes must fit into 64 bits",
          fmt::format("{} samples in {} planes", parts.num_samples_seen, parts.num_planes_summed));
}

// One curve, (K): an inclusive grid ends where it began.
constexpr std::int64_t kHolistic = -1;  // in place of a plane

std::string name_of_curve(std::int64_t plane) {
  return plane == kHolistic ? std::string("the holistic curve") : fmt::format("plane {}", plane);
}

void require_closed(const std::int64_t* curve, const ResonanceParts& parts, std::string_view where,
                    std::int64_t plane) {
  if (parts.grid.ends() == GridEnds::kExclusive || curve[0] == curve[parts.grid.num_angles() - 1]) return;
  require(false, where, "the last angle of an inclusive grid must repeat the first", name_of_curve(plane));
}

void require_counts_agree(const ResonanceParts& parts, std::string_view where) {
  const std::int64_t num_planes = std::ssize(parts.planes);
  const std::int64_t num_angles = parts.grid.num_angles();
  require_counts(parts.counts, parts.num_samples_seen, where, "counts");
  require_counts(parts.plane_hits, parts.scores.num_rows, where, "plane_hits");
  std::vector<std::int64_t> sum(static_cast<std::size_t>(num_angles));
  const std::int64_t* counts = parts.counts.data();
  auto hits = parts.plane_hits.begin();
  for (std::int64_t e = 0; e < std::ssize(parts.epsilon); ++e) {
    std::fill(sum.begin(), sum.end(), 0);
    for (std::int64_t p = 0; p < num_planes; ++p) {
      require_closed(counts, parts, where, p);
      for (std::int64_t& total : sum) total += *counts++;
    }
    const std::int64_t* holistic = parts.holistic_counts.data() + e * num_angles;
    require_total({holistic, sum.size()}, sum, parts.num_samples_seen, parts, where,
                  "holistic_counts must be the sum of counts over planes", e);
    require_closed(holistic, parts, where, kHolistic);
    const std::int64_t all_hits = std::accumulate(hits, hits + num_planes, std::int64_t{0});
    hits += num_planes;
    const std::int64_t num_hits = parts.scores.num_hits[static_cast<std::size_t>(e)];
    require_total({&num_hits, 1}, {&all_hits, 1}, parts.scores.num_rows, parts, where,
                  "hits must be the sum of plane_hits over planes", e);
    const std::int64_t cosine_sum = parts.scores.cosine_sum[static_cast<std::size_t>(e)];
    require(std::abs(static_cast<double>(cosine_sum)) <= static_cast<double>(num_hits) * Scores::kCosineScale, where,
            "|cosine_sum| must not be above the number of hits", fmt::format("{} at epsilon {}", cosine_sum, e));
  }
}

// Of one curve, (K): where the grid has a half turn, signed counts are what counts say; else what was taken off, rows
// with x_hat . p <= -epsilon, is a number of rows.
void require_signed_curve(const std::int64_t* counts, const std::int64_t* signed_counts, std::int64_t most,
                          const ResonanceParts& parts, std::string_view where, std::int64_t plane) {
  const std::int64_t num_distinct = parts.grid.num_distinct();
  for (std::int64_t k = 0; k < num_distinct; ++k) {
    std::int64_t taken_off = 0;
    const bool fits = !__builtin_sub_overflow(counts[k], signed_counts[k], &taken_off);
    const std::int64_t opposite = (k + num_distinct / 2) % num_distinct;
    const bool is_right = num_distinct % 2 == 0 ? taken_off == counts[opposite] : taken_off >= 0 && taken_off <= most;
    if (fits && is_right) continue;
    require(false, where, "signed counts must be rows inside minus those on the other side",
            "others in " + name_of_curve(plane));
  }
  require_closed(signed_counts, parts, where, plane);
}

void require_signed_counts_agree(const ResonanceParts& parts, std::string_view where) {
  if (parts.holistic_signed_counts.empty()) return;
  const std::int64_t num_planes = std::ssize(parts.planes);
  const std::int64_t num_angles = parts.grid.num_angles();
  const std::int64_t most = parts.num_samples_seen;
  // Over the tables and over all planes: how many rows were taken off at each angle.
  std::vector<std::int64_t> sum(static_cast<std::size_t>(num_angles));
  std::vector<std::int64_t> total(sum.size());
  for (std::int64_t e = 0; e < std::ssize(parts.epsilon); ++e) {
    std::fill(sum.begin(), sum.end(), 0);
    for (std::int64_t p = 0; p < num_planes; ++p) {
      const std::int64_t first = (e * num_planes + p) * num_angles;
      const std::int64_t* counts = parts.counts.data() + first;
      const std::int64_t* signed_counts = parts.signed_counts.data() + first;
      require_signed_curve(counts, signed_counts, most, parts, where, p);
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += counts[k] - signed_counts[k];
    }
    const std::int64_t* holistic = parts.holistic_counts.data() + e * num_angles;
    const std::int64_t* signed_holistic = parts.holistic_signed_counts.data() + e * num_angles;
    require_signed_curve(holistic, signed_holistic, most * parts.num_planes_summed, parts, where, kHolistic);
    for (std::size_t k = 0; k < sum.size(); ++k) total[k] = holistic[k] - signed_holistic[k];
    require_total(total, sum, most, parts, where, "holistic_signed_counts must be the sum over planes", e);
  }
}

void require_row_sums(const ResonanceParts& parts, std::string_view where) {
  const Scores& scores = parts.scores;
  const BlockSums& blocks = scores.blocks;
  const bool recorded = scores.has_row_sums();
  require_size(scores.direction_sum.size(), recorded ? parts.dim : 0, where, "direction_sum");
  require_size(scores.quartic_by_vector.size(), recorded ? parts.num_vectors : 0, where, "quartic_by_vector");
  const auto num_rows = static_cast<double>(scores.num_rows);
  for (const std::int64_t sum : scores.direction_sum) {
    require(std::abs(static_cast<double>(sum)) <= num_rows * Scores::kDirectionScale, where,
            "|direction_sum| must not be above the number of scored rows", fmt::format("{}", sum));
  }
  double quartic_sum = 0;
  for (const std::int64_t sum : scores.quartic_by_vector) {
    require(sum >= 0, where, "quartic_by_vector must not be negative", fmt::format("{}", sum));
    quartic_sum += static_cast<double>(sum);
  }
  // Each term was rounded, to float32 and to one of 2^28 units, and so was the sum of each row.
  const double rounding = num_rows * (2 * static_cast<double>(parts.num_vectors) + 2);
  require(!recorded || std::abs(quartic_sum - static_cast<double>(scores.quartic_sum)) <= rounding + 2e-6 * quartic_sum,
          where, "quartic_sum must be the sum of quartic_by_vector",
          fmt::format("{} and {}", scores.quartic_sum, quartic_sum));
  const auto rows = static_cast<UInt128>(scores.num_rows);
  const auto quartic = static_cast<UInt128>(scores.quartic_sum);
  const bool some = (recorded || blocks.num_blocks > 0) && scores.num_rows > 0;
  require(blocks.num_blocks >= (some ? 1 : 0) && blocks.num_blocks <= (some ? scores.num_rows : 0) &&
              blocks.rows_squared >= (some ? rows : 0) && blocks.rows_squared <= (some ? rows * rows : 0) &&
              blocks.rows_by_quartic <= (some ? rows * quartic : 0) &&
              blocks.quartic_squared <= (some ? quartic * quartic : 0),
          where, "the sums over blocks must be those of the scored rows",
          fmt::format("{} blocks of {} rows", blocks.num_blocks, scores.num_rows));
}

}  // namespace

void require_consistent(const ResonanceParts& parts, std::string_view where) {
  require_geometry(parts, where);
  require_choice(parts, where);
  require_epsilon(parts.epsilon, where);
  require_tallies(parts, where);
  require_sizes(parts, where);
  require_counts_agree(parts, where);
  require_signed_counts_agree(parts, where);
  require_row_sums(parts, where);
}

}  // namespace srm
