#include "srm/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "layer_tests_examples.h"

namespace srm {
namespace {

using test::even_null;
using test::layer_tests;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(AlignmentTest, IsTheSideOfTheNullWherePIsSmall) {
  EXPECT_EQ(alignment_of(layer_tests(0.2)), Alignment::kAligned);
  EXPECT_EQ(alignment_of(layer_tests(-0.2)), Alignment::kDiagonal);
  EXPECT_EQ(alignment_of(layer_tests(0.02)), Alignment::kNone);
  EXPECT_EQ(alignment_of(layer_tests(0.2), 0.001), Alignment::kNone) << "p is 0.01";
}

// Null scores are k / 1024: above 95.5 of them lie 4, above 94.5 there are 5.
TEST(AlignmentTest, TurnsAtAlpha) {
  EXPECT_EQ(alignment_of(layer_tests(95.5 / 1024)), Alignment::kAligned) << "p = 2 (1 + 4) / 200";
  EXPECT_EQ(alignment_of(layer_tests(94.5 / 1024)), Alignment::kNone) << "p = 2 (1 + 5) / 200";
}

TEST(BeyondNonlinearityTest, IsYesOnlyWhereBothNullsSaySo) {
  LayerTests tests = layer_tests(0.2);
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kYes);
  tests.nonlinearity->mean_kept = NullTest(0.2, even_null(0.2));
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kNullsDisagree);
  tests.nonlinearity->turned = NullTest(0.2, even_null(0.2));
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kNo);
  tests.nonlinearity.reset();
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kNotComputable);
}

// Aligned, but significantly less so than the function makes of turned rows: that is not beyond it.
TEST(BeyondNonlinearityTest, CountsOnTheSideOfTheAlignmentAlone) {
  LayerTests tests = layer_tests(0.2);
  tests.nonlinearity->turned = tests.nonlinearity->mean_kept = NullTest(0.2, even_null(0.4));
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kNo);
  tests = layer_tests(-0.2);
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kYes);
  tests.nonlinearity->turned = tests.nonlinearity->mean_kept = NullTest(-0.2, even_null(-0.4));
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kNo);
}

TEST(BeyondNonlinearityTest, IsNoWithoutAnAlignment) {
  LayerTests tests = layer_tests(0.02);
  tests.nonlinearity->turned = tests.nonlinearity->mean_kept = NullTest(0.02, even_null(-0.4));
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kNo);
}

TEST(VerdictTest, SaysEverythingOfAnAlignedLayer) {
  EXPECT_EQ(
      verdict(layer_tests(0.2)),
      "aligned: A4 = +0.2 +- 0.012 (block standard error), p = 0.01 against R = 199 Haar rotations (mean +0, sd "
      "0.056, skew +0.00, z +3.6); effective dimension 9.2 of 16; vector 3 carries 25 % of the fourth powers (A4 "
      "without it +0.1); vectors 3, 1, 15 carry 50 % (A4 without them +0.05); centred; beyond the nonlinearity's "
      "own effect: yes (tanh of turned pre-activations has A4 -0.05, sd 0.056, p = 0.01 (M1); with their mean kept "
      "+0.05, sd 0.056, p = 0.01 (M1c)); of 120 planes 12 are significant by c4 and 3 by hit rate at epsilon 0.558 "
      "(Benjamini-Hochberg, 5 %; Benjamini-Yekutieli 5 and 0); 450 of 5000 rows, in 60 blocks. Consistent with a "
      "privileged basis.");
}

TEST(VerdictTest, OfADiagonalLayerWithoutMoreIsShort) {
  LayerTests tests{.haar = NullTest(-0.2, even_null())};
  tests.dim = 8;
  tests.num_vectors = 3;
  tests.num_rows = tests.num_rows_offered = 20;
  tests.num_blocks = 1;
  tests.standard_error = std::numeric_limits<double>::quiet_NaN();
  tests.effective_dimension = 1;
  tests.top_shares = {{{0}, 0.5, std::nullopt}};
  EXPECT_EQ(
      verdict(tests),
      "diagonal: A4 = -0.2 (one block, so no standard error), p = 0.01 against R = 199 Haar rotations (mean +0, sd "
      "0.056, skew +0.00, z -3.6); effective dimension 1.0 of 8; vector 0 carries 50 % of the fourth powers; not "
      "centred; beyond a nonlinearity's own effect: not computable (no function known: --nonlinearity); 20 of 20 "
      "rows, in 1 block. Consistent with a privileged basis.");
}

TEST(VerdictTest, OfNoneSaysWhatWouldHaveBeenSeen) {
  LayerTests tests = layer_tests(0.02);
  tests.planes.reset();
  EXPECT_THAT(verdict(tests),
              AllOf(testing::StartsWith("none beyond chance: A4 = +0.02 +- 0.012"),
                    HasSubstr("; above +0.093 or below -0.093 it would have been seen; effective"),
                    HasSubstr("effect: no (tanh"), testing::EndsWith(". No sign of a privileged basis."),
                    Not(HasSubstr("onsistent"))));
  tests.haar = NullTest(0.02, even_null(0.05));
  EXPECT_THAT(verdict(tests), HasSubstr("; above +0.14 or below -0.043 it would have been seen; "))
      << "the null need not lie around 0";
  LayerTests few = layer_tests(0);
  few.haar = NullTest(0, {-1, 1, 2});
  EXPECT_THAT(verdict(few), HasSubstr("; no A4 would have been seen: R = 3 is too few for p <= 0.05; "));
}

TEST(VerdictTest, OfNoneTellsWhereC4OrSinglePlanesDifferAllTheSame) {
  LayerTests tests = layer_tests(0.02);
  EXPECT_THAT(verdict(tests), testing::EndsWith(". A4 shows no privileged basis, but C4 at epsilon 0.558 (p = 0.0328) "
                                                "and single planes differ from random rotations: look there."));
  tests.planes->num_c4_by = 0;
  EXPECT_THAT(verdict(tests), testing::EndsWith(", but C4 at epsilon 0.558 (p = 0.0328) differs from random rotations: "
                                                "look there."));
  tests.planes->arc_alignment->haar.reset();
  EXPECT_THAT(verdict(tests), testing::EndsWith(". No sign of a privileged basis."));
  tests.planes->arc_alignment.reset();
  tests.planes->num_c4_by = 1;
  EXPECT_THAT(verdict(tests), testing::EndsWith(", but single planes differ from random rotations: look there."));
}

TEST(VerdictTest, NamesWhereTheNullsDisagreeAndWhereTheFunctionAloneDoesIt) {
  LayerTests tests = layer_tests(0.2);
  tests.nonlinearity->turned = NullTest(0.2, even_null(0.2));
  EXPECT_THAT(verdict(tests), AllOf(HasSubstr("own effect: M1 and M1c disagree (tanh of turned pre-activations has A4 "
                                              "+0.2, sd 0.056, p = 1 (M1); with their mean kept +0.05"),
                                    testing::EndsWith("rows, in 60 blocks. Consistent with a privileged basis.")));
  tests.nonlinearity->mean_kept = NullTest(0.2, even_null(0.2));
  EXPECT_THAT(verdict(tests), testing::EndsWith("Consistent with a privileged basis, but no more so than the function "
                                                "makes of any pre-activations."));
}

TEST(VerdictTest, SaysWhenOnlySomePlanesWereTested) {
  LayerTests tests = layer_tests(0.2);
  tests.planes->num_planes = 5000;
  EXPECT_THAT(verdict(tests), HasSubstr("; of 120 planes drawn from 5000 12 are significant"));
}

TEST(VerdictTest, NeverSpeaksOfCauses) {
  for (const double a4 : {-0.2, 0.0, 0.2}) EXPECT_THAT(verdict(layer_tests(a4)), Not(HasSubstr("cause")));
}

}  // namespace
}  // namespace srm
