#include "brute_force.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

namespace srm::test {
namespace {

void add_cell(BruteForceCells& cells, std::int64_t count, double margin, std::int64_t least, std::int64_t most) {
  cells.counts.push_back(count);
  cells.margin.push_back(margin);
  cells.least.push_back(least);
  cells.most.push_back(most);
}

std::int64_t num_out_of_bounds(const std::vector<std::int64_t>& counts, const std::vector<std::int64_t>& least,
                               const std::vector<std::int64_t>& most) {
  if (counts.size() != least.size()) return -1;
  std::int64_t num_out = 0;
  for (std::size_t k = 0; k < counts.size(); ++k) num_out += counts[k] < least[k] || counts[k] > most[k] ? 1 : 0;
  return num_out;
}

}  // namespace

BruteForce brute_force(const std::vector<double>& rows, const Basis& basis, const std::vector<Plane>& planes,
                       const AccumulatorOptions& options, Slack slack) {
  const std::int64_t n = basis.dim();
  const std::vector<double> vectors = basis.vectors();
  const std::int64_t num_angles = options.grid.num_angles();
  const std::int64_t num_samples = static_cast<std::int64_t>(rows.size()) / n;
  const bool inclusive = options.grid.ends() == GridEnds::kInclusive && num_angles > 1;
  const double steps = static_cast<double>(inclusive ? num_angles - 1 : num_angles);

  // Unit rows, or zero where there is no direction; rows that are not finite are nowhere.
  std::vector<double> x_hat;
  std::int64_t num_kept = 0;
  for (std::int64_t s = 0; s < num_samples; ++s) {
    std::vector<double> x(rows.begin() + s * n, rows.begin() + (s + 1) * n);
    const auto finite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(x.begin(), x.end(), finite)) continue;
    const bool zero = std::all_of(x.begin(), x.end(), [](double value) { return value == 0; });
    if (!options.mean.empty()) {
      if (zero) continue;
      for (std::int64_t k = 0; k < n; ++k) x[k] -= options.mean[k];
    }
    double norm = 0;
    for (const double value : x) norm = std::hypot(norm, value);
    for (const double value : x) x_hat.push_back(norm > 0 ? value / norm : 0.0);
    ++num_kept;
  }

  BruteForce truth;
  for (const double epsilon : options.epsilon) {
    for (const Plane& plane : planes) {
      const double* bi = vectors.data() + plane.i * n;
      const double* bj = vectors.data() + plane.j * n;
      double length = 0;
      for (std::int64_t k = 0; k < n; ++k) length = std::hypot(length, bi[k]);
      std::vector<double> e1(n, 0.0), e2(n, 0.0);
      double along = 0;
      double rest = 0;
      for (std::int64_t k = 0; k < n && length > 0; ++k) e1[k] = bi[k] / length;
      for (std::int64_t k = 0; k < n; ++k) along += e1[k] * bj[k];
      for (std::int64_t k = 0; k < n; ++k) e2[k] = bj[k] - along * e1[k];
      for (std::int64_t k = 0; k < n; ++k) rest = std::hypot(rest, e2[k]);
      double length_j = 0;
      for (std::int64_t k = 0; k < n; ++k) length_j = std::hypot(length_j, bj[k]);
      const bool degenerate = length == 0 || length_j == 0 || rest / length_j < 2e-7;
      for (std::int64_t a = 0; a < num_angles; ++a) {
        const double theta = 2 * std::numbers::pi * static_cast<double>(a) / steps;
        const double turn = options.sense == Sense::kNatural ? 1 : -1;
        std::vector<double> spotlight(n, 0.0);
        for (std::int64_t k = 0; k < n && !degenerate; ++k) {
          spotlight[k] = std::cos(theta) * e1[k] + turn * std::sin(theta) * e2[k] / rest;
        }
        const auto inside = [&](double dot, double cosine, bool zero, double side) {
          // A row without a direction has a cosine of exactly zero, and no slack.
          const double threshold = epsilon / length;
          return std::array<std::int64_t, 3>{side * dot >= epsilon,
                                             zero ? epsilon <= 0 : side * cosine >= threshold + slack.surely_inside,
                                             zero ? epsilon <= 0 : side * cosine >= threshold + slack.perhaps_inside};
        };
        std::array<std::int64_t, 3> front = {}, back = {};
        double margin = 2, back_margin = 2;
        for (std::int64_t s = 0; s < num_kept && !degenerate; ++s) {
          double cosine = 0;
          for (std::int64_t k = 0; k < n; ++k) cosine += x_hat[s * n + k] * spotlight[k];
          const double dot = length * cosine;
          const bool zero = std::all_of(&x_hat[s * n], &x_hat[s * n] + n, [](double value) { return value == 0; });
          for (std::size_t k = 0; k < 3; ++k) {
            front[k] += inside(dot, cosine, zero, 1)[k];
            // What has no direction is on both sides or on none.
            back[k] += inside(dot, cosine, zero, -1)[k];
          }
          margin = std::min(margin, std::abs(dot - epsilon));
          back_margin = std::min(back_margin, std::abs(dot + epsilon));
        }
        add_cell(truth, front[0], margin, front[1], front[2]);
        add_cell(truth.with_signs, front[0] - back[0], std::min(margin, back_margin), front[1] - back[2],
                 front[2] - back[1]);
      }
    }
  }
  return truth;
}

std::int64_t num_wrong_cells(const Resonance& resonance, const BruteForce& truth, double least_margin) {
  const auto num_wrong = [least_margin](const std::vector<std::int64_t>& counts, const BruteForceCells& cells) {
    if (counts.size() != cells.counts.size()) return std::int64_t{-1};
    std::int64_t wrong = 0;
    for (std::size_t k = 0; k < counts.size(); ++k) {
      wrong += cells.margin[k] >= least_margin && counts[k] != cells.counts[k] ? 1 : 0;
    }
    return wrong;
  };
  const std::int64_t wrong = num_wrong(resonance.parts().counts, truth);
  if (!resonance.is_signed() || wrong != 0) return wrong;
  return num_wrong(resonance.parts().signed_counts, truth.with_signs);
}

std::int64_t num_cells_out_of_bounds(const Resonance& resonance, const BruteForce& truth) {
  const std::int64_t num_out = num_out_of_bounds(resonance.parts().counts, truth.least, truth.most);
  if (!resonance.is_signed() || num_out != 0) return num_out;
  return num_out_of_bounds(resonance.parts().signed_counts, truth.with_signs.least, truth.with_signs.most);
}

std::int64_t num_holistic_cells_out_of_bounds(const Resonance& resonance, const BruteForce& truth) {
  const auto summed = [&](const std::vector<std::int64_t>& cells) {
    const auto num_angles = static_cast<std::size_t>(resonance.num_angles());
    const std::size_t of_epsilon = cells.size() / static_cast<std::size_t>(resonance.num_epsilons());
    std::vector<std::int64_t> sums(static_cast<std::size_t>(resonance.num_epsilons()) * num_angles, 0);
    for (std::size_t k = 0; k < cells.size(); ++k) sums[k / of_epsilon * num_angles + k % num_angles] += cells[k];
    return sums;
  };
  const ResonanceParts& parts = resonance.parts();
  const std::int64_t num_out = num_out_of_bounds(parts.holistic_counts, summed(truth.least), summed(truth.most));
  if (!resonance.is_signed() || num_out != 0) return num_out;
  return num_out_of_bounds(parts.holistic_signed_counts, summed(truth.with_signs.least), summed(truth.with_signs.most));
}

std::vector<double> gaussian(std::int64_t count, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& value : values) value = normal(generator);
  return values;
}

Resonance accumulate(const std::vector<double>& rows, const Basis& basis, const AccumulatorOptions& options,
                     std::span<const std::int64_t> blocks) {
  MemoryBudget budget(std::int64_t{1} << 32);
  Accumulator accumulator(std::make_shared<const Basis>(basis), options, budget);
  accumulator.update(rows.data(), static_cast<std::int64_t>(rows.size()) / basis.dim(), basis.dim(), basis.dim(),
                     blocks);
  return std::move(accumulator).take_resonance();
}

}  // namespace srm::test
