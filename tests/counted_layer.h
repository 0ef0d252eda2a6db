#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "srm/results.h"

namespace srm::test {

using Rows = std::vector<std::vector<double>>;

/// A result by the method's definition: each row against each direction of each plane of the standard basis.
inline Resonance layer_of(std::string address, std::int64_t dim, const Rows& rows,
                          std::vector<double> epsilon = {0.9, 0.5}, AngleGrid grid = AngleGrid(8)) {
  ResonanceParts parts;
  parts.address = std::move(address);
  parts.dim = parts.num_vectors = dim;
  parts.basis_name = "standard";
  const Basis basis = Basis::standard(dim);
  parts.basis = basis.vectors();
  parts.planes = PlaneSet(basis, Pairs::kCombination).planes();
  parts.num_planes_summed = std::ssize(parts.planes);
  parts.grid = grid;
  parts.num_samples_seen = static_cast<std::int64_t>(rows.size());
  parts.num_calls = rows.empty() ? 0 : 1;
  parts.epsilon = std::move(epsilon);

  Rows directions;
  for (std::vector<double> row : rows) {
    double square = 0;
    for (const double x : row) square += x * x;
    parts.num_samples_zero_norm += square == 0 ? 1 : 0;
    parts.num_samples_nonfinite += std::isfinite(square) ? 0 : 1;
    if (square == 0 || !std::isfinite(square)) continue;
    double quartic = 0;
    for (double& x : row) {
      x /= std::sqrt(square);
      quartic += std::pow(x, 4);
    }
    parts.scores.quartic_sum += std::llround(quartic * static_cast<double>(Scores::kQuarticScale));
    ++parts.scores.num_rows;
    directions.push_back(std::move(row));
  }
  for (const double e : parts.epsilon) {
    std::vector<std::int64_t> holistic(static_cast<std::size_t>(grid.num_angles()));
    double cosines = 0;
    std::int64_t num_hits = 0;
    for (const Plane& plane : parts.planes) {
      std::vector<std::int64_t> counts(holistic.size());
      std::int64_t hits = 0;
      for (const std::vector<double>& x : directions) {
        const double u = x[static_cast<std::size_t>(plane.i)];
        const double v = x[static_cast<std::size_t>(plane.j)];
        for (std::int64_t k = 0; k < grid.num_angles(); ++k) {
          const double cosine = u * std::cos(grid.angle_radians(k)) + v * std::sin(grid.angle_radians(k));
          counts[static_cast<std::size_t>(k)] += cosine >= e - 1e-12 ? 1 : 0;
        }
        if (std::hypot(u, v) < std::max(e - 1e-12, 1e-300)) continue;
        ++hits;
        cosines += std::cos(4 * std::atan2(v, u));
      }
      parts.plane_hits.push_back(hits);
      num_hits += hits;
      for (std::size_t k = 0; k < counts.size(); ++k) holistic[k] += counts[k];
      parts.counts.insert(parts.counts.end(), counts.begin(), counts.end());
    }
    parts.holistic_counts.insert(parts.holistic_counts.end(), holistic.begin(), holistic.end());
    parts.scores.num_hits.push_back(num_hits);
    parts.scores.cosine_sum.push_back(std::llround(cosines * static_cast<double>(Scores::kCosineScale)));
  }
  return Resonance(std::move(parts));
}

/// 60 rows on +b_0, 40 on +b_1, 20 on -b_2, and 8 without a direction: 128 rows, so that fractions are short numbers.
inline Rows aligned_rows() {
  Rows rows(60, {1, 0, 0});
  rows.insert(rows.end(), 40, {0, 2, 0});
  rows.insert(rows.end(), 20, {0, 0, -3});
  rows.insert(rows.end(), 2, {0, 0, 0});
  rows.insert(rows.end(), 6, {1, std::numeric_limits<double>::quiet_NaN(), 0});
  return rows;
}

/// No plane holds more than r = sqrt(2/3) of such a row: nothing is inside at 0.9.
inline Rows diagonal_rows() { return Rows(50, {1, 1, 1}); }

inline Results three_layers() {
  Results results;
  results.settings = {{"epsilon", "0.9, 0.5"}, {"angles", "8"}};
  results.layers.push_back(layer_of("encoder.act", 3, aligned_rows()));
  results.layers.push_back(layer_of("diagonal, \"so called\"", 3, diagonal_rows()));
  results.layers.push_back(layer_of("never", 2, {}));
  return results;
}

}  // namespace srm::test
