#include "srm/half_numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "brute_force.h"
#include "srm/accumulator.h"

namespace srm {
namespace {

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

template <typename Half>
Half half_of(double number);
template <>
BFloat16 half_of(double number) {
  return {static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(number)) >> 16)};
}
template <>
srm::Half half_of(double number) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(number));
  const auto exponent = static_cast<int>(bits >> 23 & 0xff) - 127 + 15;
  std::uint32_t rest = static_cast<std::uint32_t>(exponent) << 10 | (bits >> 13 & 0x3ff);
  if (exponent <= 0) rest = 0x3ff & (bits >> 13);  // subnormal: some small number
  if (exponent > 30) rest = 0x7c00;
  return {static_cast<std::uint16_t>((bits >> 16 & 0x8000) | rest)};
}

// Gaussian rows of several lengths; number 7 is zero and number 9 infinite, and each tenth lies near an axis.
template <typename Half>
std::vector<Half> rows_of(std::int64_t num_rows, std::int64_t dim, double scale) {
  std::vector<Half> rows;
  const std::vector<double> numbers = test::gaussian(num_rows * dim, 4);
  for (std::int64_t k = 0; k < num_rows * dim; ++k) {
    const std::int64_t row = k / dim;
    const bool is_axis = row % 10 == 0 && k % dim == row % dim;
    const double number = scale * numbers[static_cast<std::size_t>(k)] * (is_axis ? 3 * std::sqrt(dim) : 1);
    rows.push_back(half_of<Half>(row == 7 ? -0.0 : row == 9 ? INFINITY : number));
  }
  return rows;
}

template <typename Number>
ResonanceParts counted(const std::vector<Number>& rows, std::int64_t dim, const std::string& instruction_set = {},
                       bool row_sums = true) {
  AccumulatorOptions options;
  options.epsilon = {0.4, 0.8};
  options.grid = AngleGrid(72);
  options.instruction_set = instruction_set;
  options.row_sums = row_sums;
  options.planes = {PlaneChoice::Kind::kRandom, 100, 1};
  MemoryBudget budget(std::int64_t{1} << 30);
  Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(dim)), options, budget);
  accumulator.update(rows.data(), std::ssize(rows) / dim, dim, dim);
  return std::move(accumulator).take_resonance().parts();
}

// Around chunks of 32 numbers, and of 16 chunks.
constexpr std::int64_t kDims[] = {2, 3, 16, 31, 32, 33, 37, 64, 511, 512, 513, 1100};

// Would catch a shift by the wrong number of bits, or a half that is rounded on its way. Only A4 may differ, since it
// is summed in float32: by far less than the errors of 3e-6 that roundings allow.
template <typename Half>
void expect_as_floats(double scale) {
  for (const std::int64_t dim : kDims) {
    const std::vector<Half> halves = rows_of<Half>(60, dim, scale);
    std::vector<float> floats;
    for (const Half half : halves) floats.push_back(static_cast<float>(half));
    const ResonanceParts expected = counted(floats, dim), found = counted(halves, dim);
    EXPECT_EQ(found.counts, expected.counts) << dim;
    EXPECT_EQ(found.scores.num_hits, expected.scores.num_hits) << dim;
    EXPECT_EQ(found.scores.cosine_sum, expected.scores.cosine_sum) << dim;
    EXPECT_EQ(found.scores.direction_sum, expected.scores.direction_sum) << dim;
    EXPECT_EQ(found.scores.quartic_by_vector, expected.scores.quartic_by_vector) << dim;
    EXPECT_EQ(found.num_samples_zero_norm, 1) << dim;
    EXPECT_EQ(found.num_samples_nonfinite, 1) << dim;
    const auto quartic = static_cast<double>(expected.scores.quartic_sum);
    EXPECT_NEAR(static_cast<double>(found.scores.quartic_sum), quartic, 3e-7 * quartic) << dim;
    EXPECT_GT(expected.scores.num_hits.at(0), 0);
  }
}

TEST(HalfNumbersTest, CountAsTheFloatsThatTheyAre) {
  expect_as_floats<BFloat16>(1);
  expect_as_floats<BFloat16>(1e4);
  expect_as_floats<srm::Half>(1);
  expect_as_floats<srm::Half>(10);
}

// At 1e-9 and 1e9 float32 has no room for fourth powers.
template <typename Half>
void expect_as_scalar(double scale) {
  for (const std::int64_t dim : kDims) {
    const std::vector<Half> rows = rows_of<Half>(60, dim, scale);
    for (const bool row_sums : {true, false}) {
      const ResonanceParts expected = counted(rows, dim, "scalar", row_sums);
      for (const std::string& set : instruction_sets()) {
        const ResonanceParts found = counted(rows, dim, set, row_sums);
        EXPECT_EQ(found.counts, expected.counts) << set << " " << dim << " " << scale;
        EXPECT_EQ(found.scores, expected.scores) << set << " " << dim << " " << scale;
      }
    }
  }
}

TEST(HalfNumbersTest, EveryInstructionSetGivesTheSame) {
  for (const double scale : {1.0, 1e-9, 1e9, 1e-8, 1e-15, 1e15}) expect_as_scalar<BFloat16>(scale);
  for (const double scale : {1.0, 1e-7, 1e3}) expect_as_scalar<srm::Half>(scale);
}

// Where nothing is heavy only float32 is summed; where one row is, float64 as well. Neither changes what is known of
// the others.
TEST(HalfNumbersTest, WhatARowIsDoesNotDependOnItsNeighbours) {
  constexpr std::int64_t kDim = 512;
  const std::vector<BFloat16> rows = rows_of<BFloat16>(60, kDim, 1);
  const ResonanceParts together = counted(rows, kDim);
  std::int64_t quartic_sum = 0, num_hits = 0;
  for (std::int64_t row = 0; row < 60; ++row) {
    const auto first = rows.begin() + row * kDim;
    const ResonanceParts alone = counted(std::vector<BFloat16>(first, first + kDim), kDim);
    quartic_sum += alone.scores.quartic_sum;
    num_hits += alone.scores.num_hits.at(0);
  }
  EXPECT_EQ(quartic_sum, together.scores.quartic_sum);
  EXPECT_EQ(num_hits, together.scores.num_hits.at(0));
}

}  // namespace
}  // namespace srm
