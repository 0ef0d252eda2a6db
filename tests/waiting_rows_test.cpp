#include "waiting_rows.h"

#include <gtest/gtest.h>

#include "brute_force.h"
#include "srm/accumulator.h"

// Rows that a call brings too few of wait; whatever the calls, the counts are those of all rows at once.

namespace srm {
namespace {

Accumulator accumulator(std::int64_t dim, MemoryBudget& budget, int num_threads = 1) {
  AccumulatorOptions options;
  options.epsilon = {0.4};
  options.grid = AngleGrid(72);
  options.num_threads = num_threads;
  return {std::make_shared<const Basis>(Basis::standard(dim)), options, budget};
}

template <typename Number>
std::vector<Number> rows_of(std::int64_t num_rows, std::int64_t dim) {
  std::vector<Number> rows;
  for (const double number : test::gaussian(num_rows * dim, 3)) rows.push_back(static_cast<Number>(number));
  return rows;
}

TEST(WaitingRowsTest, AreCopiedWithWhatIsKnownOfThem) {
  PreparedRows prepared(2, 3);
  prepared.set(1, {kernels::RowKind::kDirection, true, 1, 7}, 5, 0.5F);
  *prepared.heavy_words(1) = 2;
  const std::vector<float> numbers = {3, 0, 4};
  WaitingRows waiting(3, 3, false);
  EXPECT_EQ(waiting.num_rows(), 0);
  waiting.add(prepared, 1, numbers.data());
  ASSERT_EQ(waiting.num_rows(), 1);
  const PlainRows rows = waiting.rows();
  EXPECT_EQ(rows.coordinate(0, 2), 0.8);
  EXPECT_EQ(rows.scaled(0, 2), 2);
  EXPECT_EQ(rows.prepared->num_heavy(0), 1);
  EXPECT_EQ(rows.prepared->heavy_bits(0)[0], 2U);
  waiting.clear();
  EXPECT_EQ(waiting.num_rows(), 0);
}

TEST(WaitingRowsTest, ReadingInBetweenChangesNothing) {
  constexpr std::int64_t kDim = 20, kRows = 300;
  const std::vector<float> rows = rows_of<float>(kRows, kDim);
  MemoryBudget budget(std::int64_t{1} << 30);
  Accumulator whole = accumulator(kDim, budget), pieces = accumulator(kDim, budget, 2);
  whole.update(rows.data(), kRows, kDim, kDim);
  for (std::int64_t row = 0; row < kRows; ++row) {
    pieces.update(rows.data() + row * kDim, 1, kDim, kDim);
    if (row % 70 == 0) {
      EXPECT_EQ(pieces.resonance().num_samples_seen(), row + 1);
    }
  }
  const ResonanceParts expected = std::move(whole).take_resonance().parts();
  const ResonanceParts found = std::move(pieces).take_resonance().parts();
  EXPECT_EQ(found.counts, expected.counts);
  EXPECT_EQ(found.plane_hits, expected.plane_hits);
  EXPECT_EQ(found.scores, expected.scores);
}

// All that fits into 2 MB, at least.
TEST(WaitingRowsTest, AreSweptWhenNoMoreFit) {
  constexpr std::int64_t kDim = 64;
  const std::int64_t num_rows = WaitingRows::capacity(kDim) + 100;
  const std::vector<float> rows = rows_of<float>(num_rows, kDim);
  MemoryBudget budget(std::int64_t{1} << 30);
  Accumulator whole = accumulator(kDim, budget), pieces = accumulator(kDim, budget);
  whole.update(rows.data(), num_rows, kDim, kDim);
  for (std::int64_t row = 0; row < num_rows; row += 50) {
    pieces.update(rows.data() + row * kDim, std::min<std::int64_t>(50, num_rows - row), kDim, kDim);
  }
  EXPECT_EQ(pieces.resonance().parts().counts, whole.resonance().parts().counts);
}

}  // namespace
}  // namespace srm
