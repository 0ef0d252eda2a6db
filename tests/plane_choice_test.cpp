#include "srm/plane_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Kind = PlaneChoice::Kind;

constexpr auto kCombination = Pairs::kCombination;
constexpr auto kPermutation = Pairs::kPermutation;

PlaneChoice drawn(std::int64_t num_planes, std::uint64_t seed) { return {Kind::kRandom, num_planes, seed}; }
PlaneChoice listed(std::vector<Plane> planes) { return {Kind::kListed, 0, 0, std::move(planes)}; }

// The first and the third vector are parallel.
Basis twins() { return Basis::from_vectors("twins", 4, 2, {1, 0, 0, 1, -1, 0, 0.6, 0.8}); }

// index() and planes() are two ways to say the same.
void expect_index_is_place(const ChosenPlanes& chosen, std::int64_t num_vectors) {
  const std::vector<Plane> planes = chosen.planes();
  ASSERT_EQ(std::ssize(planes), chosen.num_planes());
  std::int64_t num_found = 0;
  for (std::int64_t i = -1; i <= num_vectors; ++i) {
    for (std::int64_t j = -1; j <= num_vectors; ++j) {
      const std::int64_t place = chosen.index(i, j);
      if (place < 0) continue;
      ++num_found;
      EXPECT_EQ(planes.at(static_cast<std::size_t>(place)), (Plane{i, j}));
    }
  }
  EXPECT_EQ(num_found, chosen.num_planes());
}

TEST(PlaneChoiceTest, IndexIsThePlaceInTheList) {
  for (const Pairs pairs : {kCombination, kPermutation}) {
    for (const Basis& basis : {Basis::standard(7), twins()}) {
      const PlaneSet set(basis, pairs);
      std::vector<PlaneChoice> choices = {{}, {Kind::kNone}, listed({set.plane(3), set.plane(0), set.plane(4)})};
      for (std::int64_t n = 1; n <= set.num_planes() + 1; ++n) choices.push_back(drawn(n, 5));
      for (const PlaneChoice& choice : choices) {
        const ChosenPlanes chosen(set, choice, "test");
        expect_index_is_place(chosen, basis.num_vectors());
        EXPECT_EQ(chosen.num_planes(), ChosenPlanes::num_chosen(set, choice));
        EXPECT_EQ(chosen.has_all(), chosen.num_planes() == set.num_planes());
      }
    }
  }
}

TEST(PlaneChoiceTest, AListIsPutInOrder) {
  const PlaneSet set(Basis::standard(4), kPermutation);
  const ChosenPlanes chosen(set, listed({{3, 0}, {0, 3}, {0, 1}}), "test");
  EXPECT_THAT(chosen.planes(), ElementsAre(Plane{0, 1}, Plane{0, 3}, Plane{3, 0}));
}

// Files of two machines can be merged only if both drew the same: these are the draws of the generator's standard.
TEST(PlaneChoiceTest, ASeedDrawsTheSamePlanesEverywhere) {
  const PlaneSet set(Basis::standard(100), kCombination);
  EXPECT_THAT(ChosenPlanes(set, drawn(4, 7), "test").planes(),
              ElementsAre(Plane{1, 53}, Plane{12, 37}, Plane{15, 64}, Plane{45, 46}));
  EXPECT_NE(ChosenPlanes(set, drawn(4, 7), "test").planes(), ChosenPlanes(set, drawn(4, 8), "test").planes());
}

// Every set of planes is as likely, whether those taken are drawn or those left out.
TEST(PlaneChoiceTest, DrawsAreEven) {
  const PlaneSet set(Basis::standard(4), kCombination);  // 6 planes
  for (const std::int64_t num_planes : {2, 4}) {
    std::map<std::vector<std::int64_t>, int> times;
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
      std::vector<std::int64_t> places;
      for (const Plane& plane : ChosenPlanes(set, drawn(num_planes, seed), "test").planes()) {
        places.push_back(set.index(plane.i, plane.j));
      }
      ++times[places];
    }
    ASSERT_EQ(times.size(), 15U);
    double chi_squared = 0;
    for (const auto& [places, count] : times) chi_squared += (count - 200.0) * (count - 200.0) / 200.0;
    EXPECT_LT(chi_squared, 36.1) << "one in a thousand at 14 degrees of freedom";
  }
}

TEST(PlaneChoiceTest, WidePlanesAreDrawnWithoutListingAll) {
  const PlaneSet set(Basis::standard(100'000), kPermutation);
  const ChosenPlanes chosen(set, drawn(1000, 3), "test");
  EXPECT_EQ(chosen.num_planes(), 1000);
  for (const Plane& plane : chosen.planes()) EXPECT_GE(chosen.index(plane.i, plane.j), 0);
}

TEST(PlaneChoiceTest, HasAName) {
  EXPECT_EQ(to_string(PlaneChoice()), "all");
  EXPECT_EQ(to_string(drawn(64, 1)), "random:64");
  EXPECT_EQ(to_string(listed({{0, 1}})), "listed");
  EXPECT_EQ(to_string(PlaneChoice{Kind::kNone}), "none");
}

TEST(PlaneChoiceTest, WhatIsWrongWithAListIsNamed) {
  const auto expect_refused = [](const PlaneChoice& choice, Pairs pairs, const char* words) {
    const PlaneSet set(twins(), pairs);
    EXPECT_THAT([&] { ChosenPlanes(set, choice, "encoder"); },
                ThrowsMessage<Error>(AllOf(HasSubstr("[encoder]"), HasSubstr(words))));
  };
  expect_refused(drawn(0, 1), kCombination, "number of planes drawn must be 1 or more; got 0");
  expect_refused(listed({}), kCombination, "a list of planes must name one");
  expect_refused(listed({{1, 1}}), kCombination, "two different basis vectors, which count from 0; got (1, 1)");
  expect_refused(listed({{0, -1}}), kCombination, "got (0, -1)");
  expect_refused(listed({{0, 4}}), kCombination, "two of the 4 basis vectors, which count from 0; got (0, 4)");
  expect_refused(listed({{0, 1}, {2, 3}, {0, 1}}), kCombination, "no plane may be listed twice; got (0, 1) twice");
  expect_refused(listed({{3, 1}}), kCombination, "i < j; got (3, 1); write (1, 3)");
  expect_refused(listed({{0, 2}}), kCombination, "vectors that are not parallel; got (0, 2)");
  expect_refused(listed({{2, 0}}), kPermutation, "got (2, 0)");
}

TEST(PlaneChoiceTest, DegeneratePlanesMayBeListedWhereTheyAreKept) {
  const PlaneSet set(twins(), kCombination, DegeneratePlanes::kKeptAsZeros);
  EXPECT_THAT(ChosenPlanes(set, listed({{0, 2}}), "test").planes(), ElementsAre(Plane{0, 2}));
}

}  // namespace
}  // namespace srm
