#include "srm/angle_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

#include "srm/error.h"

namespace srm {
namespace {

constexpr double kPi = std::numbers::pi;

TEST(AngleGridTest, ExclusiveGridStopsBeforeTheFullTurn) {
  const AngleGrid grid(4);
  EXPECT_THAT(grid.angles_radians(), testing::ElementsAre(0, kPi / 2, kPi, 3 * kPi / 2));
  EXPECT_EQ(grid.num_distinct(), 4);
  EXPECT_DOUBLE_EQ(grid.spacing_radians(), kPi / 2);
}

TEST(AngleGridTest, InclusiveGridEndsWhereItBegan) {
  const AngleGrid grid(5, GridEnds::kInclusive);
  EXPECT_THAT(grid.angles_radians(), testing::ElementsAre(0, kPi / 2, kPi, 3 * kPi / 2, 2 * kPi));
  EXPECT_EQ(grid.num_distinct(), 4);
  EXPECT_EQ(grid.num_angles(), 5);
}

TEST(AngleGridTest, DefaultIsOneAngleADegree) {
  const AngleGrid grid;
  EXPECT_EQ(grid.num_angles(), 360);
  EXPECT_EQ(grid.ends(), GridEnds::kExclusive);
  EXPECT_DOUBLE_EQ(grid.angle_radians(90), kPi / 2);
}

TEST(AngleGridTest, OneAngleIsZeroWithEitherEnd) {
  for (const GridEnds ends : {GridEnds::kExclusive, GridEnds::kInclusive}) {
    const AngleGrid grid(1, ends);
    EXPECT_THAT(grid.angles_radians(), testing::ElementsAre(0));
    EXPECT_EQ(grid.num_distinct(), 1);
  }
  EXPECT_THAT(AngleGrid(2, GridEnds::kInclusive).angles_radians(), testing::ElementsAre(0, 2 * kPi));
}

TEST(AngleGridTest, NumbersOutOfRangeAreNamed) {
  for (const std::int64_t num_angles : {std::int64_t{-1}, std::int64_t{0}, (std::int64_t{1} << 24) + 1}) {
    EXPECT_THAT([&] { AngleGrid{num_angles}; },
                testing::ThrowsMessage<Error>(testing::AllOf(testing::HasSubstr("from 1 to 16777216"),
                                                             testing::HasSubstr("got " + std::to_string(num_angles)))));
  }
  EXPECT_EQ(AngleGrid(std::int64_t{1} << 24).num_angles(), std::int64_t{1} << 24);
}

TEST(AngleGridTest, NamesAreThoseOfFilesAndCommandLine) {
  EXPECT_STREQ(to_string(Sense::kNatural), "natural");
  EXPECT_STREQ(to_string(Sense::kReference), "reference");
  EXPECT_STREQ(to_string(GridEnds::kExclusive), "exclusive");
  EXPECT_STREQ(to_string(GridEnds::kInclusive), "inclusive");
}

}  // namespace
}  // namespace srm
