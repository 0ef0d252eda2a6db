#include "srm/plane_tests.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <vector>

#include "srm/error.h"
#include "synthetic_rows.h"

namespace srm {
namespace {

using test::anisotropic_rows;
using test::gaussian_rows;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Trials are too small to share among threads, which then only wait for each other.
class OneThread : public testing::Environment {
 public:
  void SetUp() override { at::set_num_threads(1); }
};
const testing::Environment* const kOneThread = testing::AddGlobalTestEnvironment(new OneThread);

PlaneTestOptions at_epsilon(double epsilon, std::uint64_t seed = 0) {
  PlaneTestOptions options;
  options.epsilon = epsilon;
  options.seed = seed;
  options.num_strongest = 1000;
  return options;
}

const PlaneTest& plane_of(const PlaneTests& tests, std::int64_t i, std::int64_t j) {
  for (const PlaneTest& plane : tests.strongest) {
    if (plane.i == i && plane.j == j) return plane;
  }
  throw std::runtime_error("no such plane");
}

TEST(PlaneTestsTest, StatisticsEqualTheirClosedForms) {
  const PlaneTests axes = plane_tests(at::eye(5, at::kDouble), Basis::standard(5), at_epsilon(0.9));
  ASSERT_EQ(axes.strongest.size(), 10u);
  for (const PlaneTest& plane : axes.strongest) {
    EXPECT_DOUBLE_EQ(plane.c4, 1);
    EXPECT_DOUBLE_EQ(plane.hit_rate, 0.4) << "two rows of five are in each plane";
  }
  const at::Tensor signs = unit_rows(gaussian_rows(37, 8, 1).sign(), false);
  for (const PlaneTest& plane : plane_tests(signs, Basis::standard(8), at_epsilon(0.5)).strongest) {
    EXPECT_DOUBLE_EQ(plane.c4, -1);
    EXPECT_DOUBLE_EQ(plane.hit_rate, 1) << "r is 0.5 exactly: a tie is a hit";
  }
}

// b_1 is 60 degrees from b_0. The row at 20 degrees has cos(80 deg) in that plane; in the plane of b_1 (first) and b_2
// it has u = cos(40 deg) and v = 0.
TEST(PlaneTestsTest, PlanesOfSkewVectorsAreSeenFromTheirFirstVector) {
  const double degree = std::numbers::pi / 180;
  const Basis skew = Basis::from_vectors("skew", 4, 3, {1, 0, 0, 0.5, std::sqrt(0.75), 0, 0, 0, 1, -1, 0, 0});
  const at::Tensor row = at::tensor({std::cos(20 * degree), std::sin(20 * degree), 0.0}, at::kDouble).view({1, 3});
  const PlaneTests tests = plane_tests(row, skew, at_epsilon(0.9));
  EXPECT_EQ(tests.num_planes, 5) << "b_0 and b_3 are parallel and span no plane";
  EXPECT_EQ(tests.num_planes_tested, 5);
  EXPECT_NEAR(plane_of(tests, 0, 1).c4, std::cos(80 * degree), 1e-12);
  EXPECT_NEAR(plane_of(tests, 1, 2).c4, 1, 1e-12);
  EXPECT_EQ(plane_of(tests, 1, 2).hit_rate, 0) << "cos(40 deg) is below 0.9";
  EXPECT_EQ(plane_of(tests, 0, 1).hit_rate, 1);
}

TEST(PlaneTestsTest, RowsOutsideAPlaneSayNothingOfIt) {
  const PlaneTests tests = plane_tests(at::eye(4, at::kDouble).slice(0, 0, 1), Basis::standard(4), at_epsilon(0.9));
  EXPECT_EQ(plane_of(tests, 2, 3).c4, 0);
  EXPECT_EQ(plane_of(tests, 0, 3).c4, 1);
}

// All p of all planes of a layer with nothing in it, isotropic and not: uniform within what a layer's planes have in
// common, and hardly any false discovery.
TEST(PlaneTestsTest, AreCalibrated) {
  constexpr int kTrials = 40;
  for (const double a : {0.0, 2.0}) {
    int num_with_bh = 0, num_with_by = 0;
    double below_5_percent_c4 = 0, below_5_percent_hit_rate = 0;
    for (unsigned seed = 0; seed < kTrials; ++seed) {
      const at::Tensor rows = unit_rows(anisotropic_rows(150, 10, a, seed), false);
      const PlaneTests tests = plane_tests(rows, Basis::standard(10), at_epsilon(0.7, seed));
      num_with_bh += tests.num_c4_bh + tests.num_hit_rate_bh > 0;
      num_with_by += tests.num_c4_by + tests.num_hit_rate_by > 0;
      for (const PlaneTest& plane : tests.strongest) {
        below_5_percent_c4 += (plane.p_c4 <= 0.05) / (45.0 * kTrials);
        below_5_percent_hit_rate += (plane.p_hit_rate <= 0.05) / (45.0 * kTrials);
      }
    }
    EXPECT_NEAR(below_5_percent_c4, 0.05, 0.025) << a;
    EXPECT_LT(below_5_percent_hit_rate, 0.08) << a;
    EXPECT_LE(num_with_bh, 10) << a;
    EXPECT_LE(num_with_by, 4) << a;
  }
}

// Coordinates 1 and 4 are never large together, 2 and 6 always equally: the one plane is aligned, the other diagonal.
// Coordinates 0 and 3 are large, whatever their direction.
TEST(PlaneTestsTest, FindPlantedPlanesOfEitherSign) {
  at::Tensor rows = gaussian_rows(2000, 8, 3);
  const at::Tensor is_first = gaussian_rows(2000, 1, 4) > 0;
  rows.select(1, 1).copy_((rows.select(1, 1) * is_first.squeeze(1)) * std::numbers::sqrt2);
  rows.select(1, 4).copy_((rows.select(1, 4) * is_first.squeeze(1).logical_not()) * std::numbers::sqrt2);
  rows.select(1, 6).copy_(rows.select(1, 2) * gaussian_rows(2000, 1, 5).sign().squeeze(1));
  rows.select(1, 0).mul_(2);
  rows.select(1, 3).mul_(2);
  const PlaneTests tests = plane_tests(unit_rows(rows, false), Basis::standard(8), at_epsilon(0.8));
  const PlaneTest& aligned = plane_of(tests, 1, 4);
  EXPECT_DOUBLE_EQ(aligned.c4, 1);
  EXPECT_LE(aligned.q_c4, 0.05);
  const PlaneTest& diagonal = plane_of(tests, 2, 6);
  EXPECT_DOUBLE_EQ(diagonal.c4, -1);
  EXPECT_LE(diagonal.q_c4, 0.05);
  const PlaneTest& large = plane_of(tests, 0, 3);
  EXPECT_LE(large.q_hit_rate, 0.05);
  EXPECT_GT(large.q_c4, 0.05) << "no direction in it is special";
  EXPECT_GE(tests.num_c4_bh, 2);
  EXPECT_LE(tests.num_c4_by, tests.num_c4_bh);
  EXPECT_TRUE((tests.strongest[0] == aligned && tests.strongest[1] == diagonal) ||
              (tests.strongest[0] == diagonal && tests.strongest[1] == aligned));
}

TEST(PlaneTestsTest, WorkIsBoundedBySeededSubsetsWhichAreCounted) {
  const at::Tensor rows = unit_rows(gaussian_rows(20, 30, 1), false);
  PlaneTestOptions options = at_epsilon(0.5);
  options.num_rotations = 10;
  options.max_pooled = 1000;
  options.max_planes_tested = 50;
  options.num_strongest = 7;
  const PlaneTests tests = plane_tests(rows, Basis::standard(30), options);
  EXPECT_EQ(tests.num_planes, 435);
  EXPECT_EQ(tests.num_planes_tested, 50);
  EXPECT_EQ(tests.num_pooled, 1000) << "100 of each rotation's 435";
  EXPECT_EQ(tests.strongest.size(), 7u);
  EXPECT_EQ(tests, plane_tests(rows, Basis::standard(30), options));
  options.seed = 1;
  EXPECT_NE(tests, plane_tests(rows, Basis::standard(30), options));
  options.max_pooled = 1 << 20;
  EXPECT_EQ(plane_tests(rows, Basis::standard(30), options).num_pooled, 4350) << "all";
}

// Of up to 64 vectors the map has all that was tested, to the rounding of float.
TEST(PlaneTestsTest, TheMapHasEveryPlane) {
  const Basis skew = Basis::from_vectors("skew", 4, 3, {1, 0, 0, 0.5, std::sqrt(0.75), 0, 0, 0, 1, -1, 0, 0});
  for (const Basis& basis : {Basis::standard(3), skew}) {
    const PlaneTests tests = plane_tests(unit_rows(gaussian_rows(40, 3, 2), false), basis, at_epsilon(0.6));
    ASSERT_TRUE(tests.map);
    EXPECT_EQ(std::ssize(tests.map->vectors), basis.num_vectors());
    EXPECT_EQ(std::ssize(tests.map->c4), basis.num_vectors() * (basis.num_vectors() - 1) / 2);
    for (const PlaneTest& plane : tests.strongest) {
      const std::size_t p = tests.map->place(static_cast<std::size_t>(plane.i), static_cast<std::size_t>(plane.j));
      EXPECT_EQ(tests.map->c4[p], static_cast<float>(plane.c4));
      EXPECT_EQ(tests.map->q_c4[p], static_cast<float>(plane.q_c4));
      EXPECT_EQ(tests.map->hit_rate[p], static_cast<float>(plane.hit_rate));
      EXPECT_EQ(tests.map->q_hit_rate[p], static_cast<float>(plane.q_hit_rate));
    }
  }
  const PlaneMap map = *plane_tests(unit_rows(gaussian_rows(40, 3, 2), false), skew, at_epsilon(0.6)).map;
  for (const auto* numbers : {&map.c4, &map.q_c4, &map.hit_rate, &map.q_hit_rate}) {
    EXPECT_TRUE(std::isnan((*numbers)[map.place(0, 3)])) << "b_0 and b_3 are parallel";
  }
}

// Of more vectors it has those of the strongest planes: each plane that is stronger than the one that brought the last
// vector in is whole in it.
TEST(PlaneTestsTest, TheMapOfManyVectorsHoldsTheStrongestPlanes) {
  at::Tensor rows = gaussian_rows(60, 90, 5);
  rows.select(1, 80).copy_(rows.select(1, 17));  // a diagonal plane
  PlaneTestOptions options = at_epsilon(0.3);
  options.num_rotations = 5;
  options.num_strongest = 5000;
  const PlaneTests tests = plane_tests(unit_rows(rows, false), Basis::standard(90), options);
  ASSERT_TRUE(tests.map);
  const std::vector<std::int64_t>& vectors = tests.map->vectors;
  ASSERT_EQ(vectors.size(), 64U);
  EXPECT_TRUE(std::is_sorted(vectors.begin(), vectors.end()));
  const auto place_of = [&](std::int64_t vector) {
    return static_cast<std::size_t>(std::find(vectors.begin(), vectors.end(), vector) - vectors.begin());
  };
  std::set<std::int64_t> first;
  for (const PlaneTest& plane : tests.strongest) {
    for (const std::int64_t vector : {plane.i, plane.j}) {
      if (first.size() < 64) first.insert(vector);
    }
    if (!first.contains(plane.i) || !first.contains(plane.j)) continue;
    EXPECT_EQ(tests.map->c4[tests.map->place(place_of(plane.i), place_of(plane.j))], static_cast<float>(plane.c4));
  }
  EXPECT_EQ(std::vector<std::int64_t>(first.begin(), first.end()), vectors);
  EXPECT_TRUE(std::binary_search(vectors.begin(), vectors.end(), 17) &&
              std::binary_search(vectors.begin(), vectors.end(), 80));
}

TEST(PlaneTestsTest, PlanesThatWereNotTestedAreBlankInTheMap) {
  PlaneTestOptions options = at_epsilon(0.5);
  options.num_rotations = 5;
  options.max_planes_tested = 50;
  const PlaneTests tests = plane_tests(unit_rows(gaussian_rows(20, 30, 1), false), Basis::standard(30), options);
  const auto& c4 = tests.map->c4;
  EXPECT_EQ(c4.size(), 435U);
  EXPECT_EQ(std::count_if(c4.begin(), c4.end(), [](float value) { return !std::isnan(value); }), 50);
}

TEST(PlaneTestsTest, ThreadsChangeNothing) {
  for (const auto& [dim, epsilon] : {std::pair{12, 0.3}, {140, 0.2}}) {
    const at::Tensor rows = unit_rows(gaussian_rows(40, dim, 1), true);
    const PlaneTests one = plane_tests(rows, Basis::standard(dim), at_epsilon(epsilon));
    EXPECT_EQ(one.arc_alignment->haar->num_rotations(), 60);
    at::set_num_threads(3);
    EXPECT_EQ(one, plane_tests(rows, Basis::standard(dim), at_epsilon(epsilon)));
    at::set_num_threads(1);
  }
}

TEST(PlaneTestsTest, OfOneVectorThereIsNoPlane) {
  const PlaneTests tests =
      plane_tests(gaussian_rows(5, 2, 1), Basis::from_vectors("one", 1, 2, {1, 0}), at_epsilon(0.9));
  EXPECT_EQ(tests.num_planes, 0);
  EXPECT_EQ(tests.num_c4_bh, 0);
  EXPECT_TRUE(tests.strongest.empty());
  EXPECT_EQ(tests.map->vectors, std::vector<std::int64_t>{0});
  EXPECT_TRUE(tests.map->c4.empty());
  EXPECT_FALSE(tests.arc_alignment);
}

TEST(PlaneTestsTest, BadInputIsNamed) {
  const at::Tensor rows = gaussian_rows(5, 4, 1);
  EXPECT_THAT([&] { plane_tests(rows, Basis::standard(4), at_epsilon(0)); },
              ThrowsMessage<Error>(HasSubstr("got epsilon 0, 60 rotations")));
  EXPECT_THROW(plane_tests(rows, Basis::standard(4), at_epsilon(1.5)), Error);
  EXPECT_THROW(plane_tests(rows, Basis::standard(3), at_epsilon(0.9)), Error);
  EXPECT_THAT(
      [&] {
        plane_tests(rows, Basis::standard(4), at_epsilon(0.9), std::vector<std::int64_t>{1, 2});
      },
      ThrowsMessage<Error>(HasSubstr("every row must have a block; got 5 rows and 2 blocks")));
  PlaneTestOptions options = at_epsilon(0.9);
  options.num_rotations = 0;
  EXPECT_THAT([&] { plane_tests(rows, Basis::standard(4), options); }, ThrowsMessage<Error>(HasSubstr("0 rotations")));
}

}  // namespace
}  // namespace srm
