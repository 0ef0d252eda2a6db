#include "srm/density_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <numeric>
#include <random>
#include <vector>

#include "brute_force.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

MemoryBudget& budget() {
  static MemoryBudget budget(1 << 30);
  return budget;
}

DensityTally tally_of(const Basis& basis, const DensityOptions& options) {
  return DensityTally(std::make_shared<const Basis>(basis), options, budget());
}

PlaneDensities densities_of(const std::vector<double>& rows, const Basis& basis, const DensityOptions& options,
                            const RowTags& tags = {}) {
  DensityTally tally = tally_of(basis, options);
  tally.update(rows.data(), static_cast<std::int64_t>(rows.size()) / basis.dim(), basis.dim(), basis.dim(), tags);
  return tally.densities();
}

// The bins that are not empty, by v and u, and their counts.
using Bin = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
std::vector<Bin> bins_of(const PlaneDensities& densities, std::size_t plane = 0) {
  std::vector<Bin> bins;
  const std::int64_t num_bins = densities.parts().num_bins;
  for (std::int64_t k = 0; k < num_bins * num_bins; ++k) {
    const std::int64_t count = densities.parts().planes[plane].counts[static_cast<std::size_t>(k)];
    if (count > 0) bins.emplace_back(k / num_bins, k % num_bins, count);
  }
  return bins;
}

// Rows of many scales, so that bins are joined again and again; some without a direction, on a border, or copies.
struct Rows {
  std::vector<double> values;
  std::vector<std::int64_t> label, sample, position;
};
Rows mixed_rows(std::int64_t num_rows, std::int64_t dim, unsigned seed) {
  Rows rows{test::gaussian(num_rows * dim, seed), {}, {}, {}};
  std::mt19937 random(seed);
  for (std::int64_t k = 0; k < num_rows; ++k) {
    double* row = rows.values.data() + k * dim;
    const unsigned kind = random() % 16;
    const double scale = std::ldexp(1.0, static_cast<int>(random() % 12) - 6);
    for (std::int64_t d = 0; d < dim; ++d) row[d] *= scale;
    if (kind == 0) std::fill_n(row, dim, 0.0);
    if (kind == 1) row[0] = kNan;
    if (kind == 2) std::fill_n(row, dim, random() % 2 == 0 ? 1.0 : -2.0);
    if (kind == 3 && k > 0) std::copy_n(row - dim, dim, row);
    rows.label.push_back(static_cast<std::int64_t>(random() % 4) - 1);
    rows.sample.push_back(k / 3);
    rows.position.push_back(k % 3);
  }
  return rows;
}

TEST(DensityTallyTest, PointsAreRawInPlaneCoordinatesInHalfOpenBins) {
  const std::vector<double> rows = {1, 3, 0, -2, 0.5, 0, 0, 0, 1};
  const DensityOptions options{.planes = {{0, 1}}, .epsilon = 0.5, .num_bins = 8};
  const PlaneDensities densities = densities_of(rows, Basis::standard(3), options);
  EXPECT_EQ(densities.parts().planes[0].exponent, 2) << "3 is below 4";
  EXPECT_THAT(bins_of(densities), ElementsAre(Bin(4, 2, 1), Bin(7, 5, 1))) << "-2 begins the third bin, 1 the sixth";
  EXPECT_EQ(densities.num_points(0), 2) << "the third row is off the plane";
  const auto& points = densities.parts().planes[0].points;
  EXPECT_THAT(points, testing::UnorderedElementsAre(PlanePoint{1, 3, 0, 0, -1}, PlanePoint{-2, 0.5, 1, 0, -1}));
  EXPECT_DOUBLE_EQ(densities.variance(), (10 + 4.25 + 1) / 9.0);
}

TEST(DensityTallyTest, SecondAxisTurnsTowardsPlusTheSecondVector) {
  const double h = std::numbers::sqrt2 / 2;
  const Basis basis = Basis::from_vectors("skew", 2, 2, {1, 0, 3 * h, 3 * h}, VectorLengths::kKept);
  const PlaneDensities densities =
      densities_of({0, 5, 2, 2}, basis, {.planes = {{1, 0}, {0, 1}}, .num_bins = 4, .num_points = 5});
  ASSERT_EQ(densities.num_planes(), 2);
  const auto has_point = [&](std::size_t plane, double u, double v) {
    const auto& points = densities.parts().planes[plane].points;
    return std::any_of(points.begin(), points.end(), [&](const PlanePoint& point) {
      return std::abs(point.u - u) < 1e-12 && std::abs(point.v - v) < 1e-12;
    });
  };
  EXPECT_EQ(densities.parts().planes[0].plane, (Plane{0, 1})) << "sorted";
  EXPECT_TRUE(has_point(0, 0, 5) && has_point(0, 2, 2));
  EXPECT_TRUE(has_point(1, 5 * h, -5 * h) && has_point(1, 4 * h, 0));
}

TEST(DensityTallyTest, TiesAreInsideAndOtherRowsNeedTheirShareInThePlane) {
  // Of length 5 and 4 of it in the plane.
  const std::vector<double> rows = {4, 0, 3, 0, -4, 3};
  const auto num_points = [&](double epsilon) {
    return densities_of(rows, Basis::standard(3), {.planes = {{0, 1}}, .epsilon = epsilon}).num_points(0);
  };
  EXPECT_EQ(num_points(0.8), 2);
  EXPECT_EQ(num_points(0.8 + 1e-9), 0);
  EXPECT_EQ(num_points(-1), 2);
}

TEST(DensityTallyTest, RowsWithoutADirectionAreNowhereEvenAtMinusOne) {
  const std::vector<double> rows = {0, 0, kNan, 1, -kInfinity, 2, 1, 1};
  const PlaneDensities densities = densities_of(rows, Basis::standard(2), {.planes = {{0, 1}}, .epsilon = -1});
  EXPECT_EQ(densities.parts().num_rows, 1);
  EXPECT_EQ(densities.num_points(0), 1);
  EXPECT_EQ(densities.variance(), 1);
}

TEST(DensityTallyTest, PlaneThatRowsAreOrthogonalToHoldsThemAtZeroUpToEpsilonZero) {
  const std::vector<double> rows = {0, 0, 5, 0, 0, -7};
  for (const double epsilon : {0.0, -0.5}) {
    const PlaneDensities all = densities_of(rows, Basis::standard(3), {.planes = {{0, 1}}, .epsilon = epsilon});
    EXPECT_EQ(all.num_points(0), 2);
    EXPECT_EQ(all.parts().planes[0].exponent, PlaneDensities::kLowestExponent);
    EXPECT_THAT(bins_of(all), ElementsAre(Bin(64, 64, 2)));
  }
  const PlaneDensities none = densities_of(rows, Basis::standard(3), {.planes = {{0, 1}}, .epsilon = 0.1});
  EXPECT_EQ(none.num_points(0), 0);
}

TEST(DensityTallyTest, AnyScaleIsBinnedAlike) {
  const std::vector<double> rows = test::gaussian(40 * 2, 3);
  const DensityOptions options{.planes = {{0, 1}}, .num_bins = 16};
  const auto expected = bins_of(densities_of(rows, Basis::standard(2), options));
  for (const int exponent : {-500, -30, 40, 505}) {
    std::vector<double> scaled = rows;
    for (double& value : scaled) value = std::ldexp(value, exponent);
    const PlaneDensities densities = densities_of(scaled, Basis::standard(2), options);
    EXPECT_EQ(bins_of(densities), expected) << exponent;
    EXPECT_EQ(densities.parts().num_rows_out_of_range, 0);
  }
}

TEST(DensityTallyTest, LengthsWhoseSquaresAreNoNumbersAreCountedApart) {
  const std::vector<double> rows = {1e200, 0, 1e-200, 0, 0x1p-511, 0, 0x1p511, 0};
  const PlaneDensities densities = densities_of(rows, Basis::standard(2), {.planes = {{0, 1}}});
  EXPECT_EQ(densities.parts().num_rows_out_of_range, 2);
  EXPECT_EQ(densities.parts().num_rows, 2);
  EXPECT_EQ(densities.num_points(0), 2);
  EXPECT_EQ(densities.parts().planes[0].exponent, PlaneDensities::kHighestExponent);
}

TEST(DensityTallyTest, CentringTakesTheMeanOff) {
  const std::vector<double> rows = {3, 1, 1, 1, 0, 0};
  const PlaneDensities densities =
      densities_of(rows, Basis::standard(2), {.planes = {{0, 1}}, .num_bins = 4, .mean = {1, 1}});
  EXPECT_THAT(densities.parts().planes[0].points, ElementsAre(PlanePoint{2, 0, 0, 0, -1}))
      << "a row at the mean has no direction, a zero row is not centred";
  EXPECT_EQ(densities.parts().num_rows, 1);
  EXPECT_EQ(densities.variance(), 2);
}

TEST(DensityTallyTest, ParallelVectorsAreLeftOutAndNamed) {
  const Basis basis = Basis::from_vectors("doubled", 3, 2, {1, 0, -2, 0, 0, 1});
  const PlaneDensities densities = densities_of({1, 1}, basis, {.planes = {{0, 2}, {1, 0}, {0, 1}, {2, 1}}});
  EXPECT_THAT(densities.parts().left_out, ElementsAre(Plane{0, 1}, Plane{1, 0}));
  EXPECT_EQ(densities.num_planes(), 2);
  EXPECT_EQ(densities.num_points(1), 1);
}

TEST(DensityTallyTest, SplittingPermutingAndMergingChangeNothing) {
  const std::int64_t num_rows = 900, dim = 4;
  const Rows rows = mixed_rows(num_rows, dim, 6);
  const Basis basis = Basis::from_vectors("frame", 6, dim, test::gaussian(6 * dim, 2));
  const DensityOptions options{
      .planes = {{0, 1}, {5, 2}, {3, 4}}, .epsilon = 0.4, .num_bins = 32, .num_points = 20, .seed = 9};
  const auto tags = [](const Rows& of) { return RowTags{of.label, of.sample, of.position}; };
  const PlaneDensities once = densities_of(rows.values, basis, options, tags(rows));
  EXPECT_GT(once.num_points(0), 100);

  DensityTally pieces = tally_of(basis, options);
  for (std::int64_t first = 0; first < num_rows; first += 7) {
    const std::int64_t size = std::min<std::int64_t>(7, num_rows - first);
    const auto part = [&](const std::vector<std::int64_t>& of) {
      return std::span(of).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size));
    };
    pieces.update(rows.values.data() + first * dim, size, dim, dim,
                  {part(rows.label), part(rows.sample), part(rows.position)});
  }
  EXPECT_EQ(pieces.densities(), once);

  std::vector<std::int64_t> order(static_cast<std::size_t>(num_rows));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937(4));
  Rows permuted, parts[3];
  const auto copy = [&](Rows& to, std::int64_t k) {
    const auto at = static_cast<std::size_t>(k);
    to.values.insert(to.values.end(), rows.values.begin() + k * dim, rows.values.begin() + (k + 1) * dim);
    to.label.push_back(rows.label[at]);
    to.sample.push_back(rows.sample[at]);
    to.position.push_back(rows.position[at]);
  };
  for (const std::int64_t k : order) {
    copy(permuted, k);
    copy(parts[k * k % 3], k);
  }
  EXPECT_EQ(densities_of(permuted.values, basis, options, tags(permuted)), once);
  std::vector<PlaneDensities> of_parts;
  for (const Rows& part : parts) of_parts.push_back(densities_of(part.values, basis, options, tags(part)));
  EXPECT_EQ(merge(merge(of_parts[0], of_parts[1]), of_parts[2]), once);
  EXPECT_EQ(merge(of_parts[2], merge(of_parts[1], of_parts[0])), once);
}

TEST(DensityTallyTest, GoingOnWhereAnotherEndedIsBinningOn) {
  const std::int64_t num_rows = 900, dim = 4;
  const Rows rows = mixed_rows(num_rows, dim, 6);
  const Basis basis = Basis::from_vectors("frame", 6, dim, test::gaussian(6 * dim, 2));
  const DensityOptions options{.planes = {{0, 1}, {3, 4}}, .epsilon = 0.4, .num_bins = 32, .num_points = 20, .seed = 9};
  const auto update = [&](DensityTally& tally, std::int64_t first, std::int64_t size) {
    const auto part = [&](const std::vector<std::int64_t>& of) {
      return std::span(of).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size));
    };
    tally.update(rows.values.data() + first * dim, size, dim, dim,
                 {part(rows.label), part(rows.sample), part(rows.position)});
  };
  DensityTally once = tally_of(basis, options);
  update(once, 0, num_rows);
  for (const std::int64_t middle : {0, 2, 500, 900}) {
    DensityTally first = tally_of(basis, options), second = tally_of(basis, options);
    update(first, 0, middle);
    second.resume(first.densities());
    EXPECT_EQ(second.densities(), first.densities());
    update(second, middle, num_rows - middle);
    EXPECT_EQ(second.densities(), once.densities()) << middle;
  }
  DensityTally other = tally_of(basis, {.planes = {{0, 1}, {3, 4}}, .epsilon = 0.5});
  EXPECT_THAT([&] { other.resume(once.densities()); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("got 0.5 and 0.4")));
}

// Each row's place in the sample is chance: of 2000 equal rows those drawn are spread over the stream, and another seed
// draws others.
TEST(DensityTallyTest, SampleIsDrawnEvenlyBySeed) {
  std::vector<double> rows;
  for (int k = 0; k < 2000; ++k) rows.insert(rows.end(), {1, 0.5});
  std::vector<std::int64_t> samples[2];
  for (const std::uint64_t seed : {0U, 1U}) {
    const PlaneDensities densities =
        densities_of(rows, Basis::standard(2), {.planes = {{0, 1}, {1, 0}}, .num_points = 200, .seed = seed});
    for (const PlanePoint& point : densities.parts().planes[0].points) samples[seed].push_back(point.sample);
    std::vector<std::int64_t> other_plane;
    for (const PlanePoint& point : densities.parts().planes[1].points) other_plane.push_back(point.sample);
    EXPECT_EQ(samples[seed], other_plane) << "the same rows in all planes that hold them";
  }
  EXPECT_NE(samples[0], samples[1]);
  ASSERT_EQ(samples[0].size(), 200U);
  for (const std::int64_t quarter : {0, 1, 2, 3}) {
    const auto in_quarter = std::count_if(samples[0].begin(), samples[0].end(),
                                          [&](std::int64_t sample) { return sample / 500 == quarter; });
    EXPECT_NEAR(static_cast<double>(in_quarter), 50, 30) << quarter;
  }
}

TEST(DensityTallyTest, FloatsStridesAndTagsAreTaken) {
  const std::vector<float> wide = {1, 0, 99, 0, -1, 99};
  const std::vector<std::int64_t> label = {3, -1}, sample = {7, 7}, position = {0, 5};
  DensityTally tally = tally_of(Basis::standard(2), {.planes = {{0, 1}}});
  tally.update(wide.data(), 2, 2, 3, {label, sample, position});
  EXPECT_THAT(tally.densities().parts().planes[0].points,
              testing::UnorderedElementsAre(PlanePoint{1, 0, 7, 0, 3}, PlanePoint{0, -1, 7, 5, -1}));
}

TEST(DensityTallyTest, NoRowsNoPlanesAndNoPointsAreFine) {
  DensityTally empty = tally_of(Basis::standard(2), {.planes = {{0, 1}}});
  empty.update(static_cast<const float*>(nullptr), 0, 2, 2);
  EXPECT_EQ(empty.densities().num_points(0), 0);
  EXPECT_TRUE(std::isnan(empty.densities().variance()));
  const PlaneDensities no_planes = densities_of({1, 2}, Basis::standard(2), {});
  EXPECT_EQ(no_planes.num_planes(), 0);
  EXPECT_EQ(no_planes.parts().num_rows, 1);
  const PlaneDensities no_points = densities_of({1, 2}, Basis::standard(2), {.planes = {{0, 1}}, .num_points = 0});
  EXPECT_EQ(no_points.num_points(0), 1);
  EXPECT_THAT(no_points.parts().planes[0].points, IsEmpty());
}

TEST(DensityTallyTest, BadUpdatesAreRefusedAndLoseNothing) {
  DensityTally tally = tally_of(Basis::standard(2), {.planes = {{0, 1}}});
  const std::vector<double> rows = {1, 2, 3, 4};
  tally.update(rows.data(), 2, 2, 2);
  const PlaneDensities before = tally.densities();
  const std::vector<std::int64_t> one = {0}, bad = {0, -2};
  EXPECT_THAT([&] { tally.update(rows.data(), 2, 2, 2, {.sample = one}); },
              ThrowsMessage<Error>(HasSubstr("a tag for each of 2 rows; got 1")));
  EXPECT_THAT([&] { tally.update(rows.data(), 2, 2, 2, {.label = bad}); },
              ThrowsMessage<Error>(HasSubstr("a label must be a class from 0, or -1 where it is unknown; got -2")));
  EXPECT_THAT([&] { tally.update(rows.data(), 1, 3, 3); },
              ThrowsMessage<Error>(HasSubstr("rows must have 2 numbers; got 3")));
  EXPECT_EQ(tally.densities(), before);
}

TEST(DensityTallyTest, OptionsOutOfRangeAreNamed) {
  const auto refused = [](DensityOptions options, const char* words) {
    EXPECT_THAT([&] { tally_of(Basis::standard(3), options); }, ThrowsMessage<Error>(HasSubstr(words)));
  };
  refused({.planes = {{0, 3}}}, "two of the 3 basis vectors, counted from 0; got (0, 3)");
  refused({.planes = {{-1, 0}}}, "got (-1, 0)");
  refused({.planes = {{1, 1}}}, "name two different ones");
  refused({.planes = {{0, 1}, {0, 2}, {0, 1}}}, "(0, 1) twice");
  refused({.epsilon = 1.5}, "epsilon is a cosine");
  refused({.epsilon = kNan}, "epsilon is a cosine");
  refused({.num_bins = 1}, "a power of two from 2 to 1024; got 1");
  refused({.num_bins = 48}, "a power of two");
  refused({.num_bins = 2048}, "a power of two");
  refused({.num_points = -1}, "from 0 to 1000000");
  refused({.num_points = 1'000'001}, "from 0 to 1000000");
  refused({.mean = {1, 2}}, "the mean must have 3 numbers");
  refused({.mean = {1, 2, kInfinity}}, "the mean must be finite");
}

TEST(DensityTallyTest, MemoryIsReservedBeforeItIsTakenAndGivenBack) {
  const Basis basis = Basis::standard(10);
  const DensityOptions options{.planes = {{0, 1}, {2, 3}}, .num_bins = 64, .num_points = 100};
  const std::int64_t bytes = DensityTally::bytes_needed(basis, options);
  EXPECT_GT(bytes, 3 * 64 * 64 * 8 + 200 * 48);
  EXPECT_LT(bytes, 3 * 64 * 64 * 8 + 200 * 48 + 3000);
  MemoryBudget small(bytes - 1), enough(bytes);
  EXPECT_THAT([&] { DensityTally(std::make_shared<const Basis>(basis), options, small, "encoder.0"); },
              ThrowsMessage<Error>(HasSubstr("2 planes x 64 x 64 bins and 100 points of 'encoder.0'")));
  EXPECT_EQ(small.reserved_bytes(), 0);
  {
    DensityTally tally(std::make_shared<const Basis>(basis), options, enough);
    const DensityTally moved = std::move(tally);
    EXPECT_EQ(enough.reserved_bytes(), bytes);
  }
  EXPECT_EQ(enough.reserved_bytes(), 0);
}

}  // namespace
}  // namespace srm
