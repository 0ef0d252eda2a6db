#include "srm/isotropic_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <numeric>
#include <vector>

#include "brute_force.h"
#include "srm/density_tally.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::ThrowsMessage;

// One plane without points, of bins that reach to 2^exponent, of rows with sigma = 1.
PlaneDensities unit_densities(std::int64_t dim, double epsilon, std::int64_t num_bins, std::int64_t exponent,
                              std::int64_t num_rows = 1) {
  PlaneDensitiesParts parts;
  parts.dim = dim;
  parts.epsilon = epsilon;
  parts.num_bins = num_bins;
  parts.num_rows = num_rows;
  parts.squared_lengths.add(static_cast<double>(dim * num_rows));
  PlaneDensity density;
  density.plane = {0, 1};
  density.exponent = exponent;
  density.counts.assign(static_cast<std::size_t>(num_bins * num_bins), 0);
  parts.planes = {density};
  return PlaneDensities(std::move(parts));
}

double total(const std::vector<double>& counts) { return std::accumulate(counts.begin(), counts.end(), 0.0); }

TEST(IsotropicPlaneTest, RateIsAPower) {
  EXPECT_EQ(isotropic_plane_rate(2, 0.9), 1) << "there is nothing else";
  EXPECT_NEAR(isotropic_plane_rate(4, 0.6), 0.64, 1e-15);
  EXPECT_NEAR(isotropic_plane_rate(3, 0.6), 0.8, 1e-15);
  EXPECT_EQ(isotropic_plane_rate(5, 1), 0);
  EXPECT_EQ(isotropic_plane_rate(5, 0), 1);
  EXPECT_EQ(isotropic_plane_rate(5, -0.5), 1);
}

// Closed forms: for n = 4, P of 2 degrees of freedom is 1 - exp(-r^2 tan^2 / 2); for n = 3, of one, an error function.
TEST(IsotropicPlaneTest, DensityIsTheClosedFormOfFewDimensions) {
  for (const double r : {0.0, 0.3, 1.0, 2.5}) {
    const double planar = std::exp(-r * r / 2) / (2 * std::numbers::pi);
    EXPECT_NEAR(isotropic_plane_density(2, 0.7, r), planar, 1e-15);
    EXPECT_NEAR(isotropic_plane_density(9, 0, r), planar, 1e-15);
    EXPECT_NEAR(isotropic_plane_density(9, -0.2, r), planar, 1e-15);
    EXPECT_EQ(isotropic_plane_density(9, 1, r), 0);
    const double squared_tangent = 0.64 / 0.36;
    EXPECT_NEAR(isotropic_plane_density(4, 0.6, r), planar * (1 - std::exp(-r * r * squared_tangent / 2)), 1e-14);
    EXPECT_NEAR(isotropic_plane_density(3, 0.6, r), planar * std::erf(r * std::sqrt(squared_tangent / 2)), 1e-14);
  }
}

// Whatever the dimension, the threshold and the bins, all bins together hold the rate.
TEST(IsotropicPlaneTest, BinsAddUpToTheRate) {
  for (const std::int64_t dim : {2, 3, 4, 16, 64, 768, 3072}) {
    for (const double epsilon : {-0.5, 0.0, 0.042, 0.084, 0.288, 0.75}) {
      for (const std::int64_t exponent : {4, 10, 30}) {
        const double rate = isotropic_plane_rate(dim, epsilon);
        const double sum = total(isotropic_counts(unit_densities(dim, epsilon, 32, exponent), 0));
        EXPECT_NEAR(sum, rate, 1e-4 * rate + 1e-17) << dim << " " << epsilon << " " << exponent;
      }
    }
  }
  EXPECT_THAT(isotropic_counts(unit_densities(5, 1, 4, 2), 0), Each(0));
}

// The normal distribution function gives each bin of two dimensions.
TEST(IsotropicPlaneTest, BinsOfTwoDimensionsAreProductsOfNormalShares) {
  const std::vector<double> counts = isotropic_counts(unit_densities(2, 0.5, 8, 2, 1000), 0);
  const auto below = [](double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; };
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 8; ++column) {
      const double share = (below(column - 3) - below(column - 4)) * (below(row - 3) - below(row - 4));
      EXPECT_NEAR(counts[static_cast<std::size_t>(row * 8 + column)], 1000 * share, 1e-4) << row << " " << column;
    }
  }
}

// Where bins are joined, so are what is expected of them: fine bins add up to coarse ones.
TEST(IsotropicPlaneTest, FineBinsAddUpToCoarseOnes) {
  const std::vector<double> fine = isotropic_counts(unit_densities(64, 0.288, 64, 3), 0);
  const std::vector<double> coarse = isotropic_counts(unit_densities(64, 0.288, 16, 3), 0);
  for (std::size_t row = 0; row < 16; ++row) {
    for (std::size_t column = 0; column < 16; ++column) {
      double sum = 0;
      for (std::size_t k = 0; k < 16; ++k) sum += fine[(row * 4 + k / 4) * 64 + column * 4 + k % 4];
      EXPECT_NEAR(sum, coarse[row * 16 + column], 1e-6);
    }
  }
}

// Isotropic rows are what is expected, bin by bin: chi-squared over the bins with enough expected, within 5 sigma.
TEST(IsotropicPlaneTest, IsWhatIsotropicRowsShow) {
  const std::int64_t num_rows = 100'000;
  for (const auto& [dim, epsilon] : {std::pair<std::int64_t, double>(3, 0.6), {8, 0.5}, {32, 0.3}, {5, 0.0}}) {
    const std::vector<double> rows = test::gaussian(num_rows * dim, 17);
    MemoryBudget budget(1 << 28);
    DensityTally tally(std::make_shared<const Basis>(Basis::standard(dim)),
                       {.planes = {{1, 2}}, .epsilon = epsilon, .num_bins = 16}, budget);
    tally.update(rows.data(), num_rows, dim, dim);
    const PlaneDensities densities = tally.densities();
    const std::vector<double> expected = isotropic_counts(densities, 0);
    double chi_squared = 0, num_cells = 0;
    for (std::size_t k = 0; k < expected.size(); ++k) {
      if (expected[k] < 20) continue;
      const double difference = static_cast<double>(densities.parts().planes[0].counts[k]) - expected[k];
      chi_squared += difference * difference / expected[k];
      ++num_cells;
    }
    EXPECT_GT(num_cells, 15) << dim;
    EXPECT_NEAR(chi_squared, num_cells, 5 * std::sqrt(2 * num_cells)) << dim;
    const double rate = isotropic_plane_rate(dim, epsilon);
    const double error = std::sqrt(rate * (1 - rate) * static_cast<double>(num_rows));
    EXPECT_NEAR(static_cast<double>(densities.num_points(0)), rate * static_cast<double>(num_rows), 4 * error + 1e-9);
  }
}

TEST(IsotropicPlaneTest, AloneAFewSigmaWideOutlierLeavesTheRestInTheMiddle) {
  const std::vector<double> counts = isotropic_counts(unit_densities(8, 0.5, 4, 40), 0);
  EXPECT_NEAR(counts[5] + counts[6] + counts[9] + counts[10], isotropic_plane_rate(8, 0.5), 1e-5);
  EXPECT_EQ(counts[0], 0) << "beyond 9 sigma";
}

TEST(IsotropicPlaneTest, ArgumentsOutOfRangeAreNamed) {
  EXPECT_THAT([] { isotropic_plane_rate(1, 0.5); }, ThrowsMessage<Error>(HasSubstr("got dim 1 and epsilon 0.5")));
  EXPECT_THAT([] { isotropic_plane_density(3, 1.5, 1); }, ThrowsMessage<Error>(HasSubstr("epsilon 1.5")));
  EXPECT_THROW(isotropic_plane_rate(3, std::nan("")), Error);
  EXPECT_THAT([] { isotropic_counts(unit_densities(3, 0.5, 4, 2), 1); }, ThrowsMessage<Error>(HasSubstr("below 1")));
  PlaneDensitiesParts parts;
  parts.dim = 3;
  parts.num_bins = 2;
  PlaneDensity density;
  density.plane = {0, 1};
  density.counts.assign(4, 0);
  parts.planes = {density};
  EXPECT_THAT(isotropic_counts(PlaneDensities(std::move(parts)), 0), Each(0)) << "no rows";
}

}  // namespace
}  // namespace srm
