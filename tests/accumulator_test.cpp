#include "srm/accumulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>

#include "brute_force.h"
#include "srm/error.h"
#include "srm/merge.h"

namespace srm {
namespace {

using test::accumulate;
using test::brute_force;
using test::gaussian;
using test::num_wrong_cells;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

AccumulatorOptions options_of(std::vector<double> epsilon, std::int64_t num_angles = 360,
                              GridEnds ends = GridEnds::kExclusive) {
  AccumulatorOptions options;
  options.epsilon = std::move(epsilon);
  options.grid = AngleGrid(num_angles, ends);
  return options;
}

std::vector<std::int64_t> counts_of(const Resonance& resonance, std::int64_t epsilon = 0, std::int64_t plane = 0) {
  const auto counts = resonance.counts(epsilon, plane);
  return {counts.begin(), counts.end()};
}

// Would catch a turn in the wrong direction, a lost tie, or an arc across theta = 0 that forgets its start.
TEST(AccumulatorTest, OneRowOnAnAxisGivesTheHandComputedArc) {
  const Resonance result = accumulate({2.0, 0.0}, Basis::standard(2), options_of({0.5}, 12));
  // Within 60 degrees of 0, both ends included: 300, 330, 0, 30, 60.
  EXPECT_THAT(counts_of(result), testing::ElementsAre(1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1));
}

// Would catch counts or A4 that depend on it, and sums that are there although nobody asked for them.
TEST(AccumulatorTest, WithoutRowSumsAllElseIsTheSame) {
  AccumulatorOptions options = options_of({0.5}, 12);
  const std::vector<double> rows = gaussian(60, 2);
  const Resonance with = accumulate(rows, Basis::standard(6), options);
  options.row_sums = false;
  const Resonance without = accumulate(rows, Basis::standard(6), options);
  EXPECT_EQ(without.parts().counts, with.parts().counts);
  EXPECT_EQ(without.parts().scores.quartic_sum, with.parts().scores.quartic_sum);
  EXPECT_EQ(without.parts().scores.cosine_sum, with.parts().scores.cosine_sum);
  EXPECT_EQ(without.parts().scores.blocks, with.parts().scores.blocks);
  EXPECT_TRUE(with.parts().scores.has_row_sums());
  EXPECT_FALSE(without.parts().scores.has_row_sums());
  EXPECT_TRUE(without.parts().scores.quartic_by_vector.empty());
  EXPECT_THAT(
      [&] {
        without.mean_cosine({0, 1});
      },
      testing::ThrowsMessage<Error>(testing::HasSubstr("need the sum of directions")));
  EXPECT_THAT([&] { merge(with, without); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("got summed and not summed")));
}

TEST(AccumulatorTest, ThetaTurnsFromTheFirstVectorTowardsTheSecond) {
  const Resonance natural = accumulate({0.0, 3.0}, Basis::standard(2), options_of({0.9}, 8));
  EXPECT_THAT(counts_of(natural), testing::ElementsAre(0, 0, 1, 0, 0, 0, 0, 0));
  AccumulatorOptions options = options_of({0.9}, 8);
  options.sense = Sense::kReference;
  const Resonance reference = accumulate({0.0, 3.0}, Basis::standard(2), options);
  EXPECT_THAT(counts_of(reference), testing::ElementsAre(0, 0, 0, 0, 0, 0, 1, 0));
}

TEST(AccumulatorTest, CosineExactlyEpsilonIsInsideInEveryQuadrant) {
  // cos 45 degrees as a double is a hair above or below what the four diagonals give; each of them is a tie.
  const double diagonal = std::numbers::sqrt2 / 2;
  const Resonance result = accumulate({1, 1, -1, 1, -1, -1, 1, -1}, Basis::standard(2), options_of({diagonal}, 4));
  EXPECT_THAT(counts_of(result), testing::ElementsAre(2, 2, 2, 2));
}

TEST(AccumulatorTest, WhatIsClearlySmallerThanEpsilonIsNoTie) {
  const auto at_sixty_degrees_and = [](double radians) {
    const std::vector<double> row = {std::cos(radians), -std::sin(radians)};
    return counts_of(accumulate(row, Basis::standard(2), options_of({0.5}, 6)))[1];
  };
  EXPECT_EQ(at_sixty_degrees_and(2e-13), 1) << "0.5 - 1.7e-13";
  EXPECT_EQ(at_sixty_degrees_and(1e-11), 0) << "0.5 - 8.7e-12";
}

TEST(AccumulatorTest, EpsilonOneCountsExactHitsOnly) {
  const Resonance result = accumulate({5, 0, 3, 4, 0, -1}, Basis::standard(2), options_of({1.0}, 4));
  EXPECT_THAT(counts_of(result), testing::ElementsAre(1, 0, 0, 1));
}

TEST(AccumulatorTest, EpsilonZeroAndBelowCountHalfTurnsAndComplements) {
  const Resonance result = accumulate({1, 0}, Basis::standard(2), options_of({0.0, -0.5, -1.0}, 8));
  EXPECT_THAT(counts_of(result, 0), testing::ElementsAre(1, 1, 1, 0, 0, 0, 1, 1));
  EXPECT_THAT(counts_of(result, 1), testing::ElementsAre(1, 1, 1, 0, 0, 0, 1, 1));
  EXPECT_THAT(counts_of(result, 2), testing::ElementsAre(1, 1, 1, 1, 1, 1, 1, 1));
}

TEST(AccumulatorTest, RowOrthogonalToThePlaneIsInsideAtEpsilonZero) {
  const Resonance result = accumulate({0, 0, 1}, Basis::standard(3), options_of({0.0, 0.1}, 4));
  EXPECT_THAT(counts_of(result, 0), testing::Each(1));
  EXPECT_THAT(counts_of(result, 1), testing::Each(0));
  EXPECT_EQ(result.parts().plane_hits[0], 0) << "such a row has no angle in that plane";
}

TEST(AccumulatorTest, OneAngleAndInclusiveGrids) {
  EXPECT_THAT(counts_of(accumulate({1, 0}, Basis::standard(2), options_of({0.9}, 1))), testing::ElementsAre(1));
  EXPECT_THAT(counts_of(accumulate({-1, 0}, Basis::standard(2), options_of({0.9}, 1))), testing::ElementsAre(0));
  EXPECT_THAT(counts_of(accumulate({1, 0}, Basis::standard(2), options_of({0.9}, 1, GridEnds::kInclusive))),
              testing::ElementsAre(1));
  EXPECT_THAT(counts_of(accumulate({1, 0}, Basis::standard(2), options_of({0.9}, 2, GridEnds::kInclusive))),
              testing::ElementsAre(1, 1));
  EXPECT_THAT(counts_of(accumulate({1, 0}, Basis::standard(2), options_of({0.5}, 7, GridEnds::kInclusive))),
              testing::ElementsAre(1, 1, 0, 0, 0, 1, 1));
}

struct Case {
  const char* name;
  std::int64_t n;
  std::int64_t m;  // 0: the standard basis
  std::vector<double> epsilon;
  std::int64_t num_angles;
  GridEnds ends;
  Pairs pairs;
  Sense sense;
  VectorLengths lengths;
  bool centred;
};

class BruteForceTest : public testing::TestWithParam<Case> {};

TEST_P(BruteForceTest, EveryCellEqualsTheDefinition) {
  const Case& c = GetParam();
  std::vector<double> rows = gaussian(60 * c.n, 7);
  std::fill_n(rows.begin() + 3 * c.n, c.n, 0.0);
  rows[static_cast<std::size_t>(5 * c.n)] = kNan;
  rows[static_cast<std::size_t>(6 * c.n + 1)] = -kInfinity;
  // Rows on axes and diagonals put phi exactly on grid angles, which random rows never do.
  for (std::int64_t s = 10; s < 30; ++s) {
    for (std::int64_t k = 0; k < c.n; ++k) rows[s * c.n + k] = k == s % c.n ? 2.0 : (s > 20 && k == 0 ? -2.0 : 0.0);
  }
  const Basis basis =
      c.m == 0 ? Basis::standard(c.n) : Basis::from_vectors("random", c.m, c.n, gaussian(c.m * c.n, 11), c.lengths);
  AccumulatorOptions options = options_of(c.epsilon, c.num_angles, c.ends);
  options.pairs = c.pairs;
  options.sense = c.sense;
  if (c.centred) options.mean = gaussian(c.n, 13);
  const Resonance result = accumulate(rows, basis, options);
  const auto truth = brute_force(rows, basis, result.parts().planes, options);
  EXPECT_EQ(num_wrong_cells(result, truth), 0);
  const std::int64_t num_masked =
      std::count_if(truth.margin.begin(), truth.margin.end(), [](double margin) { return margin < 1e-6; });
  EXPECT_LT(num_masked, static_cast<std::int64_t>(truth.margin.size()) * 3 / 4) << "too little was compared";
  EXPECT_EQ(result.num_samples_seen(), c.centred ? 57 : 60);
  EXPECT_EQ(result.parts().num_samples_zero_norm, 1);
  EXPECT_EQ(result.parts().num_samples_nonfinite, 2);
}

constexpr auto kEx = GridEnds::kExclusive;
constexpr auto kIn = GridEnds::kInclusive;
constexpr auto kComb = Pairs::kCombination;
constexpr auto kPerm = Pairs::kPermutation;
constexpr auto kUnit = VectorLengths::kNormalised;
constexpr auto kKept = VectorLengths::kKept;

INSTANTIATE_TEST_SUITE_P(
    Cases, BruteForceTest,
    testing::Values(Case{"standard", 8, 0, {0.9, 0.5, 0.33}, 360, kEx, kComb, Sense::kNatural, kUnit, false},
                    Case{"standard_low", 16, 0, {0.05, 0.3}, 73, kEx, kComb, Sense::kNatural, kUnit, false},
                    Case{"permutation", 5, 0, {0.71}, 90, kEx, kPerm, Sense::kNatural, kUnit, false},
                    Case{"reference_sense", 5, 0, {0.71, -0.2}, 100, kIn, kPerm, Sense::kReference, kUnit, false},
                    Case{"negative", 4, 0, {-0.3, 0.0, 0.3, -1.0, 1.0}, 37, kEx, kComb, Sense::kNatural, kUnit, false},
                    Case{"two_dimensions", 2, 0, {0.99, 0.2}, 65, kEx, kPerm, Sense::kNatural, kUnit, false},
                    Case{"overcomplete", 6, 17, {0.8, 0.4}, 100, kIn, kComb, Sense::kNatural, kUnit, false},
                    Case{"overcomplete_permutation", 6, 9, {0.6}, 51, kEx, kPerm, Sense::kReference, kUnit, false},
                    Case{"fewer_vectors", 12, 3, {0.45}, 64, kEx, kPerm, Sense::kNatural, kUnit, false},
                    Case{"lengths_kept", 4, 6, {1.0, 0.9, -0.4}, 100, kIn, kPerm, Sense::kReference, kKept, false},
                    Case{"centred", 8, 0, {0.6, -0.1}, 72, kEx, kComb, Sense::kNatural, kUnit, true},
                    Case{"centred_rotated", 8, 8, {0.6}, 72, kEx, kComb, Sense::kNatural, kUnit, true}),
    [](const auto& test_case) { return std::string(test_case.param.name); });

TEST(AccumulatorTest, FloatRowsCountAsTheSameNumbersInDouble) {
  const std::vector<double> values = gaussian(50 * 7, 3);
  const std::vector<float> narrow(values.begin(), values.end());
  const std::vector<double> same(narrow.begin(), narrow.end());
  MemoryBudget budget(1 << 30);
  Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(7)), options_of({0.6}), budget);
  accumulator.update(narrow.data(), 50, 7, 7);
  EXPECT_EQ(accumulator.resonance().parts().counts,
            accumulate(same, Basis::standard(7), options_of({0.6})).parts().counts);
}

TEST(AccumulatorTest, HugeAndTinyRowsKeepTheirDirection) {
  const Basis basis = Basis::standard(3);
  const auto expected = accumulate({3, 4, 0}, basis, options_of({0.7})).parts().counts;
  for (const double scale : {0x1p-1060, 1e-200, 1e-30, 1e30, 1e200, 4e307}) {
    const ResonanceParts parts = accumulate({3 * scale, 4 * scale, 0}, basis, options_of({0.7})).parts();
    EXPECT_EQ(parts.counts, expected) << scale;
    EXPECT_EQ(parts.num_samples_zero_norm, 0) << scale;
  }
}

TEST(AccumulatorTest, SplittingPermutingAndThreadsChangeNothing) {
  const std::int64_t n = 24;
  const std::int64_t num_rows = 3000;
  std::vector<double> rows = gaussian(num_rows * n, 5);
  AccumulatorOptions options = options_of({0.3, 0.8, -0.5}, 120);
  options.pairs = Pairs::kPermutation;
  const Basis basis = Basis::from_vectors("skew", 20, n, gaussian(20 * n, 9));
  const ResonanceParts once = accumulate(rows, basis, options).parts();

  for (const int num_threads : {1, 2, 3, 7}) {
    options.num_threads = num_threads;
    MemoryBudget budget(1 << 30);
    Accumulator accumulator(std::make_shared<const Basis>(basis), options, budget);
    std::int64_t first = 0;
    for (std::int64_t size = 1; first < num_rows; size = size * 3 + 1) {
      const std::int64_t taken = std::min(size, num_rows - first);
      accumulator.update(rows.data() + first * n, taken, n, n);
      first += taken;
    }
    const Resonance split = accumulator.resonance();
    EXPECT_EQ(split.parts().counts, once.counts) << num_threads;
    EXPECT_EQ(split.parts().scores, once.scores) << num_threads;
    EXPECT_EQ(split.parts().plane_hits, once.plane_hits) << num_threads;
  }

  std::vector<std::int64_t> order(num_rows);
  for (std::int64_t k = 0; k < num_rows; ++k) order[k] = k;
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  std::vector<double> shuffled(rows.size());
  for (std::int64_t k = 0; k < num_rows; ++k) std::copy_n(&rows[order[k] * n], n, &shuffled[k * n]);
  EXPECT_EQ(accumulate(shuffled, basis, options).parts().counts, once.counts);

  const auto middle = rows.begin() + 1001 * n;
  const Resonance merged =
      merge(accumulate({middle, rows.end()}, basis, options), accumulate({rows.begin(), middle}, basis, options));
  EXPECT_EQ(merged.parts().counts, once.counts);
  EXPECT_EQ(merged.parts().scores, once.scores);
}

TEST(AccumulatorTest, RowStrideSkipsWhatLiesBetweenRows) {
  const std::vector<double> wide = {1, 0, 99, 99, 0, 1, 99, 99};
  MemoryBudget budget(1 << 30);
  Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(2)), options_of({0.9}, 8), budget);
  accumulator.update(wide.data(), 2, 2, 4);
  EXPECT_THAT(counts_of(accumulator.resonance()), testing::ElementsAre(1, 0, 1, 0, 0, 0, 0, 0));
}

TEST(AccumulatorTest, ScoresAreTheSumsTheyAreDefinedAs) {
  const std::vector<double> rows = {1, 0, 0, 1, 1, 0, 0, 0, 0};
  const Resonance result = accumulate(rows, Basis::standard(3), options_of({0.9}, 8));
  const Scores& scores = result.parts().scores;
  EXPECT_EQ(scores.num_rows, 2);
  EXPECT_EQ(scores.quartic_sum, Scores::kQuarticScale + Scores::kQuarticScale / 2);
  // (1,0,0) hits (0,1) and (0,2) with cos 4 phi = 1; (1,1,0) hits (0,1) alone, on the diagonal, with -1.
  EXPECT_EQ(scores.num_hits[0], 3);
  EXPECT_EQ(scores.cosine_sum[0], Scores::kCosineScale);
  EXPECT_THAT(result.parts().plane_hits, testing::ElementsAre(2, 1, 0));
}

TEST(AccumulatorTest, BadRowsLoseNothing) {
  MemoryBudget budget(1 << 30);
  Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(2)), options_of({0.9}, 8), budget);
  const std::vector<double> rows = {1, 0, kNan, 0, 0, 0};
  accumulator.update(rows.data(), 3, 2, 2);
  EXPECT_THROW(accumulator.update(rows.data(), 2, 3, 3), Error);
  EXPECT_EQ(accumulator.num_samples_seen(), 3);
  EXPECT_THAT(counts_of(accumulator.resonance()), testing::ElementsAre(1, 0, 0, 0, 0, 0, 0, 0));
}

TEST(AccumulatorTest, RowEqualToTheMeanIsSeenAndHasNoDirection) {
  AccumulatorOptions options = options_of({0.5, -0.5}, 4);
  options.mean = {1, 2};
  const Resonance result = accumulate({1, 2, 2, 2, 0, 0, kNan, 1}, Basis::standard(2), options);
  EXPECT_EQ(result.num_samples_seen(), 2) << "zero and non-finite rows cannot be centred";
  EXPECT_EQ(result.parts().num_samples_zero_norm, 2);
  EXPECT_EQ(result.parts().num_samples_nonfinite, 1);
  EXPECT_THAT(counts_of(result, 0), testing::ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(counts_of(result, 1), testing::ElementsAre(2, 2, 1, 2));
}

TEST(AccumulatorTest, ParallelVectorsLoseTheirPlanesOrKeepThemAsZeros) {
  const Basis basis = Basis::from_vectors("twins", 3, 2, {1, 0, 0, 1, -1, 0});
  const Resonance left_out = accumulate({1, 0}, basis, options_of({-1.0}, 4));
  EXPECT_THAT(left_out.parts().planes, testing::ElementsAre(Plane{0, 1}, Plane{1, 2}));
  EXPECT_EQ(left_out.parts().num_planes_left_out, 1);
  EXPECT_THAT(left_out.parts().counts, testing::Each(1));
  AccumulatorOptions options = options_of({-1.0}, 4);
  options.degenerate = DegeneratePlanes::kKeptAsZeros;
  const Resonance kept = accumulate({1, 0, 0, 0}, basis, options);
  EXPECT_THAT(counts_of(kept, 0, 0), testing::Each(2));
  EXPECT_THAT(counts_of(kept, 0, 1), testing::Each(0));
}

// The plane of a zero vector is no plane, whichever way rows are counted.
TEST(AccumulatorTest, ZeroVectorsOfKeptLengthHaveNoPlanes) {
  constexpr std::int64_t kDim = 20;
  std::vector<double> vectors(kDim * kDim);
  for (std::int64_t i = 0; i + 1 < kDim; ++i) vectors[static_cast<std::size_t>(i * kDim + i)] = 1;
  const Basis basis = Basis::from_vectors("axes", kDim, kDim, vectors, VectorLengths::kKept);
  std::vector<double> rows(10 * kDim);
  for (std::size_t row = 0; row < 10; ++row) rows[row * kDim] = 1;
  for (const CountingPath path : {CountingPath::kChosen, CountingPath::kGrouped, CountingPath::kTiles}) {
    AccumulatorOptions options = options_of({0.9}, 8);
    options.path = path;
    const Resonance left_out = accumulate(rows, basis, options);
    EXPECT_EQ(left_out.parts().num_planes_left_out, kDim - 1);
    EXPECT_EQ(left_out.parts().scores.num_hits[0], 10 * (kDim - 2));
    options.degenerate = DegeneratePlanes::kKeptAsZeros;
    const Resonance kept = accumulate(rows, basis, options);
    EXPECT_EQ(kept.parts().scores.num_hits[0], 10 * (kDim - 2));
    EXPECT_THAT(counts_of(kept, 0, kept.plane_index(0, kDim - 1)), testing::Each(0));
    EXPECT_EQ(counts_of(kept, 0, kept.plane_index(0, 1))[0], 10);
  }
}

// The bound that prunes planes is tightest for a row between two vectors that are nearly parallel.
TEST(AccumulatorTest, NearlyParallelVectorsLoseNoHit) {
  constexpr std::int64_t kDim = 5;
  unsigned seed = 1;
  for (double distance = 2.5e-7; distance < 1e-2; distance *= 1.05, ++seed) {
    std::vector<double> vectors = gaussian(2 * kDim, seed);
    for (std::int64_t k = 0; k < kDim; ++k) vectors[kDim + k] = vectors[k] + distance * vectors[kDim + k];
    const Basis basis = Basis::from_vectors("near", 2, kDim, vectors);
    const std::vector<double> unit = basis.vectors();
    std::vector<double> row(kDim);
    for (std::int64_t k = 0; k < kDim; ++k) row[k] = unit[k] - unit[kDim + k];
    const AccumulatorOptions options = options_of({1 - 3e-7});
    const Resonance result = accumulate(row, basis, options);
    if (result.num_planes() == 0) continue;  // below 2e-7 once they are of unit length
    EXPECT_THAT(result.parts().plane_hits, testing::ElementsAre(1)) << distance;
    EXPECT_EQ(num_wrong_cells(result, brute_force(row, basis, result.parts().planes, options)), 0) << distance;
  }
}

// The tolerance of ties is one of cosines, whatever the vectors' lengths.
TEST(AccumulatorTest, TinyVectorsThatKeepTheirLengthsAreNotTiesEverywhere) {
  const Basis basis = Basis::from_vectors("tiny", 2, 2, {1e-13, 0, 0, 1}, VectorLengths::kKept);
  EXPECT_THAT(counts_of(accumulate({1, 0}, basis, options_of({0.0, 1e-14}, 8))),
              testing::ElementsAre(1, 1, 1, 0, 0, 0, 1, 1));
  EXPECT_THAT(counts_of(accumulate({1, 0}, basis, options_of({0.5e-13}, 12))),
              testing::ElementsAre(1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1));
}

TEST(AccumulatorTest, FineGridsKeepTheirTies) {
  for (const std::int64_t num_angles : {std::int64_t{65536}, std::int64_t{393216}}) {
    // Within 60 degrees: a sixth of the angles on each side, and the centre.
    const Resonance result = accumulate({0, -3}, Basis::standard(2), options_of({0.5}, num_angles));
    const auto counts = counts_of(result);
    EXPECT_EQ(std::count(counts.begin(), counts.end(), 1), 2 * (num_angles / 6) + 1);
    const auto inclusive =
        counts_of(accumulate({1, 0}, Basis::standard(2), options_of({0.5}, num_angles + 1, GridEnds::kInclusive)));
    EXPECT_EQ(std::count(inclusive.begin(), inclusive.end(), 1), 2 * (num_angles / 6) + 2);
  }
}

TEST(AccumulatorTest, EmptyUpdatesAndMoreThreadsThanRowsChangeNothing) {
  AccumulatorOptions options = options_of({0.5}, 12);
  options.num_threads = 64;
  MemoryBudget budget(1 << 30);
  Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(2)), options, budget);
  accumulator.update(static_cast<const float*>(nullptr), 0, 2, 2);
  const std::vector<double> row = {2, 0};
  accumulator.update(row.data(), 1, 2, 2);
  accumulator.update(static_cast<const double*>(nullptr), 0, 2, 2);
  EXPECT_THAT(counts_of(accumulator.resonance()), testing::ElementsAre(1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1));
  EXPECT_EQ(accumulator.num_samples_seen(), 1);
}

TEST(AccumulatorTest, ResonanceCopiesAndTakeResonanceIsTheSame) {
  MemoryBudget budget(1 << 30);
  Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(5)), options_of({0.5, -0.1}, 24), budget);
  const std::vector<double> rows = gaussian(40 * 5, 2);
  accumulator.update(rows.data(), 40, 5, 5);
  accumulator.count_call();
  const Resonance first = accumulator.resonance();
  const Resonance again = accumulator.resonance();
  EXPECT_EQ(first.parts().counts, again.parts().counts);
  Accumulator moved = std::move(accumulator);
  moved.update(rows.data(), 40, 5, 5);
  const Resonance twice = std::move(moved).take_resonance();
  EXPECT_EQ(twice.parts().counts, merge(first, again).parts().counts);
  EXPECT_EQ(twice.parts().scores, merge(first, again).parts().scores);
  EXPECT_EQ(twice.parts().num_calls, 1);
  EXPECT_EQ(budget.reserved_bytes(), 0);
}

// Whichever planes have tables, on grids with and without the half turn, with rows that are in every spotlight.
TEST(AccumulatorTest, HolisticIsTheResultWithoutTables) {
  std::vector<double> rows = gaussian(40 * 6, 5);
  std::fill_n(rows.begin(), 6, 0.0);
  for (const std::int64_t num_angles : {12, 13}) {
    for (const PlaneChoice& planes :
         {PlaneChoice{}, PlaneChoice{PlaneChoice::Kind::kRandom, 4, 1}, PlaneChoice{PlaneChoice::Kind::kNone}}) {
      for (const bool is_signed : {false, true}) {
        AccumulatorOptions options = options_of({0.5, -0.2}, num_angles, GridEnds::kInclusive);
        options.planes = planes;
        options.is_signed = is_signed;
        options.num_threads = 2;
        MemoryBudget budget(1 << 30);
        Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(6)), options, budget);
        accumulator.update(rows.data(), 40, 6, 6);
        const Resonance holistic = accumulator.holistic();
        const ResonanceParts expected = accumulator.resonance().without_tables().parts();
        EXPECT_EQ(holistic.parts().holistic_counts, expected.holistic_counts);
        EXPECT_EQ(holistic.parts().holistic_signed_counts, expected.holistic_signed_counts);
        EXPECT_EQ(holistic.parts().scores, expected.scores);
        EXPECT_EQ(holistic.num_planes(), 0);
        EXPECT_EQ(holistic.parts().plane_choice, "none");
        options.planes = PlaneChoice{PlaneChoice::Kind::kNone};
        EXPECT_EQ(holistic.parts().holistic_counts,
                  accumulate(rows, Basis::standard(6), options).parts().holistic_counts);
        accumulator.update(rows.data(), 40, 6, 6);
        EXPECT_EQ(accumulator.holistic().num_samples_seen(), 80) << "looking ends nothing";
      }
    }
  }
}

TEST(AccumulatorTest, SumsThatWouldOverflowAreRefusedBeforeARowIsRead) {
  MemoryBudget budget(1 << 30);
  Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(2)), options_of({0.9}, 8), budget);
  const std::vector<double> row = {1, 0};
  for (const std::int64_t num_waiting : {0, 1}) {
    accumulator.update(row.data(), num_waiting, 2, 2);
    for (const std::int64_t num_samples : {std::int64_t{1} << 40, std::numeric_limits<std::int64_t>::max()}) {
      EXPECT_THAT([&] { accumulator.update(row.data(), num_samples, 2, 2); },
                  testing::ThrowsMessage<Error>(testing::HasSubstr("must fit into 64 bits")));
    }
    EXPECT_EQ(accumulator.num_samples_seen(), num_waiting);
  }
}

TEST(AccumulatorTest, MisuseIsNamedAndLosesNothing) {
  MemoryBudget budget(1 << 30);
  const auto basis = std::make_shared<const Basis>(Basis::standard(2));
  Accumulator accumulator(basis, options_of({0.9}, 8), budget);
  const std::vector<double> row = {1, 0};
  accumulator.update(row.data(), 1, 2, 2);
  const auto throws = [](const auto& misuse, const char* text) {
    EXPECT_THAT(misuse, testing::ThrowsMessage<Error>(testing::HasSubstr(text))) << text;
  };
  throws([&] { accumulator.update(row.data(), -5, 2, 2); }, "as many rows as are said; got -5 rows");
  throws([&] { accumulator.update(static_cast<const float*>(nullptr), 3, 2, 2); }, "got no memory for 3 rows");
  throws([&] { accumulator.count_skipped(-1); }, "more rows can have been skipped; got -1");
  accumulator.count_skipped(7);
  throws([&] { accumulator.count_skipped(std::numeric_limits<std::int64_t>::max()); },
         "more rows can have been skipped");
  throws([&] { Accumulator(nullptr, options_of({0.9}), budget); }, "there must be a basis");
  const PlaneSet planes(*basis, Pairs::kCombination);
  throws([&] { Accumulator::bytes_needed(*basis, planes, options_of({})); }, "at least one epsilon");
  throws([&] { Accumulator::num_planes_that_fit(*basis, planes, options_of({kNan}), 1000); }, "in [-1, 1]; got nan");
  const Resonance result = std::move(accumulator).take_resonance();
  EXPECT_EQ(result.num_samples_seen(), 1);
  EXPECT_EQ(result.parts().num_samples_skipped, 7);
  EXPECT_THAT(counts_of(result), testing::ElementsAre(1, 0, 0, 0, 0, 0, 0, 0));
}

TEST(AccumulatorTest, MoreThanMemoryCanAddressIsRefused) {
  MemoryBudget budget(std::numeric_limits<std::int64_t>::max());
  for (const std::int64_t dim : {100'000'000, 2'147'483'647}) {
    const auto basis = std::make_shared<const Basis>(Basis::standard(dim));
    EXPECT_THAT([&] { Accumulator(basis, options_of({0.9}), budget); },
                testing::ThrowsMessage<Error>(testing::HasSubstr("the memory that was asked for must be there")));
  }
  EXPECT_EQ(budget.reserved_bytes(), 0);
}

// A flattened image: the basis alone would be 300 GB, so it must not exist before the budget is asked.
TEST(AccumulatorTest, LayersTooWideAreRefusedWithTheFigure) {
  MemoryBudget budget(std::int64_t{4} << 30);
  const auto refused = [&](std::int64_t dim, std::int64_t num_angles, std::vector<double> epsilon, const char* figure) {
    const auto basis = std::make_shared<const Basis>(Basis::standard(dim));
    EXPECT_THAT([&] { Accumulator(basis, options_of(epsilon, num_angles), budget); },
                testing::ThrowsMessage<Error>(testing::HasSubstr(figure)));
  };
  refused(200704, 360, {0.9}, "got 59 TB");
  refused(2147483647, std::int64_t{1} << 24, {0.9, 0.8, 0.7, 0.6}, "PB");
  EXPECT_EQ(budget.reserved_bytes(), 0);
}

TEST(AccumulatorTest, MemoryIsStatedAndRefusedBeforeItIsTaken) {
  const auto basis = std::make_shared<const Basis>(Basis::standard(64));
  const AccumulatorOptions options = options_of({0.9});
  const std::int64_t bytes = Accumulator::bytes_needed(*basis, PlaneSet(*basis, options.pairs), options);
  EXPECT_GT(bytes, 2016 * 360 * 8);
  MemoryBudget tight(bytes - 1);
  EXPECT_THAT(
      [&] { Accumulator(basis, options, tight, "encoder.0"); },
      testing::ThrowsMessage<Error>(testing::AllOf(testing::HasSubstr("'encoder.0'"), testing::HasSubstr("--memory"))));
  EXPECT_EQ(tight.reserved_bytes(), 0);
  MemoryBudget enough(bytes);
  {
    const Accumulator accumulator(basis, options, enough);
    EXPECT_EQ(enough.reserved_bytes(), bytes);
  }
  EXPECT_EQ(enough.reserved_bytes(), 0);
}

TEST(AccumulatorTest, GoesOnOnlyFromTheSameAndBeforeItCounts) {
  const auto basis = std::make_shared<const Basis>(Basis::standard(2));
  MemoryBudget budget(1 << 24);
  const Resonance earlier = accumulate({1, 2, 3, 4}, *basis, options_of({0.9}));
  Accumulator other(basis, options_of({0.8}), budget);
  EXPECT_THAT([&] { other.resume(earlier); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("epsilon must be the same in both; got 0.8 and 0.9")));
  Accumulator same(basis, options_of({0.9}), budget);
  same.resume(earlier);
  EXPECT_EQ(same.num_samples_seen(), 2);
  EXPECT_THAT([&] { same.resume(earlier); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("nothing may have been counted yet; got 2 samples")));
}

TEST(AccumulatorTest, OptionsOutOfRangeAreNamed) {
  const auto message_of = [](const AccumulatorOptions& options) -> std::string {
    try {
      accumulate({1, 0}, Basis::standard(2), options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message_of(options_of({})), testing::HasSubstr("at least one epsilon"));
  EXPECT_THAT(message_of(options_of({1.5})), testing::HasSubstr("in [-1, 1]; got 1.5"));
  EXPECT_THAT(message_of(options_of({kNan})), testing::HasSubstr("in [-1, 1]; got nan"));
  EXPECT_THAT(message_of(options_of({0.9, 0.9})), testing::HasSubstr("0.9 twice"));
  AccumulatorOptions mean = options_of({0.9});
  mean.mean = {1};
  EXPECT_THAT(message_of(mean), testing::HasSubstr("the mean must have 2 numbers"));
  mean.mean = {1, kNan};
  EXPECT_THAT(message_of(mean), testing::HasSubstr("the mean must be finite"));
  AccumulatorOptions threads = options_of({0.9});
  threads.num_threads = 0;
  EXPECT_THAT(message_of(threads), testing::HasSubstr("at least one thread"));
  threads.num_threads = 1025;
  EXPECT_THAT(message_of(threads), testing::HasSubstr("at most 1024; got 1025"));
}

}  // namespace
}  // namespace srm
