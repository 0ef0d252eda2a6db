#include "srm/exact_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using Limits = std::numeric_limits<double>;

double sum_of(const std::vector<double>& values) {
  ExactSum sum;
  for (const double value : values) sum.add(value);
  return sum.value();
}

TEST(ExactSumTest, OneNumberIsItselfWhateverItsScale) {
  std::mt19937_64 random(1);
  EXPECT_EQ(ExactSum().value(), 0);
  EXPECT_EQ(sum_of({0}), 0);
  for (const double value : {Limits::denorm_min(), 3 * Limits::denorm_min(), Limits::min(), 1.0, 1 + Limits::epsilon(),
                             0x1.fffffffffffffp+31, 0x1p+32, Limits::max()}) {
    EXPECT_EQ(sum_of({value}), value);
  }
  for (int exponent = -1074; exponent < 1024; ++exponent) {
    const double value = std::ldexp(1 + std::generate_canonical<double, 53>(random), exponent);
    EXPECT_EQ(sum_of({value}), value) << exponent;
  }
}

TEST(ExactSumTest, LosesNoSmallNumbersBesideLargeOnes) {
  std::vector<double> values(1 << 12, 1.0);
  values.insert(values.begin(), 0x1p+53);
  EXPECT_EQ(sum_of(values), 0x1p+53 + 0x1p+12);
  ExactSum small, both;
  small.add(1e-300);
  both.add(1e300);
  both.add(1e-300);
  ExactSum large;
  large.add(1e300);
  EXPECT_NE(both, large);
  large.add(small);
  EXPECT_EQ(both, large);
}

TEST(ExactSumTest, OrderAndGroupingChangeNothing) {
  std::mt19937_64 random(7);
  std::vector<double> values;
  for (int k = 0; k < 3000; ++k) {
    const int exponent = static_cast<int>(random() % 2090) - 1074;
    values.push_back(std::ldexp(std::generate_canonical<double, 53>(random), exponent));
  }
  ExactSum once, shuffled, parts[3];
  for (const double value : values) once.add(value);
  std::shuffle(values.begin(), values.end(), random);
  for (std::size_t k = 0; k < values.size(); ++k) {
    shuffled.add(values[k]);
    parts[k % 3].add(values[k]);
  }
  EXPECT_EQ(shuffled, once);
  parts[2].add(parts[0]);
  parts[2].add(parts[1]);
  EXPECT_EQ(parts[2], once);
}

TEST(ExactSumTest, CarriesRunThroughAllDigits) {
  ExactSum::Digits ones = {};
  std::fill_n(ones.begin(), 40, (std::int64_t{1} << 32) - 1);
  ExactSum by_value(ones), by_sum(ones), one;
  by_value.add(Limits::denorm_min());
  one.add(Limits::denorm_min());
  by_sum.add(one);
  ExactSum::Digits next = {};
  next[40] = 1;
  EXPECT_EQ(by_value, ExactSum(next));
  EXPECT_EQ(by_sum, ExactSum(next));
}

// Beyond the largest double the sum is still exact, and its value says so.
TEST(ExactSumTest, SumsBeyondTheLargestNumberAreInfiniteButKept) {
  EXPECT_EQ(sum_of({Limits::max(), Limits::max()}), Limits::infinity());
}

TEST(ExactSumTest, DigitsOutOfRangeAreRefused) {
  for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{1} << 32}) {
    ExactSum::Digits digits = {};
    digits[5] = bad;
    EXPECT_THAT([&] { ExactSum sum(digits); }, ThrowsMessage<Error>(HasSubstr("each digit must be")));
  }
}

}  // namespace
}  // namespace srm
