#include "spotlight_tables.h"

#include <gtest/gtest.h>

#include <cmath>

namespace srm {
namespace {

// Would catch a cell that is read after its memory was written to, and one that overflows.
TEST(SpotlightTablesTest, CountTheSameWhenTheirCellsBecomeWide) {
  const Basis basis = Basis::standard(4);
  const PlaneSet planes(basis, Pairs::kCombination);
  const ChosenPlanes chosen(planes, {}, "test");
  const Spotlight spotlight = {{0.5, 0.8}, AngleGrid(12), Sense::kNatural};
  SpotlightTables narrow(basis, planes, chosen, spotlight, 1), wide(basis, planes, chosen, spotlight, 1);
  ASSERT_TRUE(wide.is_narrow());
  const auto add = [&](SpotlightTables& tables, int k) {
    const double angle = 0.3 * k;
    const float u = static_cast<float>(std::cos(angle)), v = static_cast<float>(std::sin(angle));
    tables.add(k % 3, 3, {std::cos(angle), std::sin(angle), 128 * u, 128 * v}, 0);
  };
  for (int k = 0; k < 100; ++k) {
    add(narrow, k);
    add(wide, k);
    if (k == 50) wide.widen();
  }
  EXPECT_FALSE(wide.is_narrow());
  EXPECT_EQ(wide.cell_bytes(), 2 * narrow.cell_bytes());
  ResonanceParts copied, expected, found;
  narrow.read_out(0, copied);
  std::move(narrow).read_out(0, expected);
  std::move(wide).read_out(0, found);
  EXPECT_EQ(found.counts, expected.counts);
  EXPECT_EQ(copied.counts, expected.counts);
  EXPECT_EQ(found.plane_hits, expected.plane_hits);
  EXPECT_EQ(found.scores.num_hits, expected.scores.num_hits);
}

TEST(SpotlightTablesTest, WideCellsHoldMoreThanNarrowOnes) {
  const Basis basis = Basis::standard(2);
  const PlaneSet planes(basis, Pairs::kCombination);
  const ChosenPlanes chosen(planes, {}, "test");
  SpotlightTables tables(basis, planes, chosen, {{0.5}, AngleGrid(4), Sense::kNatural}, 1);
  kernels::ArcTotals totals;
  totals.num_hits = SpotlightTables::kMostNarrowRows;
  tables.add_totals(0, 0, totals, 0);
  tables.widen();
  for (int k = 0; k < 3; ++k) tables.add_totals(0, 0, totals, 0);
  ResonanceParts parts;
  std::move(tables).read_out(0, parts);
  EXPECT_EQ(parts.plane_hits.at(0), 4 * SpotlightTables::kMostNarrowRows);
}

TEST(SpotlightTablesTest, ARowIsInsideWhereItIsCounted) {
  const Basis basis = Basis::standard(2);
  const PlaneSet planes(basis, Pairs::kCombination);
  const ChosenPlanes chosen(planes, {}, "test");
  const Spotlight spotlight = {{0.5}, AngleGrid(12), Sense::kNatural};
  for (double angle = -3; angle < 3; angle += 0.1) {
    SpotlightTables tables(basis, planes, chosen, spotlight, 1);
    const PlanePoint point = {std::cos(angle), std::sin(angle), static_cast<float>(128 * std::cos(angle)),
                              static_cast<float>(128 * std::sin(angle))};
    tables.add(0, 1, point, 0);
    ResonanceParts parts;
    std::vector<std::int64_t> inside;
    for (std::int64_t cell = 0; cell < 12; ++cell) inside.push_back(tables.is_inside(0, 0, 1, point, cell) ? 1 : 0);
    std::move(tables).read_out(0, parts);
    EXPECT_EQ(inside, parts.counts) << angle;
  }
}

}  // namespace
}  // namespace srm
