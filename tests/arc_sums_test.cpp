#include "bases/arc_sums.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "bases/rotations.h"
#include "srm/null.h"
#include "srm/plane_tests.h"
#include "srm/statistics.h"
#include "synthetic_rows.h"

// C4 with its error and its null, as plane_tests() makes them of these sums.
namespace srm {
namespace {

using test::anisotropic_rows;
using test::clustered_rows;
using test::gaussian_rows;
using test::random_rotation;

PlaneTestOptions at_epsilon(double epsilon, std::uint64_t seed = 0) {
  PlaneTestOptions options;
  options.epsilon = epsilon;
  options.seed = seed;
  return options;
}

Basis basis_of(const at::Tensor& vectors) {
  const at::Tensor flat = vectors.contiguous();
  return Basis::from_vectors("test", flat.size(0), flat.size(1),
                             {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()});
}

// C4 and its error by their definitions, plane by plane and row by row; `vectors` of length 1.
struct ArcsByHand {
  double c4 = 0, error = 0;
};
ArcsByHand arcs_by_hand(const at::Tensor& rows, const at::Tensor& vectors, double epsilon,
                        const std::function<std::int64_t(std::int64_t)>& block_of) {
  std::map<std::int64_t, std::pair<double, double>> by_block;
  double cosines = 0, hits = 0;
  for (std::int64_t i = 0; i < vectors.size(0); ++i) {
    for (std::int64_t j = i + 1; j < vectors.size(0); ++j) {
      const at::Tensor across = vectors[j] - vectors[i].dot(vectors[j]) * vectors[i];
      const double length = across.norm().item<double>();
      if (length < 1e-6) continue;
      const at::Tensor u = at::mv(rows, vectors[i]).contiguous(), v = at::mv(rows, across / length).contiguous();
      for (std::int64_t k = 0; k < rows.size(0); ++k) {
        const double x = u.data_ptr<double>()[k], y = v.data_ptr<double>()[k];
        const double cosine = std::cos(4 * std::atan2(y, x));
        auto& [block_cosines, block_hits] = by_block[block_of(k)];
        if (std::hypot(x, y) < epsilon - 1e-12) continue;
        block_cosines += cosine;
        block_hits += 1;
        cosines += cosine;
        hits += 1;
      }
    }
  }
  double square = 0;
  for (const auto& [block, sums] : by_block) square += std::pow(sums.first - cosines / hits * sums.second, 2);
  const auto count = static_cast<double>(by_block.size());
  return {cosines / hits, std::sqrt(count / (count - 1) * square) / hits};
}

double arc_p(const at::Tensor& rows, const Basis& basis, std::int64_t num_rotations, unsigned seed) {
  PlaneTestOptions options = at_epsilon(0.6, seed);
  options.num_rotations = num_rotations;
  return plane_tests(unit_rows(rows, false), basis, options).arc_alignment->haar->p;
}

// The vectors of a frame in which two are parallel and none orthogonal.
at::Tensor frame_of(std::int64_t num_vectors, std::int64_t dim) {
  at::Tensor vectors = gaussian_rows(num_vectors, dim, 31);
  vectors[num_vectors - 1].copy_(-vectors[0]);
  return vectors / vectors.norm(2, 1, true);
}

TEST(ArcSumsTest, IsC4AsDefinedWithItsErrorByBlocks) {
  const at::Tensor turn = random_rotation(6, 4);
  const auto block_of = [](std::int64_t row) { return row / 7 % 5; };
  std::vector<std::int64_t> blocks;
  for (std::int64_t row = 0; row < 90; ++row) blocks.push_back(block_of(row));
  const at::Tensor rows = unit_rows(anisotropic_rows(90, 6, 1, 2), true);
  for (const at::Tensor& vectors : {at::eye(6, at::kDouble), turn, turn.slice(0, 1, 5), frame_of(9, 6)}) {
    const ArcsByHand truth = arcs_by_hand(rows, vectors, 0.55, block_of);
    const PlaneTests tests = plane_tests(rows, basis_of(vectors), at_epsilon(0.55), blocks);
    ASSERT_TRUE(tests.arc_alignment);
    EXPECT_NEAR(tests.arc_alignment->score, truth.c4, 1e-10);
    EXPECT_NEAR(tests.arc_alignment->standard_error, truth.error, 1e-10);
    const double by_row = arcs_by_hand(rows, vectors, 0.55, [](std::int64_t row) { return row; }).error;
    EXPECT_NEAR(plane_tests(rows, basis_of(vectors), at_epsilon(0.55)).arc_alignment->standard_error, by_row, 1e-10);
  }
}

// It is the number that a layer's curves come with, when all its rows are tested.
TEST(ArcSumsTest, ScoresAsTheAccumulatorDoes) {
  const at::Tensor rows = (gaussian_rows(300, 7, 3) + 0.5).contiguous();
  for (const Basis& basis : {Basis::standard(7), basis_of(frame_of(9, 7))}) {
    const Resonance layer = test::accumulate({rows.data_ptr<double>(), rows.data_ptr<double>() + rows.numel()}, basis,
                                             {.epsilon = {0.6}, .grid = AngleGrid(8), .mean = {}});
    EXPECT_NEAR(plane_tests(unit_rows(rows, false), basis, at_epsilon(0.6)).arc_alignment->score,
                arc_alignment(layer, 0.6), 1e-5);
  }
}

TEST(ArcSumsTest, NullScoresAreC4OfTurnedRows) {
  for (const auto& [dim, tolerance] : {std::pair{8, 1e-10}, {130, 2e-5}}) {
    const at::Tensor rows = unit_rows(gaussian_rows(25, dim, 5), false);
    const double epsilon = dim == 8 ? 0.5 : 0.18;
    PlaneTestOptions options = at_epsilon(epsilon, 3);
    options.num_rotations = 3;
    for (const bool is_frame : {false, true}) {
      const at::Tensor vectors = is_frame ? frame_of(14, dim) : at::eye(dim, at::kDouble).slice(0, 0, 14);
      const PlaneTests tests = plane_tests(rows, basis_of(vectors), options);
      ASSERT_EQ(tests.arc_alignment->haar->num_rotations(), 3);
      for (std::int64_t k = 0; k < 3; ++k) {
        const at::Tensor turned = bases::HaarTurn(dim, 3, k).apply(rows.to(bases::turn_type(dim))).to(at::kDouble);
        const double truth = arcs_by_hand(turned, vectors, epsilon, [](std::int64_t row) { return row; }).c4;
        EXPECT_NEAR(tests.arc_alignment->haar->null_scores[static_cast<std::size_t>(k)], truth, tolerance);
      }
    }
  }
}

// Nothing is there: p is uniform, whatever covariance rows have and however they hang together.
TEST(ArcSumsTest, IsCalibrated) {
  constexpr int kTrials = 60, kRotations = 39;
  const Basis frame = basis_of(frame_of(11, 8));
  const std::function<double(unsigned)> cases[] = {
      [&](unsigned seed) { return arc_p(gaussian_rows(80, 8, seed), Basis::standard(8), kRotations, seed); },
      [&](unsigned seed) { return arc_p(anisotropic_rows(80, 8, 2, seed), Basis::standard(8), kRotations, seed); },
      [&](unsigned seed) { return arc_p(clustered_rows(12, 10, 8, seed), Basis::standard(8), kRotations, seed); },
      [&](unsigned seed) { return arc_p(anisotropic_rows(80, 8, 1, seed), frame, kRotations, seed); }};
  for (const auto& p_of : cases) {
    std::vector<double> p;
    for (unsigned seed = 0; seed < kTrials; ++seed) p.push_back(p_of(seed));
    EXPECT_LT(test::distance_from_uniform(p, 2.0 / (1 + kRotations)), 1.95);
    EXPECT_LT(test::share_below(p, 0.05), 0.05 + 3.1 * std::sqrt(0.05 * 0.95 / kTrials));
  }
}

TEST(ArcSumsTest, FindsPlantedAlignmentOfEitherSign) {
  for (const std::int64_t n : {8, 140}) {
    const at::Tensor turn = random_rotation(n, 8);
    const at::Tensor noise = 0.7 * gaussian_rows(400, n, 9);
    const at::Tensor sparse = gaussian_rows(400, n, 10).pow(3) + noise;
    const at::Tensor dense = gaussian_rows(400, n, 11).sign() + noise;
    const double epsilon = isotropic_epsilon(n, 0.01);
    for (const auto& [rows, sign] : {std::pair{sparse, 1.0}, {dense, -1.0}}) {
      const at::Tensor unit = unit_rows(at::mm(rows, turn), false);
      const PlaneTests acting = plane_tests(unit, basis_of(turn), at_epsilon(epsilon));
      const ArcAlignmentTest& test = *acting.arc_alignment;
      EXPECT_DOUBLE_EQ(test.haar->p, 2.0 / 61) << n;
      EXPECT_GT(sign * test.haar->z, 5) << n;
      EXPECT_GT(sign * test.score, 5 * test.standard_error) << n;
      EXPECT_GT(plane_tests(unit, Basis::standard(n), at_epsilon(epsilon)).arc_alignment->haar->p, 2.0 / 61)
          << "not in another basis";
    }
  }
}

TEST(ArcSumsTest, WhatHasTooFewHitsIsNotScored) {
  // 16 rows on axes of 16, each in 15 planes: 240 hits; of random rows hardly one.
  const at::Tensor axes = at::eye(16, at::kDouble);
  const PlaneTests tests = plane_tests(axes, Basis::standard(16), at_epsilon(0.95));
  ASSERT_TRUE(tests.arc_alignment);
  EXPECT_DOUBLE_EQ(tests.arc_alignment->score, 1);
  EXPECT_DOUBLE_EQ(tests.arc_alignment->standard_error, 0);
  EXPECT_FALSE(tests.arc_alignment->haar) << "no rotation has 100 hits";
  EXPECT_FALSE(plane_tests(axes.slice(0, 0, 6), Basis::standard(16), at_epsilon(0.95)).arc_alignment) << "90 hits";
  EXPECT_TRUE(plane_tests(axes.slice(0, 0, 7), Basis::standard(16), at_epsilon(0.95)).arc_alignment) << "105 hits";
  PlaneTestOptions one = at_epsilon(0.1);
  one.num_rotations = 1;
  EXPECT_FALSE(plane_tests(axes, Basis::standard(16), one).arc_alignment->haar) << "one rotation has no spread";
  const std::vector<std::int64_t> of_one_sample(16, 3);
  EXPECT_TRUE(std::isnan(
      plane_tests(axes, Basis::standard(16), at_epsilon(0.95), of_one_sample).arc_alignment->standard_error));
}

// Rotations with fewer than 100 hits are left out, of which here there are some.
TEST(ArcSumsTest, RotationsWithTooFewHitsAreLeftOut) {
  const at::Tensor rows = unit_rows(gaussian_rows(50, 8, 1), false);
  std::set<std::int64_t> num_scored;
  for (const double epsilon : {0.74, 0.75, 0.76, 0.77}) {
    const PlaneTests tests = plane_tests(rows, Basis::standard(8), at_epsilon(epsilon));
    if (tests.arc_alignment && tests.arc_alignment->haar) {
      num_scored.insert(tests.arc_alignment->haar->num_rotations());
    }
  }
  ASSERT_FALSE(num_scored.empty());
  EXPECT_GE(*num_scored.begin(), 30);
  EXPECT_TRUE(std::any_of(num_scored.begin(), num_scored.end(), [](std::int64_t count) { return count < 60; }));
}

// Over many samples of clustered rows the block error is the spread of C4, and the error of single rows far below it.
TEST(ArcSumsTest, TheBlockErrorIsTheSpreadOfC4) {
  constexpr int kTrials = 100;
  PlaneTestOptions options = at_epsilon(0.6);
  options.num_rotations = 1;
  std::vector<std::int64_t> blocks;
  for (std::int64_t row = 0; row < 600; ++row) blocks.push_back(row / 15);
  double sum = 0, square = 0, by_block = 0, by_row = 0;
  for (unsigned seed = 0; seed < kTrials; ++seed) {
    const at::Tensor rows =
        gaussian_rows(40, 6, seed).repeat_interleave(15, 0) + 0.3 * gaussian_rows(600, 6, seed + 1000);
    const at::Tensor unit = unit_rows(rows, false);
    const ArcAlignmentTest test = *plane_tests(unit, Basis::standard(6), options, blocks).arc_alignment;
    by_block += test.standard_error / kTrials;
    by_row += plane_tests(unit, Basis::standard(6), options).arc_alignment->standard_error / kTrials;
    sum += test.score;
    square += test.score * test.score;
  }
  const double spread = std::sqrt((square - sum * sum / kTrials) / (kTrials - 1));
  EXPECT_NEAR(by_block / spread, 1, 0.2);
  EXPECT_LT(by_row, 0.5 * by_block);
}

}  // namespace
}  // namespace srm
