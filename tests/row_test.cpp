#include "kernels/row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "brute_force.h"

namespace srm::kernels {
namespace {

using testing::Each;
using testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Normalised {
  RowKind kind;
  std::vector<double> direction;
};

template <typename Number>
Normalised normalised(const std::vector<Number>& row, const std::vector<double>& mean = {}) {
  Normalised result{RowKind::kDirection, std::vector<double>(row.size(), 99)};
  result.kind = normalise_row(row.data(), static_cast<std::int64_t>(row.size()), mean.empty() ? nullptr : mean.data(),
                              result.direction.data());
  return result;
}

// Around the eight lanes that sums are taken in.
TEST(RowTest, EveryLengthIsNormalisedToOne) {
  for (std::int64_t size = 1; size <= 40; ++size) {
    const std::vector<double> row = test::gaussian(size, static_cast<unsigned>(size));
    const Normalised result = normalised(row);
    ASSERT_EQ(result.kind, RowKind::kDirection);
    double norm = 0, squares = 0;
    for (const double value : row) norm = std::hypot(norm, value);
    for (std::size_t k = 0; k < row.size(); ++k) {
      EXPECT_NEAR(result.direction[k], row[k] / norm, 1e-15) << size;
      squares += result.direction[k] * result.direction[k];
    }
    EXPECT_NEAR(squares, 1, 4e-16 * static_cast<double>(size)) << size;
  }
}

TEST(RowTest, FloatsAreWidenedFirst) {
  const std::vector<float> row = {3e30F, -4e30F};
  EXPECT_THAT(normalised(row).direction, ElementsAre(testing::DoubleNear(0.6, 1e-7), testing::DoubleNear(-0.8, 1e-7)))
      << "the square of 3e30 is no float";
}

TEST(RowTest, AnyScaleKeepsTheDirection) {
  for (const double scale : {0x1p-1073, 1e-320, 1e-200, 1e-126, 1e-124, 1.0, 1e124, 1e126, 1e200, 4e307}) {
    const Normalised result = normalised(std::vector<double>{scale, 0, -scale, 0});
    EXPECT_EQ(result.kind, RowKind::kDirection);
    EXPECT_THAT(result.direction,
                ElementsAre(testing::DoubleEq(std::sqrt(0.5)), 0, testing::DoubleEq(-std::sqrt(0.5)), 0))
        << scale;
  }
}

TEST(RowTest, RowsWithoutADirectionAreToldApartAndBecomeZeros) {
  const std::vector<double> mean = {1, 2};
  const std::pair<Normalised, RowKind> cases[] = {
      {normalised(std::vector<double>{0, -0.0}), RowKind::kZeroNorm},
      {normalised(std::vector<double>{0, kNan}), RowKind::kNonfinite},
      {normalised(std::vector<double>{kInfinity, 1}), RowKind::kNonfinite},
      {normalised(std::vector<double>{-kInfinity, kInfinity}), RowKind::kNonfinite},
      {normalised(std::vector<float>{1, std::numeric_limits<float>::infinity()}), RowKind::kNonfinite},
      {normalised(std::vector<double>{0, 0}, mean), RowKind::kZeroNorm},
      {normalised(std::vector<double>{1, 2}, mean), RowKind::kAtMean},
      {normalised(std::vector<double>{1, kNan}, mean), RowKind::kNonfinite},
      {normalised(std::vector<double>{1, -kInfinity}, mean), RowKind::kNonfinite},
  };
  for (const auto& [result, kind] : cases) {
    EXPECT_EQ(result.kind, kind);
    EXPECT_THAT(result.direction, Each(0));
  }
}

TEST(RowTest, MeanIsTakenOffFirst) {
  EXPECT_THAT(normalised(std::vector<double>{4, 6}, {1, 2}).direction, ElementsAre(0.6, 0.8));
}

TEST(RowTest, ProjectionIsTheMatrixTimesTheDirection) {
  // Three vectors in two dimensions, stored by column.
  const std::vector<double> columns = {1, 0, 0.6, 0, 1, 0.8};
  const std::vector<double> direction = {0.6, -0.8};
  std::vector<double> coordinates(3, 99);
  project_row(columns.data(), 3, 2, direction.data(), coordinates.data());
  EXPECT_THAT(coordinates, ElementsAre(0.6, -0.8, testing::DoubleEq(0.36 - 0.64)));
}

TEST(RowTest, QuarticSumIsOfFourthPowers) {
  for (std::int64_t size = 0; size <= 20; ++size) {
    const std::vector<double> values = test::gaussian(size, 3);
    double expected = 0;
    for (const double value : values) expected += std::pow(value, 4);
    EXPECT_NEAR(quartic_sum(values.data(), size), expected, 1e-12 * expected) << size;
  }
}

TEST(RowTest, HeavyCoordinatesReachTheirBoundInSquare) {
  const std::vector<double> coordinates = {0.5, -0.6, 0.1, -0.2, 0.5};
  const std::vector<double> bounds = {0.25, 0.25, 0.25, 0.01, 0.26};
  std::vector<std::int32_t> heavy(5, -1);
  ASSERT_EQ(heavy_coordinates(coordinates.data(), bounds.data(), 5, heavy.data()), 3);
  EXPECT_THAT(std::vector<std::int32_t>(heavy.begin(), heavy.begin() + 3), ElementsAre(0, 1, 3));
  const std::vector<double> all(5, -1.0);
  EXPECT_EQ(heavy_coordinates(coordinates.data(), all.data(), 5, heavy.data()), 5);
}

TEST(RowTest, SquaredLengthIsOfTheRowOrOfWhatIsLeftWithoutTheMean) {
  const std::vector<double> row = {3, 4, 0, 12}, mean = {3, 3, 3, 12};
  EXPECT_EQ(squared_length(row.data(), 4, nullptr), 169);
  EXPECT_EQ(squared_length(row.data(), 4, mean.data()), 10);
  const std::vector<float> narrow = {3e30F, -4e30F};
  EXPECT_NEAR(squared_length(narrow.data(), 2, nullptr) / 25e60, 1, 1e-6) << "the square of 3e30 is no float";
  const std::vector<double> huge = {1e200}, tiny = {1e-200}, none = {kNan, 1};
  EXPECT_EQ(squared_length(huge.data(), 1, nullptr), kInfinity);
  EXPECT_EQ(squared_length(tiny.data(), 1, nullptr), 0);
  EXPECT_TRUE(std::isnan(squared_length(none.data(), 2, nullptr)));
}

}  // namespace
}  // namespace srm::kernels
