#include "srm/test_layer.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "srm/error.h"
#include "srm/verdict.h"
#include "synthetic_rows.h"

namespace srm {
namespace {

using test::anisotropic_rows;
using test::clustered_rows;
using test::gaussian_rows;
using test::random_rotation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<std::int64_t> one_block_a_row(std::int64_t num_rows) {
  std::vector<std::int64_t> blocks(static_cast<std::size_t>(num_rows));
  std::iota(blocks.begin(), blocks.end(), std::int64_t{0});
  return blocks;
}

Basis basis_of(const at::Tensor& vectors) {
  const at::Tensor flat = vectors.contiguous();
  return Basis::from_vectors("test", flat.size(0), flat.size(1),
                             {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()});
}

NullOptions rotations(std::int64_t num_rotations, bool centred = false) {
  NullOptions options;
  options.num_rotations = num_rotations;
  options.centred = centred;
  return options;
}

// Rows that use k axes of n equally often spread over k dimensions; isotropic rows over all.
TEST(EffectiveDimensionTest, CountsTheDimensionsThatRowsUseEvenly) {
  const at::Tensor axes = at::eye(7, at::kDouble);
  EXPECT_NEAR(effective_dimension(axes), 7, 1e-12);
  EXPECT_NEAR(effective_dimension(axes.slice(0, 0, 3)), 3, 1e-12) << "as wide as it is, more numbers than rows";
  EXPECT_NEAR(effective_dimension(axes.slice(0, 0, 3).repeat({9, 1})), 3, 1e-12);
  EXPECT_NEAR(effective_dimension(axes.slice(0, 2, 3)), 1, 1e-12);
  EXPECT_NEAR(effective_dimension(unit_rows(gaussian_rows(20000, 16, 1), false)), 16, 0.1);
  EXPECT_LT(effective_dimension(unit_rows(anisotropic_rows(2000, 64, 4, 1), false)), 2);
}

// Rows 3, 1 and 1 times on the axes 2, 0 and 3 of four.
TEST(TopSharesTest, AreOfTheSumOfFourthPowers) {
  const at::Tensor rows = at::eye(4, at::kDouble).index_select(0, at::tensor({2, 2, 0, 2, 3}, at::kLong));
  const std::vector<TopShare> shares = top_shares(rows, Basis::standard(4));
  ASSERT_EQ(shares.size(), 2u);
  EXPECT_THAT(shares[0].vectors, ElementsAre(2));
  EXPECT_NEAR(shares[0].share, 0.6, 1e-12);
  EXPECT_NEAR(*shares[0].a4_without, 1, 1e-12) << "what is left lies on axes";
  EXPECT_THAT(shares[1].vectors, testing::UnorderedElementsAre(2, 0, 3));
  EXPECT_NEAR(shares[1].share, 1, 1e-12);
  EXPECT_FALSE(shares[1].a4_without) << "one dimension is left";
}

// One heavy coordinate on isotropic rows: A4 without it is nothing.
TEST(TopSharesTest, TellWhatIsLeftWithoutTheHeavyOnes) {
  at::Tensor rows = gaussian_rows(4000, 20, 1);
  rows.select(1, 13).mul_(12);
  const at::Tensor turn = random_rotation(20, 2);
  for (const bool is_turned : {false, true}) {
    const Basis basis = is_turned ? basis_of(turn) : Basis::standard(20);
    const at::Tensor unit = unit_rows(is_turned ? at::mm(rows, turn) : rows, false);
    const std::vector<TopShare> shares = top_shares(unit, basis);
    EXPECT_THAT(shares[0].vectors, ElementsAre(13));
    EXPECT_GT(shares[0].share, 0.9);
    EXPECT_GT(quartic_alignment(unit, basis), 0.3);
    EXPECT_NEAR(*shares[0].a4_without, 0, 0.01);
    EXPECT_NEAR(*shares[1].a4_without, 0, 0.01);
  }
}

TEST(TopSharesTest, OfOtherBasesAreSharesAlone) {
  const at::Tensor rows = unit_rows(gaussian_rows(30, 3, 1), false);
  for (const Basis& basis : {basis_of(gaussian_rows(3, 3, 2)), basis_of(gaussian_rows(5, 3, 2))}) {
    const std::vector<TopShare> shares = top_shares(rows, basis);
    EXPECT_GT(shares[1].share, shares[0].share);
    EXPECT_FALSE(shares[0].a4_without);
  }
  EXPECT_EQ(top_shares(rows, basis_of(gaussian_rows(1, 3, 2))).size(), 1u) << "of one vector there is one share";
  EXPECT_EQ(top_shares(rows, basis_of(gaussian_rows(2, 3, 2)))[1].vectors.size(), 2u);
}

TEST(TestLayerTest, HoldsEveryNumberOfAVerdict) {
  const at::Tensor pre = gaussian_rows(400, 10, 3).sign() + 0.5 * gaussian_rows(400, 10, 4);
  const Nonlinearity tanh{"tanh", pre, [](const at::Tensor& x) { return x.tanh(); }};
  PlaneTestOptions planes;
  planes.epsilon = 0.4;  // all numbers of a row are near 0.3
  const LayerTests tests =
      test_layer(pre.tanh(), one_block_a_row(400), 5000, Basis::standard(10), rotations(99, true), tanh, planes);
  EXPECT_NO_THROW(require_valid(tests, "test"));
  EXPECT_EQ(tests.haar, haar_null(pre.tanh(), Basis::standard(10), rotations(99, true)));
  EXPECT_EQ(tests.num_rows, 400);
  EXPECT_EQ(tests.num_rows_offered, 5000);
  EXPECT_EQ(tests.num_blocks, 400);
  EXPECT_TRUE(tests.centred);
  EXPECT_EQ(tests.nonlinearity->function, "tanh");
  EXPECT_NEAR(tests.nonlinearity->turned.score, tests.haar.score, 1e-15);
  EXPECT_EQ(tests.planes->num_planes, 45);
  EXPECT_LT(tests.planes->arc_alignment->score, -0.5);
  EXPECT_EQ(tests.planes->arc_alignment->haar->num_rotations(), 60);
  EXPECT_EQ(alignment_of(tests), Alignment::kDiagonal);
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kYes);
  EXPECT_THAT(verdict(tests), HasSubstr("diagonal: A4 = -0."));
}

TEST(TestLayerTest, WithoutMoreHasNoMore) {
  const LayerTests tests =
      test_layer(gaussian_rows(30, 4, 1), one_block_a_row(30), 30, Basis::standard(4), rotations(40));
  EXPECT_FALSE(tests.nonlinearity);
  EXPECT_FALSE(tests.planes);
  EXPECT_EQ(beyond_nonlinearity(tests), BeyondNonlinearity::kNotComputable);
}

// Rows that are not scored are in no block.
TEST(TestLayerTest, BlocksFollowTheRowsThatAreLeft) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const at::Tensor rows = at::tensor({1.0, 0.0, nan, 1.0, 0.0, 0.0, 0.6, 0.8}, at::kDouble).view({4, 2});
  const LayerTests tests = test_layer(rows, std::vector<std::int64_t>{5, 6, 7, 8}, 9, Basis::standard(2), rotations(5));
  EXPECT_EQ(tests.num_rows, 2);
  EXPECT_EQ(tests.num_blocks, 2);
  // A4 of the two rows is 1 and 4 (0.6^4 + 0.8^4) - 3 = -0.8432: half their difference.
  EXPECT_NEAR(tests.standard_error, (1 + 0.8432) / 2, 1e-12);
}

TEST(TestLayerTest, C4HasTheBlocksOfTheRowsThatAreLeft) {
  at::Tensor rows = gaussian_rows(60, 5, 3);
  rows[20].zero_();
  std::vector<std::int64_t> blocks = one_block_a_row(60);
  for (std::int64_t& block : blocks) block /= 4;
  PlaneTestOptions planes;
  planes.epsilon = 0.6;
  const LayerTests tests = test_layer(rows, blocks, 60, Basis::standard(5), rotations(2), std::nullopt, planes);
  blocks.erase(blocks.begin() + 20);
  EXPECT_EQ(*tests.planes, plane_tests(unit_rows(rows, false), Basis::standard(5), planes, blocks));
}

// Over many samples of clustered rows the block error is the spread of A4, and the error of single rows is far below
// it.
TEST(TestLayerTest, TheBlockErrorIsTheSpreadOfA4) {
  constexpr int kTrials = 60;
  double sum = 0, square = 0, by_block = 0, by_row = 0;
  for (unsigned seed = 0; seed < kTrials; ++seed) {
    const at::Tensor centres = gaussian_rows(40, 6, seed);
    const at::Tensor rows = centres.repeat_interleave(15, 0) + 0.3 * gaussian_rows(600, 6, seed + 1000);
    std::vector<std::int64_t> blocks = one_block_a_row(600);
    by_row += test_layer(rows, blocks, 600, Basis::standard(6), rotations(2)).standard_error / kTrials;
    for (std::int64_t& block : blocks) block /= 15;
    const LayerTests tests = test_layer(rows, blocks, 600, Basis::standard(6), rotations(2));
    by_block += tests.standard_error / kTrials;
    sum += tests.haar.score;
    square += tests.haar.score * tests.haar.score;
  }
  const double spread = std::sqrt((square - sum * sum / kTrials) / (kTrials - 1));
  EXPECT_NEAR(by_block / spread, 1, 0.3);
  EXPECT_LT(by_row / spread, 0.6);
}

TEST(TestLayerTest, BadInputIsNamed) {
  const at::Tensor rows = gaussian_rows(4, 3, 1);
  EXPECT_THAT([&] { test_layer(rows, one_block_a_row(3), 4, Basis::standard(3), rotations(5)); },
              ThrowsMessage<Error>(HasSubstr("got 4 rows, 3 blocks and 4 offered")));
  EXPECT_THAT([&] { test_layer(rows, one_block_a_row(4), 3, Basis::standard(3), rotations(5)); },
              ThrowsMessage<Error>(HasSubstr("and 3 offered")));
  EXPECT_THROW(test_layer(rows, one_block_a_row(4), 4, Basis::standard(5), rotations(5)), Error);
}

}  // namespace
}  // namespace srm
