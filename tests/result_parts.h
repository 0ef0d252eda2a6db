#pragma once

#include "srm/resonance.h"

namespace srm::test {

/// A small result that keeps every rule, made by hand: two vectors in two dimensions, one plane, two epsilons, four
/// angles, five samples of which one is zero and one not finite.
inline ResonanceParts small_parts() {
  ResonanceParts parts;
  parts.address = "encoder.0";
  parts.dim = 2;
  parts.num_vectors = 2;
  parts.basis_name = "standard";
  parts.basis = {1, 0, 0, 1};
  parts.planes = {{0, 1}};
  parts.num_planes_summed = 1;
  parts.epsilon = {0.9, 0.5};
  parts.grid = AngleGrid(4);
  parts.counts = {2, 1, 0, 0, 3, 2, 1, 0};
  parts.plane_hits = {3, 3};
  parts.holistic_counts = parts.counts;
  parts.scores.num_rows = 3;
  parts.scores.quartic_sum = 2 * Scores::kQuarticScale;
  parts.scores.cosine_sum = {3 * Scores::kCosineScale, -5};
  parts.scores.num_hits = {3, 3};
  parts.num_samples_seen = 5;
  parts.num_samples_zero_norm = 1;
  parts.num_samples_nonfinite = 1;
  parts.num_samples_skipped = 7;
  parts.num_calls = 2;
  return parts;
}

}  // namespace srm::test
