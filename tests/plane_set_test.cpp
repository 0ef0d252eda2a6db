#include "srm/plane_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace srm {
namespace {

using testing::ElementsAre;

constexpr auto kCombination = Pairs::kCombination;
constexpr auto kPermutation = Pairs::kPermutation;

Basis twins() { return Basis::from_vectors("twins", 4, 2, {1, 0, 0, 1, -1, 0, 0.6, 0.8}); }

// index() and planes() are two ways to say the same.
void expect_index_is_place(const PlaneSet& set) {
  const std::vector<Plane> planes = set.planes();
  ASSERT_EQ(static_cast<std::int64_t>(planes.size()), set.num_planes());
  std::int64_t num_found = 0;
  for (std::int64_t i = -1; i <= set.num_vectors(); ++i) {
    for (std::int64_t j = -1; j <= set.num_vectors(); ++j) {
      const std::int64_t place = set.index(i, j);
      if (place < 0) continue;
      ++num_found;
      EXPECT_EQ(planes.at(static_cast<std::size_t>(place)), (Plane{i, j}));
    }
  }
  EXPECT_EQ(num_found, set.num_planes());
}

TEST(PlaneSetTest, CombinationsAndPermutationsAreInLexicographicOrder) {
  const PlaneSet combinations(Basis::standard(3), kCombination);
  EXPECT_THAT(combinations.planes(), ElementsAre(Plane{0, 1}, Plane{0, 2}, Plane{1, 2}));
  const PlaneSet permutations(Basis::standard(3), kPermutation);
  EXPECT_THAT(permutations.planes(),
              ElementsAre(Plane{0, 1}, Plane{0, 2}, Plane{1, 0}, Plane{1, 2}, Plane{2, 0}, Plane{2, 1}));
  EXPECT_EQ(combinations.index(2, 1), -1);
  EXPECT_TRUE(combinations.is_orthogonal());
}

TEST(PlaneSetTest, IndexIsThePlaceInTheList) {
  for (const Pairs pairs : {kCombination, kPermutation}) {
    for (const DegeneratePlanes degenerate : {DegeneratePlanes::kLeftOut, DegeneratePlanes::kKeptAsZeros}) {
      expect_index_is_place(PlaneSet(Basis::standard(7), pairs, degenerate));
      expect_index_is_place(PlaneSet(twins(), pairs, degenerate));
    }
  }
}

TEST(PlaneSetTest, NoneOrOneVectorHasNoPlanes) {
  for (const Pairs pairs : {kCombination, kPermutation}) {
    EXPECT_EQ(PlaneSet(Basis::standard(1), pairs).num_planes(), 0);
    EXPECT_EQ(PlaneSet(Basis::from_vectors("none", 0, 3, {}), pairs).num_planes(), 0);
    EXPECT_EQ(PlaneSet(Basis::from_vectors("one", 1, 3, {1, 2, 3}), pairs).num_planes(), 0);
  }
}

TEST(PlaneSetTest, ShapesSayHowInPlaneCoordinatesFollow) {
  const PlaneSet set(Basis::from_vectors("skew", 2, 2, {1, 0, 0.6, 0.8}), kPermutation);
  for (const PlaneShape shape : {set.shape(0, 1), set.shape(1, 0)}) {
    EXPECT_DOUBLE_EQ(shape.cosine, 0.6);
    EXPECT_DOUBLE_EQ(shape.inverse_sine, 1.25);
  }
  EXPECT_FALSE(set.is_orthogonal());
  EXPECT_DOUBLE_EQ(set.smallest_gap(0), 0.4);
}

TEST(PlaneSetTest, OppositeVectorsLoseTheirPlanesOrKeepThem) {
  const PlaneSet left_out(twins(), kPermutation);
  EXPECT_EQ(left_out.num_planes(), 10);
  EXPECT_EQ(left_out.num_left_out(), 2);
  EXPECT_EQ(left_out.num_kept_as_zeros(), 0);
  EXPECT_EQ(left_out.index(0, 2), -1);
  const PlaneSet kept(twins(), kPermutation, DegeneratePlanes::kKeptAsZeros);
  EXPECT_EQ(kept.num_planes(), 12);
  EXPECT_EQ(kept.num_left_out(), 0);
  EXPECT_EQ(kept.num_kept_as_zeros(), 2);
  EXPECT_EQ(kept.shape(2, 0).inverse_sine, 0);
}

TEST(PlaneSetTest, ZeroVectorsSpanNothing) {
  const Basis basis = Basis::from_vectors("zero", 3, 2, {1, 0, 0, 0, 0, 1}, VectorLengths::kKept);
  EXPECT_THAT(PlaneSet(basis, kCombination).planes(), ElementsAre(Plane{0, 2}));
  EXPECT_EQ(PlaneSet(basis, kCombination, DegeneratePlanes::kKeptAsZeros).num_kept_as_zeros(), 2);
}

// Lengths are of no account: a short vector is not a parallel one.
TEST(PlaneSetTest, ParallelIsSaidOfUnitVectors) {
  for (const double apart : {1.9e-7, 2.1e-7}) {
    for (const double length : {1e-5, 1.0, 1e5}) {
      const Basis basis = Basis::from_vectors("near", 2, 2, {1, 0, length, length * apart}, VectorLengths::kKept);
      EXPECT_EQ(PlaneSet(basis, kCombination).num_left_out(), apart < 2e-7 ? 1 : 0) << apart << " " << length;
    }
  }
}

// 1 - cosine itself has lost nearly all digits there.
TEST(PlaneSetTest, GapOfNearlyParallelVectorsIsExact) {
  for (const double angle : {1e-3, 1e-5, 1e-6, 3e-7}) {
    const PlaneSet set(Basis::from_vectors("near", 2, 2, {1, 0, std::cos(angle), std::sin(angle)}), kCombination);
    const double half_sine = std::sin(angle / 2);
    EXPECT_NEAR(set.smallest_gap(1) / (2 * half_sine * half_sine), 1, 1e-8) << angle;
  }
}

TEST(PlaneSetTest, MemoryIsStatedForAnyNumberOfVectors) {
  EXPECT_EQ(PlaneSet::bytes_needed(Basis::standard(2147483647), kPermutation), 0);
  EXPECT_GE(PlaneSet::bytes_needed(twins(), kCombination), 6 * static_cast<std::int64_t>(sizeof(PlaneShape)));
}

TEST(PlaneSetTest, NamesAreThoseOfFilesAndCommandLine) {
  EXPECT_STREQ(to_string(kCombination), "combination");
  EXPECT_STREQ(to_string(kPermutation), "permutation");
}

}  // namespace
}  // namespace srm
