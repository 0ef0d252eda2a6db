#pragma once

#include <limits>
#include <vector>

#include "srm/layer_tests.h"

namespace srm::test {

/// 199 null scores around `middle`, 1 / 1024 apart: p is 0.01 for a score beyond them all.
inline std::vector<double> even_null(double middle = 0) {
  std::vector<double> scores;
  for (int k = -99; k <= 99; ++k) scores.push_back(middle + k / 1024.0);
  return scores;
}

/// As many null scores from -`half_width` to it, evenly.
inline std::vector<double> even_null_of(int count, double half_width) {
  std::vector<double> scores;
  for (int k = 0; k < count; ++k) scores.push_back(half_width * (2.0 * k / (count - 1) - 1));
  return scores;
}

/// The tests of a layer with everything that can be tested; p = 0.01 when |a4| > 0.1.
inline LayerTests layer_tests(double a4) {
  LayerTests tests{.haar = NullTest(a4, even_null())};
  tests.dim = 16;
  tests.num_vectors = 16;
  tests.centred = true;
  tests.seed = 7;
  tests.num_rows = 450;
  tests.num_rows_offered = 5000;
  tests.num_blocks = 60;
  tests.standard_error = 0.0123;
  tests.effective_dimension = 9.25;
  tests.top_shares = {{{3}, 0.25, a4 / 2}, {{3, 1, 15}, 0.5, a4 / 4}};
  tests.nonlinearity = NonlinearityTests{"tanh", NullTest(a4, even_null(-0.05)), NullTest(a4, even_null(0.05))};
  PlaneTests planes;
  planes.epsilon = 0.558;
  planes.num_planes = planes.num_planes_tested = 120;
  planes.num_rotations = 60;
  planes.num_pooled = 7200;
  planes.num_c4_bh = 12;
  planes.num_c4_by = 5;
  planes.num_hit_rate_bh = 3;
  planes.strongest = {
      {.i = 1, .j = 3, .c4 = -0.5, .p_c4 = 0.001, .q_c4 = 0.01, .hit_rate = 0.2, .p_hit_rate = 0.3, .q_hit_rate = 1}};
  // Of the vectors 1, 3 and 9; 3 and 9 are parallel.
  const float none = std::numeric_limits<float>::quiet_NaN();
  planes.map = PlaneMap{{1, 3, 9}, {-0.5, 0.25, none}, {0.01F, 0.5, none}, {0.2F, 0.125, none}, {1, 1, none}};
  planes.arc_alignment = ArcAlignmentTest{4 * a4, 0.0625, NullTest(4 * a4, even_null_of(60, 0.01))};
  tests.planes = planes;
  return tests;
}

}  // namespace srm::test
