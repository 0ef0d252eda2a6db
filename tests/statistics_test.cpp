#include "srm/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "brute_force.h"
#include "srm/error.h"

namespace srm {
namespace {

using test::accumulate;
using test::gaussian;
using testing::HasSubstr;
using testing::ThrowsMessage;

AccumulatorOptions at(double epsilon, std::int64_t num_angles = 24) {
  AccumulatorOptions options;
  options.epsilon = {epsilon};
  options.grid = AngleGrid(num_angles);
  return options;
}

// n rows on the n axes, alternately forwards and backwards.
std::vector<double> axes(std::int64_t n) {
  std::vector<double> rows(static_cast<std::size_t>(n * n), 0.0);
  for (std::int64_t i = 0; i < n; ++i) rows[static_cast<std::size_t>(i * n + i)] = i % 2 == 0 ? 2.0 : -0.5;
  return rows;
}

// Rows (+-1, ..., +-1), each sign pattern once.
std::vector<double> diagonals(std::int64_t n) {
  std::vector<double> rows;
  for (std::int64_t signs = 0; signs < (std::int64_t{1} << n); ++signs) {
    for (std::int64_t k = 0; k < n; ++k) rows.push_back((signs >> k & 1) != 0 ? 1.0 : -1.0);
  }
  return rows;
}

TEST(QuarticAlignmentTest, IsOneOnAxesAndMinusTwoOverDimOnDiagonals) {
  for (const std::int64_t n : {2, 3, 8}) {
    const Basis basis = Basis::standard(n);
    EXPECT_NEAR(quartic_alignment(accumulate(axes(n), basis, at(0.9))), 1, 1e-9) << n;
    EXPECT_NEAR(quartic_alignment(accumulate(diagonals(n), basis, at(0.9))), -2.0 / static_cast<double>(n), 1e-9) << n;
  }
}

// E |x_hat|_4^4 = 3 / (n + 2) and E |x_hat|_4^8 = (9n + 96) / ((n + 2)(n + 4)(n + 6)) give its standard error.
TEST(QuarticAlignmentTest, IsZeroWithinItsErrorForIsotropicRows) {
  for (const std::int64_t dim : {4, 16}) {
    const std::int64_t num_rows = 20000;
    const double n = static_cast<double>(dim);
    const double a4 = quartic_alignment(accumulate(gaussian(num_rows * dim, 21), Basis::standard(dim), at(1, 1)));
    const double mean = 3 / (n + 2);
    const double variance = (9 * n + 96) / ((n + 2) * (n + 4) * (n + 6)) - mean * mean;
    const double error = (n + 2) / (n - 1) * std::sqrt(variance / static_cast<double>(num_rows));
    EXPECT_LT(std::abs(a4), 4 * error) << dim;
    EXPECT_GT(error, 0) << dim;
  }
}

// A tight frame of two orthonormal bases: the mean over its m = 2n vectors, each weighted n / m.
TEST(QuarticAlignmentTest, OfAFrameIsScaledToItsNumberOfVectors) {
  const double h = std::numbers::sqrt2 / 2;
  const Basis frame = Basis::from_vectors("frame", 4, 2, {1, 0, 0, 1, h, h, h, -h});
  // On (1, 0): 1 + 0 + 1/4 + 1/4; ((n + 2)(n / m) 1.5 - 3) / (n - 1) = 4 / 2 1.5 - 3 = 0.
  EXPECT_NEAR(quartic_alignment(accumulate({1, 0}, frame, at(0.9))), 0, 1e-9);
  // 22.5 degrees off: 2 (cos^4 + sin^4) = 1.5 again: an octagonal frame has no quartic direction.
  EXPECT_NEAR(quartic_alignment(accumulate({std::cos(0.3), std::sin(0.3)}, frame, at(0.9))), 0, 1e-9);
  // Half of that frame doubled is the axes themselves.
  const Basis doubled = Basis::from_vectors("doubled", 4, 2, {1, 0, 0, 1, -1, 0, 0, -1});
  EXPECT_NEAR(quartic_alignment(accumulate({1, 0}, doubled, at(0.9))), 1, 1e-9);
}

TEST(QuarticAlignmentTest, LeavesOutRowsWithoutADirection) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NEAR(quartic_alignment(accumulate({1, 0, 0, 0, nan, 1, 0, -1}, Basis::standard(2), at(0.9))), 1, 1e-9);
}

TEST(QuarticAlignmentTest, IsNanWhereItIsUndefined) {
  EXPECT_TRUE(std::isnan(quartic_alignment(accumulate({1, 2}, Basis::standard(1), at(0.9)))));
  EXPECT_TRUE(std::isnan(quartic_alignment(accumulate({}, Basis::standard(3), at(0.9)))));
  EXPECT_TRUE(std::isnan(quartic_alignment(accumulate({0, 0}, Basis::standard(2), at(0.9)))));
  EXPECT_TRUE(std::isnan(quartic_alignment(accumulate({1, 0}, Basis::from_vectors("none", 0, 2, {}), at(0.9)))));
}

TEST(ArcAlignmentTest, IsOneOnAxesAndMinusOneOnPlaneDiagonals) {
  EXPECT_NEAR(arc_alignment(accumulate(axes(4), Basis::standard(4), at(0.9)), 0.9, 1), 1, 1e-6);
  EXPECT_NEAR(arc_alignment(accumulate(diagonals(2), Basis::standard(2), at(0.9)), 0.9, 1), -1, 1e-6);
  EXPECT_NEAR(arc_alignment(accumulate({std::cos(0.3), std::sin(0.3)}, Basis::standard(2), at(0.9)), 0.9, 1),
              std::cos(1.2), 1e-6);
}

TEST(ArcAlignmentTest, IsRefusedBelowTheHitsThatItNeeds) {
  const Resonance few = accumulate(axes(4), Basis::standard(4), at(0.9));  // 4 rows hit 3 planes each
  EXPECT_TRUE(std::isnan(arc_alignment(few, 0.9)));
  EXPECT_TRUE(std::isnan(arc_alignment(few, 0.9, 13)));
  EXPECT_FALSE(std::isnan(arc_alignment(few, 0.9, 12)));
  EXPECT_TRUE(std::isnan(arc_alignment(accumulate({}, Basis::standard(4), at(0.9)), 0.9, 0))) << "nothing to divide by";
  EXPECT_THAT([&] { arc_alignment(few, 0.8); }, ThrowsMessage<Error>(HasSubstr("choose from 0.9")));
}

// Every row is on an axis: A4 is 1 and C4 is 1 at any epsilon, and the drawn curve changes sign.
TEST(SpotlightHarmonicTest, ChangesSignWhereSpotlightsOfNeighbouringAxesOverlap) {
  const struct {
    std::int64_t dim;
    double epsilon, s4;
  } cases[] = {{8, 0.75, 0.084}, {16, 0.558, -0.182}, {64, 0.29, -0.178}, {64, 0.9, 0.55}};
  for (const auto& [dim, epsilon, s4] : cases) {
    const Resonance layer = accumulate(axes(dim), Basis::standard(dim), at(epsilon, 3600));
    EXPECT_NEAR(spotlight_harmonic(layer, epsilon), s4, 0.015) << dim;
    const double delta = std::acos(epsilon);
    EXPECT_NEAR(spotlight_harmonic(layer, epsilon), std::sin(4 * delta) / (4 * delta), 0.002) << dim;
    EXPECT_NEAR(quartic_alignment(layer), 1, 1e-9);
    EXPECT_NEAR(arc_alignment(layer, epsilon, 1), 1, 1e-5);
  }
}

TEST(SpotlightHarmonicTest, LeavesOutTheRepeatedAngleAndIsNanWhereTheCurveIsZero) {
  AccumulatorOptions inclusive = at(0.6);
  inclusive.grid = AngleGrid(25, GridEnds::kInclusive);
  const std::vector<double> rows = gaussian(400, 3);
  EXPECT_DOUBLE_EQ(spotlight_harmonic(accumulate(rows, Basis::standard(4), inclusive), 0.6),
                   spotlight_harmonic(accumulate(rows, Basis::standard(4), at(0.6)), 0.6));
  EXPECT_TRUE(std::isnan(spotlight_harmonic(accumulate(rows, Basis::standard(4), at(1)), 1)));
  EXPECT_THAT([&] { spotlight_harmonic(accumulate(rows, Basis::standard(4), at(1)), 0.5); },
              ThrowsMessage<Error>(HasSubstr("0.5")));
}

TEST(IsotropicRateTest, EqualsKnownValues) {
  EXPECT_NEAR(isotropic_rate(8, 0.9) / 5e-4, 1, 0.1);
  EXPECT_NEAR(std::log10(isotropic_rate(64, 0.9)), -24, 0.5);
  EXPECT_NEAR(std::log10(isotropic_rate(768, 0.9)), std::log10(4e-279), 0.1);
  // Three dimensions: the area of a spherical cap, (1 - epsilon) / 2.
  EXPECT_NEAR(isotropic_rate(3, 0.4), 0.3, 1e-15);
  EXPECT_EQ(isotropic_rate(5, 0), 0.5);
  EXPECT_EQ(isotropic_rate(5, 1), 0);
  EXPECT_EQ(isotropic_rate(5, -1), 1);
}

TEST(IsotropicRateTest, IsOnePercentAtTheEpsilonOfEachWidth) {
  const std::pair<std::int64_t, double> table[] = {{8, 0.750},   {16, 0.558},   {64, 0.288},  {384, 0.119},
                                                   {768, 0.084}, {1536, 0.059}, {3072, 0.042}};
  for (const auto& [dim, epsilon] : table) {
    // The table has three digits: at half a unit of the last one the rate passes through 1 %.
    EXPECT_GT(isotropic_rate(dim, epsilon - 0.0005), 0.01) << dim;
    EXPECT_LT(isotropic_rate(dim, epsilon + 0.0005), 0.01) << dim;
  }
}

TEST(IsotropicRateTest, IsAnAngleInTwoDimensions) {
  for (const double epsilon : {-1.0, -0.9, -0.3, 0.0, 0.1, 0.5, 0.99, 1.0}) {
    EXPECT_NEAR(isotropic_rate(2, epsilon), std::acos(epsilon) / std::numbers::pi, 1e-12) << epsilon;
  }
}

TEST(IsotropicRateTest, OfAnEpsilonAndItsNegativeAddUpToOne) {
  for (const std::int64_t dim : {2, 3, 10, 768}) {
    for (const double epsilon : {0.01, 0.3, 0.9}) {
      EXPECT_NEAR(isotropic_rate(dim, epsilon) + isotropic_rate(dim, -epsilon), 1, 1e-14) << dim;
    }
  }
}

TEST(IsotropicRateTest, OnALineIsHalfUnlessEverythingIsInside) {
  EXPECT_EQ(isotropic_rate(1, 1), 0.5);
  EXPECT_EQ(isotropic_rate(1, -0.5), 0.5);
  EXPECT_EQ(isotropic_rate(1, -1), 1);
}

TEST(IsotropicRateTest, VanishesQuietlyWhereItIsTooSmallForADouble) {
  EXPECT_EQ(isotropic_rate(1'000'000, 0.9), 0);
  EXPECT_EQ(isotropic_rate(1'000'000, -0.9), 1);
}

TEST(IsotropicRateTest, ArgumentsOutOfRangeAreNamed) {
  EXPECT_THAT([] { isotropic_rate(0, 0.5); }, ThrowsMessage<Error>(HasSubstr("got dim 0 and epsilon 0.5")));
  EXPECT_THAT([] { isotropic_rate(3, 1.01); }, ThrowsMessage<Error>(HasSubstr("epsilon 1.01")));
  EXPECT_THAT([] { isotropic_rate(3, std::numeric_limits<double>::quiet_NaN()); },
              ThrowsMessage<Error>(HasSubstr("epsilon nan")));
}

// The line is drawn beside measured curves: isotropic rows must lie on it.
TEST(IsotropicRateTest, IsWhatIsotropicRowsShow) {
  const Resonance result = accumulate(gaussian(40000 * 5, 8), Basis::standard(5), at(0.5, 4));
  const double rate = isotropic_rate(5, 0.5);
  const double error = std::sqrt(rate * (1 - rate) / 40000);
  for (const double value : result.curve(0, 0)) EXPECT_NEAR(value, rate, 4.5 * error);
}

TEST(PlanePeakTest, IsTheFirstLargestCount) {
  const Resonance result = accumulate({1, 0, 0, 2, 0, 3, 0, -1, 0, -1}, Basis::standard(2), at(0.9, 4));
  const PlanePeak peak = plane_peak(result, 0, 0);
  EXPECT_EQ(peak.count, 2);
  EXPECT_EQ(peak.angle_index, 1) << "as many at 270 degrees, but later";
  const PlanePeak none = plane_peak(accumulate({}, Basis::standard(2), at(0.9, 4)), 0, 0);
  EXPECT_EQ(none.count, 0);
  EXPECT_EQ(none.angle_index, 0);
  EXPECT_THROW(plane_peak(result, 0, 1), Error);
}

TEST(IsotropicEpsilonTest, IsTheInverseOfTheRate) {
  const std::vector<std::pair<std::int64_t, double>> one_percent = {
      {8, 0.750}, {16, 0.558}, {64, 0.288}, {384, 0.119}, {768, 0.084}};
  for (const auto& [dim, epsilon] : one_percent) EXPECT_NEAR(isotropic_epsilon(dim, 0.01), epsilon, 6e-4) << dim;
  EXPECT_NEAR(isotropic_rate(5, isotropic_epsilon(5, 0.2)), 0.2, 1e-6);
  EXPECT_NEAR(isotropic_epsilon(2, 1.0 / 3), 0.5, 1e-6) << "within 60 degrees of one direction of 360";
  EXPECT_THROW(isotropic_epsilon(1, 0.01), Error);
  EXPECT_THROW(isotropic_epsilon(8, 0.5), Error);
  EXPECT_THROW(isotropic_epsilon(8, 0.0), Error);
}

}  // namespace
}  // namespace srm
