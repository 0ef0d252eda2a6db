#include "srm/plane_density.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <tuple>

#include "plane_bins.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// One plane of two bins a side, reaching to 2, with three points of four rows, two of which are kept.
PlaneDensitiesParts small_parts() {
  PlaneDensitiesParts parts;
  parts.dim = 3;
  parts.epsilon = 0.5;
  parts.num_bins = 2;
  parts.num_points = 2;
  parts.seed = 1;
  parts.num_rows = 4;
  parts.num_rows_out_of_range = 1;
  parts.squared_lengths.add(12);
  PlaneDensity density;
  density.plane = {0, 1};
  density.exponent = 1;
  density.counts = {0, 1, 0, 2};
  density.points = {{1, -0.5, 4, 0, 0}, {1.5, 1.5, 5, 1, -1}};
  if (point_rank(1, 5, 1) < point_rank(1, 4, 0)) std::swap(density.points[0], density.points[1]);
  parts.planes = {density};
  parts.left_out = {{0, 2}, {1, 2}};
  return parts;
}

TEST(PlaneBinsTest, ExponentIsTheLeastThatHoldsThePoint) {
  EXPECT_EQ(exponent_of(0.75, 0.1), 0);
  EXPECT_EQ(exponent_of(0.1, -0.75), 0);
  EXPECT_EQ(exponent_of(1, 0), 1) << "1 is not below 2^0";
  EXPECT_EQ(exponent_of(-1, 0), 1);
  EXPECT_EQ(exponent_of(std::nextafter(8, 0), 8), 4);
  EXPECT_EQ(exponent_of(0, 0), -512);
  EXPECT_EQ(exponent_of(1e-300, 0), -512);
  EXPECT_EQ(exponent_of(0x1p511, 0), 512);
}

TEST(PlaneBinsTest, BinsAreHalfOpenAndMeetAtZero) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  for (const auto& [coordinate, bin] : {std::pair(-4.0, 0),
                                        {-3.0001, 0},
                                        {-3.0, 1},
                                        {-tiny, 3},
                                        {-0.0, 4},
                                        {0.0, 4},
                                        {tiny, 4},
                                        {1.0, 5},
                                        {3.999, 7}}) {
    EXPECT_EQ(bin_of(coordinate, 2, 8), bin) << coordinate;
  }
  EXPECT_EQ(bin_of(-tiny, 512, 8), 3) << "too small for a double once divided";
  EXPECT_EQ(bin_of(0x1p-513, -512, 8), 6);
}

TEST(PlaneBinsTest, JoiningBinsIsBinningAtTheLargerExtent) {
  const std::int64_t num_bins = 8;
  for (const int steps : {0, 1, 2, 3, 10, 100}) {
    PlaneDensity joined, direct;
    joined.counts.assign(64, 0);
    direct.counts.assign(64, 0);
    direct.exponent = steps;
    for (int row = 0; row < 8; ++row) {
      for (int column = 0; column < 8; ++column) {
        const double u = (column - 4) / 4.0 + 0.03, v = (row - 4) / 4.0 + 0.2;
        const auto bin = [&](std::int64_t exponent) {
          return static_cast<std::size_t>(bin_of(v, exponent, num_bins) * num_bins + bin_of(u, exponent, num_bins));
        };
        joined.counts[bin(0)] += row + 10 * column;
        direct.counts[bin(steps)] += row + 10 * column;
      }
    }
    std::vector<std::int64_t> spare;
    widen(joined, steps, num_bins, spare);
    EXPECT_EQ(joined, direct) << steps;
  }
}

TEST(PlaneDensitiesTest, ReadsOutTotalsAndVariance) {
  const PlaneDensities densities(small_parts());
  EXPECT_EQ(densities.num_planes(), 1);
  EXPECT_EQ(densities.num_points(0), 3);
  EXPECT_DOUBLE_EQ(densities.variance(), 1);
  for (const std::int64_t bad : {-1, 1}) {
    EXPECT_THAT([&] { densities.num_points(bad); }, ThrowsMessage<Error>(HasSubstr("from 0 and below 1")));
  }
}

TEST(PlaneDensitiesTest, WhatContradictsItselfIsRefused) {
  using Change = std::function<void(PlaneDensitiesParts&)>;
  const std::tuple<Change, std::string> changes[] = {
      {[](auto& p) { p.dim = 0; }, "dim must be at least 1"},
      {[](auto& p) { p.epsilon = std::nan(""); }, "epsilon must be in [-1, 1]"},
      {[](auto& p) { p.num_bins = 0; }, "power of two; got 0"},
      {[](auto& p) { p.num_bins = 3; }, "power of two"},
      {[](auto& p) { p.num_points = -1; }, "must not be negative"},
      {[](auto& p) { p.num_rows_out_of_range = -1; }, "must not be negative"},
      {[](auto& p) { p.num_rows = 2; }, "must be among the 2 rows; got 2 after 1"},
      {[](auto& p) { p.num_rows = 0; }, "got 12 of 0 rows"},
      {[](auto& p) { p.squared_lengths = {}; }, "got 0 of 4 rows"},
      {[](auto& p) {
         p.planes[0].plane = {1, 1};
       },
       "planes must be pairs of different"},
      {[](auto& p) { p.planes.push_back(p.planes[0]); }, "lexicographic order; got (0, 1)"},
      {[](auto& p) {
         p.left_out = {{-1, 0}};
       },
       "planes left out must be pairs"},
      {[](auto& p) { p.planes[0].exponent = 513; }, "exponent of plane (0, 1) must be from -512 to 512; got 513"},
      {[](auto& p) { p.planes[0].counts.pop_back(); }, "the counts of plane (0, 1) must hold 4 numbers"},
      {[](auto& p) { p.planes[0].counts[0] = -1; }, "among the 4 rows; got -1"},
      {[](auto& p) { p.planes[0].points.pop_back(); }, "the sample of plane (0, 1) must hold 2 numbers"},
      {[](auto& p) { p.planes[0].points[0].u = std::nan(""); }, "must lie within its bins"},
      {[](auto& p) { p.planes[0].points[0].v = 2; }, "must lie within its bins"},
      {[](auto& p) { p.planes[0].points[0].label = -2; }, "labels from -1"},
      {[](auto& p) { std::swap(p.planes[0].points[0], p.planes[0].points[1]); }, "in the order of their ranks"},
  };
  for (const auto& [change, words] : changes) {
    PlaneDensitiesParts parts = small_parts();
    change(parts);
    EXPECT_THAT([&] { PlaneDensities(std::move(parts), "file x"); },
                ThrowsMessage<Error>(testing::AllOf(HasSubstr("[file x]"), HasSubstr(words))));
  }
}

TEST(PlaneDensitiesTest, MergingWidensTheNarrowerAndAddsUp) {
  PlaneDensitiesParts other = small_parts();
  other.planes[0].exponent = 3;
  other.planes[0].counts = {1, 0, 0, 0};
  other.planes[0].points = {{-5, -5, 9, 0, -1}};
  const PlaneDensities sum = merge(PlaneDensities(small_parts()), PlaneDensities(other));
  EXPECT_EQ(sum.parts().num_rows, 8);
  EXPECT_EQ(sum.parts().num_rows_out_of_range, 2);
  EXPECT_DOUBLE_EQ(sum.variance(), 1);
  EXPECT_EQ(sum.parts().planes[0].exponent, 3);
  EXPECT_THAT(sum.parts().planes[0].counts, ElementsAre(1, 1, 0, 2));
  EXPECT_EQ(sum.parts().planes[0].points.size(), 2U) << "of three";
  EXPECT_EQ(merge(PlaneDensities(other), PlaneDensities(small_parts())), sum);
}

TEST(PlaneDensitiesTest, MergingRefusesWhatDiffersAndOverflow) {
  using Change = std::function<void(PlaneDensitiesParts&)>;
  const std::tuple<Change, std::string> changes[] = {
      {[](auto& p) { p.dim = 4; }, "dim of densities must be the same in both; got 3 and 4"},
      {[](auto& p) { p.epsilon = 0.25; }, "epsilon of densities"},
      {[](auto& p) { p.num_points = 1, p.planes[0].points.resize(1); }, "num_points of densities"},
      {[](auto& p) {
         p.seed = 2, p.planes[0].points = {{}, {}};
       },
       "seed of densities"},
      {[](auto& p) {
         p.planes[0].plane = {1, 0};
       },
       "planes of densities must be the same in both; got (0, 1) and (1, 0)"},
      {[](auto& p) { p.left_out = {}; }, "planes left out of densities"},
      {[](auto& p) { p.num_rows = std::numeric_limits<std::int64_t>::max(); }, "64 bits"},
  };
  for (const auto& [change, words] : changes) {
    PlaneDensitiesParts parts = small_parts();
    change(parts);
    EXPECT_THAT([&] { merge(PlaneDensities(small_parts()), PlaneDensities(parts), "merge x"); },
                ThrowsMessage<Error>(testing::AllOf(HasSubstr("[merge x]"), HasSubstr(words))));
  }
  PlaneDensitiesParts fine = small_parts();
  fine.num_bins = 4;
  fine.planes[0].counts = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0};
  EXPECT_THAT([&] { merge(PlaneDensities(small_parts()), PlaneDensities(fine)); },
              ThrowsMessage<Error>(HasSubstr("num_bins of densities must be the same in both; got 2 and 4")));
}

}  // namespace
}  // namespace srm
