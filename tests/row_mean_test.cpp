#include "srm/row_mean.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "brute_force.h"

namespace srm {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(RowMeanTest, IsOfFiniteNonZeroRowsOnly) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> rows = {1, 2, 0, 0, nan, 5, 3, -infinity, 3, 0};
  RowMean mean(2);
  mean.update(rows.data(), 5, 2);
  EXPECT_EQ(mean.num_rows(), 2);
  EXPECT_THAT(mean.mean(), ElementsAre(2, 1));
}

TEST(RowMeanTest, OfNothingIsZeros) {
  RowMean mean(3);
  mean.update(static_cast<const float*>(nullptr), 0, 3);
  EXPECT_EQ(mean.dim(), 3);
  EXPECT_EQ(mean.num_rows(), 0);
  EXPECT_THAT(mean.mean(), Each(0));
}

// Centred results merge only when their means are equal to the last bit.
TEST(RowMeanTest, HowRowsAreCutIntoCallsChangesNothing) {
  const std::vector<double> rows = test::gaussian(1000 * 3, 4);
  RowMean once(3), pieces(3);
  once.update(rows.data(), 1000, 3);
  for (std::int64_t first = 0; first < 1000; first += 7) {
    pieces.update(rows.data() + first * 3, std::min<std::int64_t>(7, 1000 - first), 3);
  }
  EXPECT_EQ(once.mean(), pieces.mean());
}

TEST(RowMeanTest, LosesNoSmallNumbersBesideLargeOnes) {
  const std::vector<double> rows = {1e16, 1, -1e16, 1};
  RowMean mean(1);
  mean.update(rows.data(), 4, 1);
  EXPECT_THAT(mean.mean(), ElementsAre(0.5));
}

TEST(RowMeanTest, FloatsAndStridesAreTheSameNumbers) {
  const std::vector<float> wide = {1, 2, 99, 3, 4, 99};
  RowMean mean(2);
  mean.update(wide.data(), 2, 3);
  EXPECT_THAT(mean.mean(), ElementsAre(2, 3));
}

}  // namespace
}  // namespace srm
