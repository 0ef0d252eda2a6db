#include "srm/statistics.h"

#include <fmt/format.h>

#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <limits>

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

double arc_alignment(const Resonance& layer, double epsilon, std::int64_t min_hits) {
  const auto e = static_cast<std::size_t>(layer.epsilon_index(epsilon));
  const Scores& scores = layer.parts().scores;
  const std::int64_t num_hits = scores.num_hits[e];
  if (num_hits < std::max<std::int64_t>(min_hits, 1)) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(scores.cosine_sum[e]) / static_cast<double>(Scores::kCosineScale) /
         static_cast<double>(num_hits);
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

}  // namespace srm
