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

// Would catch a shift by the wrong number of bits, or a half that is rounded on its way.
template <typename Half>
void expect_as_floats(const std::vector<Half>& halves, std::int64_t dim) {
  std::vector<float> floats;
  for (const Half half : halves) floats.push_back(static_cast<float>(half));
  const auto num_rows = static_cast<std::int64_t>(halves.size()) / dim;
  MemoryBudget budget(std::int64_t{1} << 30);
  Accumulator of_halves = accumulator(dim, budget), of_floats = accumulator(dim, budget);
  of_halves.update(halves.data(), num_rows, dim, dim);
  of_floats.update(floats.data(), num_rows, dim, dim);
  const ResonanceParts expected = of_floats.resonance().parts();
  const ResonanceParts found = of_halves.resonance().parts();
  EXPECT_EQ(found.counts, expected.counts);
  EXPECT_EQ(found.scores, expected.scores);
  EXPECT_EQ(found.num_samples_zero_norm, expected.num_samples_zero_norm);
  EXPECT_EQ(found.num_samples_nonfinite, expected.num_samples_nonfinite);
  EXPECT_GT(expected.scores.num_hits.at(0), 0);
}

TEST(WaitingRowsTest, HalfTypesCountAsTheFloatsThatTheyAre) {
  for (const std::int64_t dim : {3, 16, 37}) {
    std::vector<BFloat16> bfloat16s;
    std::vector<srm::Half> halves;
    for (const double number : test::gaussian(500 * dim, 4)) {
      const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(number));
      bfloat16s.push_back({static_cast<std::uint16_t>(bits >> 16)});
      const auto exponent = static_cast<int>(bits >> 23 & 0xff) - 127 + 15;
      const std::uint32_t rest = exponent <= 0 ? 0x3ff & (bits >> 13)  // subnormal: some small number
                                               : static_cast<std::uint32_t>(exponent) << 10 | (bits >> 13 & 0x3ff);
      halves.push_back({static_cast<std::uint16_t>((bits >> 16 & 0x8000) | rest)});
    }
    for (std::int64_t k = 0; k < dim; ++k) {  // a row without a direction, and one that is not finite
      const auto zero = static_cast<std::size_t>(7 * dim + k), infinite = static_cast<std::size_t>(9 * dim + k);
      bfloat16s[zero] = {0x8000};
      halves[zero] = {0x8000};
      bfloat16s[infinite] = {0x7f80};
      halves[infinite] = {0x7c00};
    }
    expect_as_floats(bfloat16s, dim);
    expect_as_floats(halves, dim);
  }
}

TEST(HalfNumbersTest, AreTheNumbersThatTheirBitsSay) {
  EXPECT_EQ(static_cast<float>(BFloat16{0x3fc0}), 1.5F);
  EXPECT_EQ(static_cast<float>(BFloat16{0xc000}), -2.0F);
  EXPECT_EQ(static_cast<float>(srm::Half{0x3e00}), 1.5F);
  EXPECT_EQ(static_cast<float>(srm::Half{0xc000}), -2.0F);
  EXPECT_EQ(static_cast<float>(srm::Half{0x0001}), 0x1p-24F) << "the smallest";
  EXPECT_EQ(static_cast<float>(srm::Half{0x7bff}), 65504.0F) << "the largest";
  EXPECT_TRUE(std::isinf(static_cast<float>(srm::Half{0xfc00})));
  EXPECT_TRUE(std::isnan(static_cast<float>(srm::Half{0x7e00})));
  EXPECT_EQ(static_cast<double>(srm::Half{0x3e00}), 1.5);
}

}  // namespace
}  // namespace srm
