#include "srm/row_reservoir.h"

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

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

// Rows (k + 1, k + 1): a row says its own number.
std::vector<double> numbered(std::int64_t num_rows) {
  std::vector<double> rows;
  for (std::int64_t k = 1; k <= num_rows; ++k) rows.insert(rows.end(), 2, static_cast<double>(k));
  return rows;
}

RowReservoir filled(std::int64_t num_rows, std::int64_t capacity, std::uint64_t seed) {
  RowReservoir reservoir(2, capacity, seed);
  reservoir.update(numbered(num_rows).data(), num_rows, 2, 2);
  return reservoir;
}

TEST(RowReservoirTest, KeepsEverythingInOrderWhileThereIsRoom) {
  const RowReservoir reservoir = filled(3, 3, 7);
  EXPECT_THAT(reservoir.rows(), ElementsAre(1, 1, 2, 2, 3, 3));
  EXPECT_THAT(reservoir.row_numbers(), ElementsAre(0, 1, 2));
  EXPECT_THAT(reservoir.blocks(), ElementsAre(0, 1, 2)) << "each row is a block of its own";
  EXPECT_EQ(reservoir.num_rows_offered(), 3);
}

TEST(RowReservoirTest, KeepsAtMostItsCapacityAndTellsWhichRows) {
  const RowReservoir reservoir = filled(1000, 40, 7);
  ASSERT_EQ(reservoir.num_rows(), 40);
  EXPECT_EQ(reservoir.num_rows_offered(), 1000);
  const std::vector<double> rows = reservoir.rows();
  const std::vector<std::int64_t> numbers = reservoir.row_numbers();
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  for (std::size_t k = 0; k < numbers.size(); ++k) EXPECT_EQ(rows[2 * k], static_cast<double>(numbers[k] + 1));
}

TEST(RowReservoirTest, GoingOnWhereAnotherEndedIsKeepingOn) {
  const std::vector<double> rows = numbered(500);
  const RowReservoir once = filled(500, 30, 3);
  for (const std::int64_t middle : {0, 10, 30, 200, 500}) {
    RowReservoir resumed(2, 30, 3);
    resumed.resume(filled(middle, 30, 3).state());
    resumed.update(rows.data() + middle * 2, 500 - middle, 2, 2);
    EXPECT_EQ(resumed.rows(), once.rows()) << middle;
    EXPECT_EQ(resumed.row_numbers(), once.row_numbers());
    EXPECT_EQ(resumed.blocks(), once.blocks());
    EXPECT_EQ(resumed.num_rows_offered(), 500);
  }
}

TEST(RowReservoirTest, WhatCannotBeOnesStateIsRefused) {
  const RowReservoir::State good = filled(10, 4, 3).state();
  const auto refuses = [](RowReservoir::State bad) {
    RowReservoir reservoir(2, 4, 3);
    EXPECT_THAT([&] { reservoir.resume(bad); }, ThrowsMessage<Error>(HasSubstr("within the capacity")));
  };
  RowReservoir::State bad = good;
  bad.num_rows_offered = bad.row_numbers.back();
  refuses(bad);
  bad = good;
  bad.rows.pop_back();
  refuses(bad);
  bad = good;
  std::swap(bad.row_numbers[0], bad.row_numbers[1]);
  refuses(bad);
  refuses(filled(10, 5, 3).state());
}

TEST(RowReservoirTest, HowRowsAreCutIntoCallsChangesNothing) {
  const RowReservoir once = filled(500, 30, 3);
  const std::vector<double> rows = numbered(500);
  RowReservoir pieces(2, 30, 3);
  for (std::int64_t first = 0; first < 500; first += 7) {
    pieces.update(rows.data() + first * 2, std::min<std::int64_t>(7, 500 - first), 2, 2);
  }
  EXPECT_EQ(once.rows(), pieces.rows());
  EXPECT_EQ(once.row_numbers(), pieces.row_numbers());
}

// A smaller sample is a part of the larger one: what was kept early is not biased by the capacity.
TEST(RowReservoirTest, ASmallerCapacityKeepsAPartOfALargerOnes) {
  const std::vector<std::int64_t> large = filled(1000, 100, 5).row_numbers();
  const std::vector<std::int64_t> small = filled(1000, 20, 5).row_numbers();
  EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));
}

TEST(RowReservoirTest, SeedsChooseDifferentRows) {
  EXPECT_EQ(filled(1000, 50, 1).row_numbers(), filled(1000, 50, 1).row_numbers());
  const std::vector<std::int64_t> a = filled(1000, 50, 1).row_numbers(), b = filled(1000, 50, 2).row_numbers();
  std::vector<std::int64_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  EXPECT_LT(both.size(), 12u) << "independent samples share 2.5 rows on average";
}

// Every place of the stream is equally likely: each tenth of 200 rows holds 1 of 10 kept rows, 400 of 4000 over seeds.
TEST(RowReservoirTest, EveryPlaceOfTheStreamIsEquallyLikely) {
  std::vector<int> kept(10, 0);
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    for (const std::int64_t number : filled(200, 10, seed).row_numbers()) ++kept[static_cast<std::size_t>(number / 20)];
  }
  for (const int count : kept) EXPECT_NEAR(count, 400, 4.5 * std::sqrt(400 * 0.9));
}

TEST(RowReservoirTest, RowsWithoutADirectionAreCountedAndNotKept) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> rows = {1, 2, 0, -0.0, nan, 5, 3, -infinity, 3, 0};
  RowReservoir reservoir(2, 10, 1);
  reservoir.update(rows.data(), 5, 2, 2);
  EXPECT_THAT(reservoir.rows(), ElementsAre(1, 2, 3, 0));
  EXPECT_THAT(reservoir.row_numbers(), ElementsAre(0, 4));
  EXPECT_EQ(reservoir.num_rows_offered(), 5);
}

// Before and after a function: zero rows of the one place leave the numbers of the other alone.
TEST(RowReservoirTest, TwoPlacesOfAModelKeepTheSameRows) {
  const std::vector<double> before = test::gaussian(600 * 3, 9);
  std::vector<double> after = before;
  for (std::size_t k = 0; k < after.size(); k += 30) std::fill_n(after.begin() + static_cast<long>(k), 3, 0.0);
  RowReservoir one(3, 50, 4), other(3, 50, 4);
  one.update(before.data(), 600, 3, 3);
  other.update(after.data(), 600, 3, 3);
  const std::vector<std::int64_t> a = one.row_numbers(), b = other.row_numbers();
  std::vector<std::int64_t> only_before, shared;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only_before));
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(shared));
  for (const std::int64_t number : only_before) EXPECT_EQ(number % 10, 0) << "only rows that are zero afterwards";
  EXPECT_EQ(shared.size() + only_before.size(), 50u);
  EXPECT_FALSE(only_before.empty());
}

TEST(RowReservoirTest, BlocksStayWithTheirRows) {
  const std::vector<double> rows = numbered(100);
  std::vector<std::int64_t> blocks(100);
  for (std::size_t k = 0; k < 100; ++k) blocks[k] = 1000 + static_cast<std::int64_t>(k) / 10;
  RowReservoir reservoir(2, 12, 1);
  reservoir.update(rows.data(), 100, 2, 2, blocks);
  const std::vector<std::int64_t> numbers = reservoir.row_numbers(), kept = reservoir.blocks();
  for (std::size_t k = 0; k < kept.size(); ++k) EXPECT_EQ(kept[k], 1000 + numbers[k] / 10);
}

TEST(RowReservoirTest, FloatsAndStridesAreTheSameNumbers) {
  const std::vector<float> wide = {1, 2.5f, 99, 3, 4, 99};
  RowReservoir reservoir(2, 4, 0);
  reservoir.update(wide.data(), 2, 2, 3);
  EXPECT_THAT(reservoir.rows(), ElementsAre(1, 2.5, 3, 4));
}

TEST(RowReservoirTest, OfNothingIsEmpty) {
  RowReservoir reservoir(3, 4, 0);
  reservoir.update(static_cast<const float*>(nullptr), 0, 3, 3);
  EXPECT_THAT(reservoir.rows(), IsEmpty());
  EXPECT_EQ(reservoir.num_rows(), 0);
}

TEST(RowReservoirTest, WhatItNeedsIsStated) {
  EXPECT_EQ(RowReservoir::bytes_needed(100, 10), 2 * 10 * (100 * 8 + 32));
  EXPECT_EQ(RowReservoir::bytes_needed(std::int64_t{1} << 40, std::int64_t{1} << 40),
            std::numeric_limits<std::int64_t>::max());
}

TEST(RowReservoirTest, BadInputIsNamedAndTakesNothing) {
  EXPECT_THAT([] { RowReservoir(0, 1, 0); }, ThrowsMessage<Error>(HasSubstr("got 0 and 1")));
  EXPECT_THAT([] { RowReservoir(1, 0, 0); }, ThrowsMessage<Error>(HasSubstr("at least 1")));
  RowReservoir reservoir = filled(3, 3, 0);
  const std::vector<double> rows = {1, 2, 3};
  const std::vector<std::int64_t> blocks = {1, 2};
  EXPECT_THAT([&] { reservoir.update(rows.data(), 1, 3, 3); }, ThrowsMessage<Error>(HasSubstr("must have 2 numbers")));
  EXPECT_THAT([&] { reservoir.update(rows.data(), 1, 2, 2, blocks); }, ThrowsMessage<Error>(HasSubstr("2 for 1 rows")));
  EXPECT_EQ(reservoir.num_rows_offered(), 3);
}

}  // namespace
}  // namespace srm
