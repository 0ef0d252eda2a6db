#include "srm/layer_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "layer_tests_examples.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(LayerTestsTest, WhatIsTestedIsValid) {
  LayerTests tests = test::layer_tests(0.1);
  EXPECT_NO_THROW(require_valid(tests, "here"));
  tests.standard_error = std::numeric_limits<double>::quiet_NaN();
  tests.planes->map.reset();
  EXPECT_NO_THROW(require_valid(tests, "of before there were maps"));
  tests.planes->map = PlaneMap{{3}, {}, {}, {}, {}};
  EXPECT_NO_THROW(require_valid(tests, "of one vector"));
  tests.planes->arc_alignment->standard_error = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NO_THROW(require_valid(tests, "of one block"));
  tests.planes->arc_alignment->haar.reset();
  EXPECT_NO_THROW(require_valid(tests, "C4 is undefined in rotations"));
  tests.planes->arc_alignment.reset();
  EXPECT_NO_THROW(require_valid(tests, "of before C4 was tested"));
  tests.nonlinearity.reset();
  tests.planes.reset();
  tests.top_shares.clear();
  EXPECT_NO_THROW(require_valid(tests, "here"));
}

TEST(LayerTestsTest, MapsAreEqualWhereTheirNumbersAre) {
  const PlaneMap map = *test::layer_tests(0.1).planes->map;
  EXPECT_EQ(map, map) << "a plane without numbers is one";
  const std::function<void(PlaneMap&)> changes[] = {
      [](PlaneMap& m) { m.vectors[2] = 10; },   [](PlaneMap& m) { m.c4[2] = 0; },
      [](PlaneMap& m) { m.hit_rate[0] = 0.5; }, [](PlaneMap& m) { m.q_c4[1] = m.c4[2]; },
      [](PlaneMap& m) { m.q_hit_rate[0] = 0; }, [](PlaneMap& m) { m.c4.pop_back(); }};
  for (const auto& change : changes) {
    PlaneMap other = map;
    change(other);
    EXPECT_NE(map, other);
  }
  EXPECT_EQ(map.place(0, 1), 0U);
  EXPECT_EQ(map.place(0, 2), 1U);
  EXPECT_EQ(map.place(1, 2), 2U);
}

TEST(LayerTestsTest, WhatContradictsItselfIsNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::pair<const char*, std::function<void(LayerTests&)>> faults[] = {
      {"got 1 and 16", [](LayerTests& t) { t.dim = 1; }},
      {"got 16 and 0", [](LayerTests& t) { t.num_vectors = 0; }},
      {"got 0 of 5000 rows", [](LayerTests& t) { t.num_rows = 0; }},
      {"got 450 of 449 rows", [](LayerTests& t) { t.num_rows_offered = 449; }},
      {"in 451 blocks", [](LayerTests& t) { t.num_blocks = 451; }},
      {"in 0 blocks", [](LayerTests& t) { t.num_blocks = 0; }},
      {"must not be negative", [](LayerTests& t) { t.standard_error = -1; }},
      {"effective dimension must be in [1, 16]; got 0.5", [](LayerTests& t) { t.effective_dimension = 0.5; }},
      {"effective dimension", [nan](LayerTests& t) { t.effective_dimension = nan; }},
      {"a share must be in [0, 1]", [](LayerTests& t) { t.top_shares[0].share = 1.5; }},
      {"A4 finite", [nan](LayerTests& t) { t.top_shares[1].a4_without = nan; }},
      {"a vector must be below 16; got 16", [](LayerTests& t) { t.top_shares[1].vectors[2] = 16; }},
      {"must test the same score",
       [](LayerTests& t) {
         t.nonlinearity->turned = NullTest(0.3, {1, 2});
       }},
      {"epsilon of the hit rate", [](LayerTests& t) { t.planes->epsilon = 0; }},
      {"of the planes some must be tested", [](LayerTests& t) { t.planes->num_planes_tested = 121; }},
      {"against 0 of 60 rotations", [](LayerTests& t) { t.planes->num_pooled = 0; }},
      {"at most 120 planes can be significant; got 121", [](LayerTests& t) { t.planes->num_hit_rate_by = 121; }},
      {"got (3, 3)", [](LayerTests& t) { t.planes->strongest[0].i = 3; }},
      {"got (1, 16)", [](LayerTests& t) { t.planes->strongest[0].j = 16; }},
      {"c4 must be in [-1, 1]", [](LayerTests& t) { t.planes->strongest[0].c4 = 1.1; }},
      {"p and q in [0, 1]", [nan](LayerTests& t) { t.planes->strongest[0].q_hit_rate = nan; }},
      {"C4 must be in [-1, 1]",
       [](LayerTests& t) {
         t.planes->arc_alignment = ArcAlignmentTest{1.5, 0, {}};
       }},
      {"C4 must be in [-1, 1]",
       [nan](LayerTests& t) {
         t.planes->arc_alignment = ArcAlignmentTest{nan, 0, {}};
       }},
      {"in rotations too",
       [](LayerTests& t) {
         t.planes->arc_alignment->haar = NullTest(0.4, {0.1, -1.5});
       }},
      {"standard error of C4", [](LayerTests& t) { t.planes->arc_alignment->standard_error = -0.5; }},
      {"standard error of C4", [](LayerTests& t) { t.planes->arc_alignment->standard_error = 1 / 0.0; }},
      {"must test the same score; got 0.5 and 0.4", [](LayerTests& t) { t.planes->arc_alignment->haar->score = 0.5; }},
      {"in at most 59 rotations; got 60", [](LayerTests& t) { t.planes->num_rotations = 59; }},
      {"must ascend and be below 16",
       [](LayerTests& t) {
         t.planes->map->vectors = {1, 1, 9};
       }},
      {"must ascend and be below 16",
       [](LayerTests& t) {
         t.planes->map->vectors = {1, 3, 16};
       }},
      {"must ascend and be below 16",
       [](LayerTests& t) {
         t.planes->map->vectors = {-1, 3, 9};
       }},
      {"a map must have 3 planes; got 2", [](LayerTests& t) { t.planes->map->hit_rate.pop_back(); }},
      {"a map must have 1 planes; got 3", [](LayerTests& t) { t.planes->map->vectors.pop_back(); }},
      {"c4 in a map", [](LayerTests& t) { t.planes->map->c4[0] = -1.5; }},
      {"c4 in a map", [](LayerTests& t) { t.planes->map->q_c4[2] = 0.5; }},
      {"c4 in a map", [nan](LayerTests& t) { t.planes->map->q_hit_rate[1] = static_cast<float>(nan); }},
  };
  for (const auto& [words, spoil] : faults) {
    LayerTests tests = test::layer_tests(0.1);
    spoil(tests);
    EXPECT_THAT([&] { require_valid(tests, "here"); },
                ThrowsMessage<Error>(AllOf(HasSubstr("[here]"), HasSubstr(words))));
  }
}

}  // namespace
}  // namespace srm
