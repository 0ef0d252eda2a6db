#pragma once

#include <cmath>
#include <utility>

#include "layer_tests_examples.h"
#include "srm/results.h"

namespace srm::test {

// What can be found out about a layer of 16 vectors in 16 dimensions, made by hand.

/// 100 rows of three classes at two epsilons. At 0.5 +b_3 holds 20 rows of class 2, all of them, -b_1 eleven of class
/// 0 and one of class 1, +b_0 five rows; at 0.25 the same with two more of class 0 in +b_3. Two nearest rows each.
inline NeuronTable neuron_table() {
  NeuronTableParts parts;
  parts.num_vectors = 16;
  parts.epsilon = {0.5, 0.25};
  parts.num_samples_seen = 100;
  parts.num_rows = 99;
  parts.class_totals = {30, 40, 20};
  parts.counts.assign(2 * 16 * 2, 0);
  parts.class_counts.assign(2 * 16 * 2 * 3, 0);
  const auto fill = [&](std::size_t e, std::size_t vector, std::size_t side, std::vector<std::int64_t> of_class,
                        std::int64_t unlabelled) {
    const std::size_t place = (e * 16 + vector) * 2 + side;
    for (std::size_t c = 0; c < 3; ++c) parts.class_counts[place * 3 + c] = of_class[c];
    parts.counts[place] = of_class[0] + of_class[1] + of_class[2] + unlabelled;
  };
  for (std::size_t e = 0; e < 2; ++e) {
    fill(e, 0, 0, {2, 2, 0}, 1);
    fill(e, 1, 1, {11, 1, 0}, 0);
    fill(e, 3, 0, {e == 0 ? 0 : 2, 0, 20}, 0);
  }
  parts.num_nearest = 2;
  for (std::int64_t k = 0; k < 32; ++k) {
    parts.nearest.push_back({0.9375 - static_cast<double>(k) / 64, k, 0, k % 3});
    parts.nearest.push_back({0.375, 99 - k, k % 2 * 7, -1});
  }
  return NeuronTable(std::move(parts));
}

/// The same rows without their labels, at one epsilon: 3 rows less in each further signed vector, from 40 on.
inline NeuronTable unlabelled_table() {
  NeuronTableParts parts = neuron_table().parts();
  parts.epsilon = {0.5};
  parts.class_totals.clear();
  parts.class_counts.clear();
  parts.counts.assign(32, 0);
  for (std::size_t k = 0; k < 13; ++k) parts.counts[31 - k] = 40 - 3 * static_cast<std::int64_t>(k);
  return NeuronTable(std::move(parts));
}

/// Four rows with u = 1 and v from -2 to 1 as the bins of the plane (0, 1), a plane without points, and one left out.
inline PlaneDensities plane_densities() {
  PlaneDensitiesParts parts;
  parts.dim = 16;
  parts.epsilon = 0.25;
  parts.num_bins = 4;
  parts.num_points = 2;
  parts.seed = 5;
  parts.num_rows = 20;
  parts.squared_lengths.add(320);
  PlaneDensity density;
  density.plane = {0, 1};
  density.exponent = 1;
  density.counts = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
  density.points = {{1, -0.5, 4, 0, 0}, {1.5, 1.5, 5, 1, -1}};
  if (point_rank(parts.seed, 5, 1) < point_rank(parts.seed, 4, 0)) std::swap(density.points[0], density.points[1]);
  PlaneDensity empty;
  empty.plane = {2, 5};
  empty.exponent = PlaneDensities::kLowestExponent;
  empty.counts.assign(16, 0);
  parts.planes = {density, empty};
  parts.left_out = {{3, 4}};
  return PlaneDensities(std::move(parts));
}

}  // namespace srm::test
