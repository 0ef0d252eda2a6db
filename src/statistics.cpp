#include "srm/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "srm/error.h"

namespace srm {

double quartic_alignment(const Resonance& layer) {
  const ResonanceParts& parts = layer.parts();
  if (parts.dim < 2 || parts.num_vectors < 1 || parts.scores.num_rows == 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double n = static_cast<double>(parts.dim);
  const double m = static_cast<double>(parts.num_vectors);
  const double mean_quartic = static_cast<double>(parts.scores.quartic_sum) /
                              static_cast<double>(Scores::kQuarticScale) / static_cast<double>(parts.scores.num_rows);
  return ((n + 2) * (n / m) * mean_quartic - 3) / (n - 1);
}

double quartic_alignment_error(const Resonance& layer) {
  const Scores& scores = layer.parts().scores;
  const BlockSums& blocks = scores.blocks;
  if (std::isnan(quartic_alignment(layer)) || blocks.num_blocks < 2) return std::numeric_limits<double>::quiet_NaN();
  // Squares lose their digits where they nearly cancel, so the nearest whole number to the mean is taken off exactly
  // (modulo 2^128, in which the result fits), and in floating point only the rest, which is below one.
  const std::int64_t whole = scores.quartic_sum / scores.num_rows;
  const auto taken_off = static_cast<UInt128>(whole);
  const UInt128 squares =
      blocks.quartic_squared - 2 * taken_off * blocks.rows_by_quartic + taken_off * taken_off * blocks.rows_squared;
  const auto products =
      static_cast<double>(static_cast<Int128>(blocks.rows_by_quartic - taken_off * blocks.rows_squared));
  const double rest = static_cast<double>(scores.quartic_sum % scores.num_rows) / static_cast<double>(scores.num_rows);
  const double sum =
      static_cast<double>(squares) - 2 * rest * products + rest * rest * static_cast<double>(blocks.rows_squared);
  const auto num_blocks = static_cast<double>(blocks.num_blocks);
  const double error = std::sqrt(num_blocks / (num_blocks - 1) * std::max(sum, 0.0)) /
                       static_cast<double>(scores.num_rows) / static_cast<double>(Scores::kQuarticScale);
  const auto n = static_cast<double>(layer.dim());
  return (n + 2) * (n / static_cast<double>(layer.parts().num_vectors)) / (n - 1) * error;
}

double arc_alignment(const Resonance& layer, double epsilon, std::int64_t min_hits) {
  const auto e = static_cast<std::size_t>(layer.epsilon_index(epsilon));
  const Scores& scores = layer.parts().scores;
  const std::int64_t num_hits = scores.num_hits[e];
  if (num_hits < std::max<std::int64_t>(min_hits, 1)) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(scores.cosine_sum[e]) / static_cast<double>(Scores::kCosineScale) /
         static_cast<double>(num_hits);
}

double spotlight_harmonic(const Resonance& layer, double epsilon) {
  const std::vector<double> mean = layer.holistic_mean(layer.epsilon_index(epsilon));
  const AngleGrid& grid = layer.parts().grid;
  double sum = 0, weighted = 0;
  for (std::int64_t k = 0; k < grid.num_distinct(); ++k) {
    const double f = mean[static_cast<std::size_t>(k)];
    sum += f;
    weighted += f * std::cos(4 * grid.angle_radians(k));
  }
  return sum == 0 ? std::numeric_limits<double>::quiet_NaN() : weighted / sum;
}

double isotropic_rate(std::int64_t dim, double epsilon) {
  if (dim < 1 || !(epsilon >= -1 && epsilon <= 1)) {
    throw Error("statistics.isotropic_rate", "dim must be at least 1 and epsilon in [-1, 1]",
                fmt::format("dim {} and epsilon {}", dim, epsilon), "correct the argument");
  }
  if (dim == 1) return epsilon > -1 ? 0.5 : 1.0;  // both directions of a line have cosine +-1
  if (epsilon < 0) return 1 - isotropic_rate(dim, -epsilon);
  return 0.5 * boost::math::ibeta((static_cast<double>(dim) - 1) / 2, 0.5, (1 - epsilon) * (1 + epsilon));
}

double isotropic_epsilon(std::int64_t dim, double rate) {
  if (dim < 2 || !(rate > 0 && rate < 0.5)) {
    throw Error("statistics.isotropic_epsilon", "dim must be at least 2 and the rate above 0 and below 1/2",
                fmt::format("dim {} and rate {}", dim, rate), "0.01 is a usual rate");
  }
  double low = 0;  // a rate of 1/2
  double high = 1;
  while (high - low > 1e-7) {
    const double middle = (low + high) / 2;
    (isotropic_rate(dim, middle) > rate ? low : high) = middle;
  }
  return (low + high) / 2;
}

PlanePeak plane_peak(const Resonance& layer, std::int64_t epsilon_index, std::int64_t plane_index) {
  PlanePeak peak;
  const auto counts = layer.counts(epsilon_index, plane_index);
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > peak.count) peak = {counts[k], static_cast<std::int64_t>(k)};
  }
  return peak;
}

PlaneChoice top_planes(const Resonance& first_pass, std::int64_t epsilon_index, std::int64_t num_planes) {
  const ResonanceParts& parts = first_pass.parts();
  if (num_planes < 1 || parts.planes.empty() || epsilon_index < 0 || epsilon_index >= first_pass.num_epsilons()) {
    throw Error(
        "statistics.top_planes",
        fmt::format("at least one plane, of those there are, at an epsilon below {}", first_pass.num_epsilons()),
        fmt::format("{} of {} planes at {}", num_planes, first_pass.num_planes(), epsilon_index),
        "let the first pass count all planes");
  }
  const std::int64_t* hits = parts.plane_hits.data() + epsilon_index * first_pass.num_planes();
  std::vector<std::int64_t> order(parts.planes.size());
  std::iota(order.begin(), order.end(), 0);
  const auto last = order.begin() + std::min(num_planes, first_pass.num_planes());
  std::partial_sort(order.begin(), last, order.end(), [hits](std::int64_t a, std::int64_t b) {
    return hits[a] > hits[b] || (hits[a] == hits[b] && a < b);
  });
  PlaneChoice choice;
  choice.kind = PlaneChoice::Kind::kListed;
  std::sort(order.begin(), last);
  for (auto p = order.begin(); p != last; ++p) choice.listed.push_back(parts.planes[static_cast<std::size_t>(*p)]);
  return choice;
}

}  // namespace srm
