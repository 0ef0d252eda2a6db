#include "srm/significance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "srm/error.h"

namespace srm {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double two_sided(std::int64_t num_low, std::int64_t num_high, std::int64_t num_scores) {
  const double smaller_tail =
      static_cast<double>(1 + std::min(num_low, num_high)) / static_cast<double>(1 + num_scores);
  return std::min(1.0, 2 * smaller_tail);
}

void require_null_scores(std::size_t num_scores, std::size_t least) {
  if (num_scores >= least) return;
  throw Error("significance", fmt::format("at least {} null scores must be there", least),
              fmt::format("{}", num_scores), "draw 200 or more");
}

// The least q of each p, largest first, so that a smaller p never has a larger q.
std::vector<double> step_up(std::span<const double> p, double factor) {
  for (const double value : p) {
    if (!(value >= 0 && value <= 1)) {
      throw Error("significance.false_discovery", "each p must be in [0, 1]", fmt::format("{}", value),
                  "give p-values, not scores");
    }
  }
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] > p[b]; });
  std::vector<double> q(p.size());
  double least = 1;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const double rank = static_cast<double>(p.size() - k);  // the number of p that are not larger
    least = std::min(least, p[order[k]] * static_cast<double>(p.size()) / rank * factor);
    q[order[k]] = least;
  }
  return q;
}

}  // namespace

double empirical_p(double score, std::span<const double> null_scores) {
  require_null_scores(null_scores.size(), 1);
  if (std::isnan(score)) return kNan;
  const auto low = std::count_if(null_scores.begin(), null_scores.end(), [&](double null) { return null <= score; });
  const auto high = std::count_if(null_scores.begin(), null_scores.end(), [&](double null) { return null >= score; });
  return two_sided(low, high, static_cast<std::int64_t>(null_scores.size()));
}

double empirical_p_sorted(double score, std::span<const double> sorted) {
  require_null_scores(sorted.size(), 1);
  if (std::isnan(score)) return kNan;
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), score);
  return two_sided(last - sorted.begin(), sorted.end() - first, static_cast<std::int64_t>(sorted.size()));
}

NullTest::NullTest(double score_of_rows, std::vector<double> scores)
    : score(score_of_rows), null_scores(std::move(scores)), skew(0), z(kNan) {
  require_null_scores(null_scores.size(), 2);
  const bool all_finite =
      std::all_of(null_scores.begin(), null_scores.end(), [](double x) { return std::isfinite(x); });
  if (!std::isfinite(score) || !all_finite) {
    throw Error("significance.null_test", "the score and its null scores must be finite",
                fmt::format("a score of {}{}", score, all_finite ? "" : " and null scores that are not"),
                "test rows that have a score");
  }
  p = empirical_p(score, null_scores);
  const double num_scores = static_cast<double>(null_scores.size());
  mean = std::accumulate(null_scores.begin(), null_scores.end(), 0.0) / num_scores;
  double square = 0;
  double cube = 0;
  for (const double null : null_scores) {
    square += (null - mean) * (null - mean);
    cube += (null - mean) * (null - mean) * (null - mean);
  }
  std_dev = std::sqrt(square / (num_scores - 1));
  if (std_dev == 0) return;
  skew = cube / num_scores / std::pow(square / num_scores, 1.5);
  z = (score - mean) / std_dev;
}

NullTest::Critical NullTest::critical(double alpha) const {
  // As many null scores may lie beyond a score that is still significant.
  std::int64_t num_beyond = -1;
  while (num_beyond + 1 < num_rotations() && two_sided(num_beyond + 1, num_rotations(), num_rotations()) <= alpha) {
    ++num_beyond;
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (num_beyond < 0) return {kInfinity, -kInfinity};
  std::vector<double> sorted = null_scores;
  std::sort(sorted.begin(), sorted.end());
  const auto k = static_cast<std::size_t>(num_beyond);
  return {sorted[sorted.size() - 1 - k], sorted[k]};
}

double block_standard_error(std::span<const double> values, std::span<const std::int64_t> blocks) {
  if (values.size() != blocks.size()) {
    throw Error("significance.block_standard_error", "every value must have a block",
                fmt::format("{} values and {} blocks", values.size(), blocks.size()), "give (num_values) of both");
  }
  if (values.empty()) return kNan;
  const double num_values = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / num_values;
  // Summed in the order in which blocks first come, so that equal input gives equal bits.
  std::unordered_map<std::int64_t, std::size_t> place;
  std::vector<double> sums;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const auto [found, is_new] = place.try_emplace(blocks[k], sums.size());
    if (is_new) sums.push_back(0);
    sums[found->second] += values[k] - mean;
  }
  if (sums.size() < 2) return kNan;
  const double num_blocks = static_cast<double>(sums.size());
  const double square = std::inner_product(sums.begin(), sums.end(), sums.begin(), 0.0);
  return std::sqrt(num_blocks / (num_blocks - 1) * square) / num_values;
}

std::vector<double> benjamini_hochberg(std::span<const double> p) { return step_up(p, 1); }

std::vector<double> benjamini_yekutieli(std::span<const double> p) {
  double harmonic = 0;
  for (std::size_t k = p.size(); k > 0; --k) harmonic += 1 / static_cast<double>(k);
  return step_up(p, harmonic);
}

}  // namespace srm
