#include "srm/significance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "brute_force.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pointwise;
using testing::ThrowsMessage;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> one_to(int count) {
  std::vector<double> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 1.0);
  return numbers;
}

TEST(EmpiricalPTest, IsTwiceTheSmallerTailWithTheScoreItselfInIt) {
  const std::vector<double> null = one_to(19);
  EXPECT_DOUBLE_EQ(empirical_p(0, null), 2.0 / 20) << "below all: only the score itself";
  EXPECT_DOUBLE_EQ(empirical_p(20, null), 2.0 / 20);
  EXPECT_DOUBLE_EQ(empirical_p(1, null), 4.0 / 20) << "a tie is in the tail";
  EXPECT_DOUBLE_EQ(empirical_p(17.5, null), 6.0 / 20) << "18 and 19 are above";
  EXPECT_DOUBLE_EQ(empirical_p(10, null), 1) << "never above 1";
  EXPECT_TRUE(std::isnan(empirical_p(kNan, null)));
}

TEST(EmpiricalPTest, OfSortedScoresIsTheSame) {
  const std::vector<double> null = {-1, 0, 0, 0, 2, 5, 5, 9};
  for (const double score : {-2.0, -1.0, 0.0, 0.5, 5.0, 9.0, 10.0}) {
    EXPECT_EQ(empirical_p_sorted(score, null), empirical_p(score, null)) << score;
  }
  EXPECT_TRUE(std::isnan(empirical_p_sorted(kNan, null)));
  EXPECT_THAT([] { empirical_p(0, {}); }, ThrowsMessage<Error>(HasSubstr("at least 1 null scores")));
  EXPECT_THROW(empirical_p_sorted(0, {}), Error);
}

TEST(NullTestTest, DerivesWhatIsToldOfIt) {
  const NullTest test(9, {0, 0, 0, 4});
  EXPECT_DOUBLE_EQ(test.p, 2.0 / 5);
  EXPECT_DOUBLE_EQ(test.mean, 1);
  EXPECT_DOUBLE_EQ(test.std_dev, 2) << "sqrt(12 / 3)";
  EXPECT_DOUBLE_EQ(test.skew, 6 / std::pow(3, 1.5)) << "mean cube (3 (-1) + 27) / 4, mean square 3";
  EXPECT_DOUBLE_EQ(test.z, 4);
  EXPECT_EQ(test.num_rotations(), 4);
}

TEST(NullTestTest, OfEqualScoresHasNoZ) {
  const NullTest test(1, {1, 1, 1});
  EXPECT_TRUE(std::isnan(test.z));
  EXPECT_EQ(test.skew, 0);
  EXPECT_EQ(test.p, 1);
}

TEST(NullTestTest, CriticalValuesAreWhereSignificanceBegins) {
  const std::vector<double> null = one_to(199);
  const NullTest::Critical critical = NullTest(0, null).critical(0.05);
  EXPECT_EQ(critical.below, 5) << "2 (1 + 4) / 200 = 0.05";
  EXPECT_EQ(critical.above, 195);
  for (const double shift : {-0.5, 0.0, 0.5}) {
    EXPECT_EQ(empirical_p(critical.above + shift, null) <= 0.05, shift > 0) << shift;
    EXPECT_EQ(empirical_p(critical.below + shift, null) <= 0.05, shift < 0) << shift;
  }
  EXPECT_EQ(NullTest(0, one_to(39)).critical(0.05).above, 39) << "beyond all of 39: 2 / 40";
  EXPECT_EQ(NullTest(0, one_to(38)).critical(0.05).above, std::numeric_limits<double>::infinity());
  EXPECT_EQ(NullTest(0, one_to(38)).critical(0.05).below, -std::numeric_limits<double>::infinity());
}

TEST(NullTestTest, NeedsFiniteScores) {
  EXPECT_THAT([] { NullTest(0, {1}); }, ThrowsMessage<Error>(HasSubstr("at least 2 null scores must be there; got 1")));
  EXPECT_THAT([] { NullTest(kNan, {1, 2}); }, ThrowsMessage<Error>(HasSubstr("got a score of nan;")));
  EXPECT_THAT([] { NullTest(1, {1, kNan}); }, ThrowsMessage<Error>(HasSubstr("and null scores that are not")));
}

// Two blocks with sums of deviations -4 and 4 from the mean 3: sqrt(2 / 1 * 32) / 4.
TEST(BlockStandardErrorTest, EqualsItsFormula) {
  EXPECT_DOUBLE_EQ(block_standard_error(std::vector<double>{0, 2, 4, 6}, std::vector<std::int64_t>{7, 7, -1, -1}), 2);
  EXPECT_DOUBLE_EQ(block_standard_error(std::vector<double>{0, 4, 2, 6}, std::vector<std::int64_t>{7, -1, 7, -1}), 2)
      << "rows of one block need not be neighbours";
}

TEST(BlockStandardErrorTest, OfSingleRowsIsTheUsualError) {
  const std::vector<double> values = one_to(10);
  std::vector<std::int64_t> blocks(10);
  std::iota(blocks.begin(), blocks.end(), 0);
  EXPECT_NEAR(block_standard_error(values, blocks), std::sqrt(82.5 / 9 / 10), 1e-15);
}

TEST(BlockStandardErrorTest, IsNanBelowTwoBlocks) {
  EXPECT_TRUE(std::isnan(block_standard_error({}, {})));
  EXPECT_TRUE(std::isnan(block_standard_error(std::vector<double>{1, 2}, std::vector<std::int64_t>{3, 3})));
  EXPECT_THAT(
      [] {
        block_standard_error(std::vector<double>{1, 2}, std::vector<std::int64_t>{3});
      },
      ThrowsMessage<Error>(HasSubstr("got 2 values and 1 blocks")));
}

// 60 blocks of 20 rows that share most of their value: the spread of means over 400 trials is what the block error
// says, and several times what it would be if rows were independent.
TEST(BlockStandardErrorTest, KnowsThatRowsOfABlockHangTogether) {
  constexpr int kTrials = 400, kBlocks = 60, kRows = 20;
  const std::vector<double> noise = test::gaussian(kTrials * kBlocks * (kRows + 1), 5);
  std::vector<std::int64_t> blocks, singles;
  for (int k = 0; k < kBlocks * kRows; ++k) {
    blocks.push_back(k / kRows);
    singles.push_back(k);
  }
  double square = 0, by_block = 0, by_row = 0;
  auto next = noise.begin();
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values;
    for (int block = 0; block < kBlocks; ++block) {
      const double shared = *next++;
      for (int row = 0; row < kRows; ++row) values.push_back(shared + 0.5 * *next++);
    }
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / (kBlocks * kRows);
    square += mean * mean / kTrials;
    by_block += block_standard_error(values, blocks) / kTrials;
    by_row += block_standard_error(values, singles) / kTrials;
  }
  const double true_error = std::sqrt(square);
  EXPECT_NEAR(by_block / true_error, 1, 0.1);
  EXPECT_LT(by_row / true_error, 0.35);
}

// The table of Benjamini and Hochberg 1995, section 4.1: 15 p-values, of which the four smallest are significant at 5
// %.
TEST(FalseDiscoveryTest, EqualsThePublishedExample) {
  const std::vector<double> p = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  const std::vector<double> q = benjamini_hochberg(p);
  EXPECT_EQ(std::count_if(q.begin(), q.end(), [](double x) { return x <= 0.05; }), 4);
  EXPECT_NEAR(q[0], 0.0001 * 15, 1e-15);
  EXPECT_NEAR(q[3], 0.0095 * 15 / 4, 1e-15);
  EXPECT_NEAR(q[4], 0.0201 * 15 / 5, 1e-15);
  EXPECT_EQ(q[14], 1);
}

TEST(FalseDiscoveryTest, EqualsTablesByHand) {
  EXPECT_THAT(benjamini_hochberg(std::vector<double>{0.04, 0.01, 0.03, 0.02}),
              Pointwise(DoubleNear(1e-15), {0.04, 0.04, 0.04, 0.04}))
      << "a smaller p never has a larger q";
  EXPECT_THAT(benjamini_hochberg(std::vector<double>{0.5, 0.001, 0.2}),
              Pointwise(DoubleNear(1e-15), {0.5, 0.003, 0.3}));
  const double h = 1 + 1 / 2.0 + 1 / 3.0;
  EXPECT_THAT(benjamini_yekutieli(std::vector<double>{0.5, 0.001, 0.2}),
              Pointwise(DoubleNear(1e-15), {0.5 * h, 0.003 * h, 0.3 * h}));
  EXPECT_THAT(benjamini_yekutieli(std::vector<double>{0.9, 0.8}), ElementsAre(1, 1)) << "at most 1";
  EXPECT_THAT(benjamini_hochberg({}), IsEmpty());
}

TEST(FalseDiscoveryTest, WhatIsNoPIsNamed) {
  EXPECT_THAT([] { benjamini_hochberg(std::vector<double>{0.5, 1.5}); }, ThrowsMessage<Error>(HasSubstr("got 1.5")));
  EXPECT_THAT([] { benjamini_yekutieli(std::vector<double>{kNan}); }, ThrowsMessage<Error>(HasSubstr("got nan")));
}

}  // namespace
}  // namespace srm
