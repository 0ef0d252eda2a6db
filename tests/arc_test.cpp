#include "kernels/arc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

namespace srm::kernels {
namespace {

using testing::ElementsAre;

constexpr double kPi = std::numbers::pi;

// The counts after one arc: the prefix sums of its differences.
std::vector<std::int64_t> counts_of(ArcCells cells, std::int64_t num_distinct) {
  std::vector<std::int64_t> table(static_cast<std::size_t>(num_distinct), 0);
  add_arc(cells, num_distinct, table.data());
  std::int64_t count = 0;
  for (std::int64_t& value : table) value = count += value;
  return table;
}

ArcCells cells_of(double centre, double half_width, std::int64_t num_distinct) {
  return arc_cells(centre, half_width, static_cast<double>(num_distinct) / (2 * kPi), num_distinct);
}

TEST(ArcTest, CellsWithinTheArcAreThoseBetweenItsEnds) {
  EXPECT_THAT(counts_of(cells_of(kPi / 2, 0.1, 8), 8), ElementsAre(0, 0, 1, 0, 0, 0, 0, 0));
  EXPECT_THAT(counts_of(cells_of(0.1, 0.01, 8), 8), testing::Each(0)) << "between two angles";
  EXPECT_THAT(counts_of(cells_of(0, 1, 8), 8), ElementsAre(1, 1, 0, 0, 0, 0, 0, 1)) << "across the start";
  EXPECT_THAT(counts_of(cells_of(-kPi, 1, 8), 8), ElementsAre(0, 0, 0, 1, 1, 1, 0, 0));
  EXPECT_THAT(counts_of(cells_of(kPi, 1, 8), 8), ElementsAre(0, 0, 0, 1, 1, 1, 0, 0));
  EXPECT_THAT(counts_of(cells_of(-kPi / 4, 0.1, 8), 8), ElementsAre(0, 0, 0, 0, 0, 0, 0, 1)) << "ends at the start";
}

TEST(ArcTest, WholeTurnsCountEachCellOnce) {
  for (const std::int64_t num_distinct : {1, 2, 3, 360}) {
    for (const double centre : {-kPi, -1.0, 0.0, 2.0, kPi}) {
      EXPECT_THAT(counts_of(cells_of(centre, kPi, num_distinct), num_distinct), testing::Each(1)) << num_distinct;
    }
  }
}

TEST(ArcTest, AllButOneCellIsNotAWholeTurn) {
  EXPECT_THAT(counts_of(cells_of(0, kPi * 0.99, 4), 4), ElementsAre(1, 1, 0, 1));
  EXPECT_THAT(counts_of(cells_of(kPi, kPi * 0.99, 4), 4), ElementsAre(0, 1, 1, 1));
}

// Every index that add_arc touches must be in the table, and every cell be within half_width.
TEST(ArcTest, RandomArcsCoverWhatTheyShould) {
  std::mt19937_64 generator(1);
  std::uniform_real_distribution<double> centre(-kPi, kPi), width(0, kPi);
  for (const std::int64_t num_distinct : {1, 2, 3, 7, 72, 1000, 65536}) {
    for (int k = 0; k < 200; ++k) {
      const double phi = centre(generator), delta = width(generator);
      const ArcCells cells = cells_of(phi, delta, num_distinct);
      ASSERT_GE(cells.first, 0);
      ASSERT_LT(cells.first, num_distinct);
      ASSERT_LE(cells.num_cells, num_distinct);
      const std::vector<std::int64_t> counts = counts_of(cells, num_distinct);
      for (std::int64_t a = 0; a < num_distinct; ++a) {
        const double theta = 2 * kPi * static_cast<double>(a) / static_cast<double>(num_distinct);
        const double distance = std::abs(std::remainder(theta - phi, 2 * kPi));
        if (std::abs(distance - delta) < 1e-9) continue;
        ASSERT_EQ(counts[static_cast<std::size_t>(a)], distance < delta ? 1 : 0) << num_distinct << " " << a;
      }
    }
  }
}

TEST(ArcTest, CosineOfFourPhiIsExactOnAxesAndDiagonals) {
  EXPECT_EQ(cosine_units(1, 0), kCosineUnits);
  EXPECT_EQ(cosine_units(0, -2), kCosineUnits);
  EXPECT_EQ(cosine_units(1, 1), -kCosineUnits);
  EXPECT_EQ(cosine_units(-1, 1), -kCosineUnits);
  EXPECT_EQ(cosine_units(0, 0), kCosineUnits) << "no direction";
  for (double phi = -3; phi < 3.1; phi += 0.1) {
    const auto u = static_cast<float>(0.7 * std::cos(phi)), v = static_cast<float>(0.7 * std::sin(phi));
    EXPECT_NEAR(static_cast<double>(cosine_units(u, v)) / kCosineUnits, std::cos(4 * phi), 1.5e-6) << phi;
    EXPECT_EQ(cosine_units(u, v), cosine_units(v, u)) << "whichever vector comes first";
  }
}

}  // namespace
}  // namespace srm::kernels
