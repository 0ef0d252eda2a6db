#include "batch_sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <random>
#include <string>

#include "brute_force.h"
#include "srm/accumulator.h"
#include "srm/error.h"

// Whatever instruction set and path: the same integers as the scalar code, which other tests compare with the
// definition.

namespace srm {
namespace {

using test::gaussian;

struct Rows {
  std::vector<double> numbers;  // (num_rows, stride)
  std::int64_t dim;
  std::int64_t stride;
  std::int64_t num_rows() const { return static_cast<std::int64_t>(numbers.size()) / stride; }
};

template <typename Number>
ResonanceParts counted(const Rows& rows, const Basis& basis, const AccumulatorOptions& options, std::int64_t piece) {
  // One number in front, so that no row begins where a vector would like it to.
  std::vector<Number> numbers = {0};
  for (const double number : rows.numbers) numbers.push_back(static_cast<Number>(number));
  MemoryBudget budget(std::int64_t{1} << 40);
  Accumulator accumulator(std::make_shared<const Basis>(basis), options, budget);
  for (std::int64_t first = 0; first < rows.num_rows(); first += piece) {
    accumulator.update(numbers.data() + 1 + first * rows.stride, std::min(piece, rows.num_rows() - first), rows.dim,
                       rows.stride);
  }
  return std::move(accumulator).take_resonance().parts();
}

void expect_equal(const ResonanceParts& result, const ResonanceParts& truth) {
  EXPECT_EQ(result.counts, truth.counts);
  EXPECT_EQ(result.holistic_counts, truth.holistic_counts);
  EXPECT_EQ(result.signed_counts, truth.signed_counts);
  EXPECT_EQ(result.plane_hits, truth.plane_hits);
  EXPECT_EQ(result.scores, truth.scores);
  EXPECT_EQ(result.num_samples_zero_norm, truth.num_samples_zero_norm);
  EXPECT_EQ(result.num_samples_nonfinite, truth.num_samples_nonfinite);
}

template <typename Number>
void expect_as_scalar(const Rows& rows, const Basis& basis, AccumulatorOptions options, std::int64_t piece) {
  options.instruction_set = "scalar";
  const ResonanceParts truth = counted<Number>(rows, basis, options, rows.num_rows());
  for (const std::string& set : instruction_sets()) {
    for (const CountingPath path : {CountingPath::kChosen, CountingPath::kGrouped, CountingPath::kTiles}) {
      SCOPED_TRACE(set + " on path " + std::to_string(static_cast<int>(path)));
      options.instruction_set = set;
      options.path = path;
      expect_equal(counted<Number>(rows, basis, options, piece), truth);
      if (testing::Test::HasFailure()) return;
    }
  }
}

class RandomRows {
 public:
  explicit RandomRows(unsigned seed) : generator_(seed) {}

  Rows rows(std::int64_t dim, std::int64_t num_rows) {
    const std::int64_t stride = dim + whole(0, 3);
    Rows result = {std::vector<double>(static_cast<std::size_t>(num_rows * stride), 7.0), dim, stride};
    for (std::int64_t s = 0; s < num_rows; ++s) fill(result.numbers.data() + s * stride, dim);
    return result;
  }
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(generator_);
  }
  double real(double low, double high) { return std::uniform_real_distribution<double>(low, high)(generator_); }

 private:
  double normal() { return std::normal_distribution<double>()(generator_); }

  void fill(double* row, std::int64_t dim) {
    const double noise = std::pow(10, real(-8, 0));
    const std::int64_t kind = whole(0, 9);
    for (std::int64_t k = 0; k < dim; ++k) {
      switch (kind) {
        case 0:  // zero, but for what follows
          row[k] = 0;
          break;
        case 1:  // halves: cosines and angles that are ties
          row[k] = static_cast<double>(whole(-1, 1)) / 2;
          break;
        case 2:  // sparse and positive: v exactly 0
          row[k] = std::max(normal(), 0.0) * static_cast<double>(whole(0, 1));
          break;
        default:
          row[k] = kind < 7 ? noise * normal() : normal();
      }
    }
    const auto axis = [&]() -> double& { return row[whole(0, dim - 1)]; };
    if (kind >= 3 && kind < 7) axis() += whole(0, 1) == 0 ? 1 : -1;
    if (kind >= 4 && kind < 6) axis() += whole(0, 1) == 0 ? 1 : -1;
    if (kind != 9) return;
    switch (whole(0, 4)) {
      case 0:
        axis() = std::numeric_limits<double>::quiet_NaN();
        break;
      case 1:
        axis() = std::numeric_limits<double>::infinity();
        break;
      default:  // beyond what float32 can square, or near to it
        const double scale = std::pow(10, real(-37, 37));
        for (std::int64_t k = 0; k < dim; ++k) row[k] *= scale;
    }
  }

  std::mt19937_64 generator_;
};

// A sum of rows at the threshold: r is epsilon but for the last digits.
void put_at_threshold(Rows& rows, double epsilon, RandomRows& random) {
  for (std::int64_t s = 0; s < rows.num_rows(); s += 3) {
    double* row = rows.numbers.data() + s * rows.stride;
    std::fill_n(row, rows.dim, 0.0);
    if (rows.dim < 3) continue;
    const double angle = random.real(0, 2 * std::numbers::pi);
    const double r = epsilon * (1 + random.real(-1, 1) * std::pow(10, random.real(-9, -2)));
    row[0] = r * std::cos(angle);
    row[1] = r * std::sin(angle);
    row[2] = std::sqrt(std::max(1 - r * r, 0.0));
  }
}

AccumulatorOptions random_options(RandomRows& random) {
  AccumulatorOptions options;
  const std::vector<std::int64_t> angles = {1, 3, 4, 5, 12, 36, 73, 100, 360, 361, 1000};
  options.grid = AngleGrid(angles[static_cast<std::size_t>(random.whole(0, 10))],
                           random.whole(0, 3) == 0 ? GridEnds::kInclusive : GridEnds::kExclusive);
  options.epsilon = {std::vector<double>{0.5, 0.9, 1.0, 0.8, 0.3, std::numbers::sqrt2 / 2, 0.1,
                                         0.99}[static_cast<std::size_t>(random.whole(0, 7))]};
  if (random.whole(0, 2) == 0) options.epsilon.push_back(random.real(0.05, 0.999));
  if (random.whole(0, 5) == 0) options.epsilon.insert(options.epsilon.begin(), random.real(0.05, 0.999));
  if (random.whole(0, 15) == 0) options.epsilon.push_back(random.whole(0, 1) == 0 ? 0.0 : -0.4);
  options.pairs = random.whole(0, 3) == 0 ? Pairs::kPermutation : Pairs::kCombination;
  options.sense = random.whole(0, 3) == 0 ? Sense::kReference : Sense::kNatural;
  options.is_signed = random.whole(0, 5) == 0;
  options.num_threads = static_cast<int>(random.whole(1, 3));
  options.row_sums = random.whole(0, 4) != 0;
  return options;
}

// Would catch a tail that is read or lost, a wrong owner, a pair looked at twice or by nobody.
TEST(BatchSweepTest, EveryInstructionSetAndPathCountsAsTheScalarCode) {
  const char* text = std::getenv("TORCHSRM_FUZZ_CASES");
  const unsigned num_cases = text == nullptr ? 15 : static_cast<unsigned>(std::stoul(text));
  for (unsigned seed = 1; seed <= num_cases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRows random(seed);
    const std::int64_t dim = seed % 5 == 0 ? random.whole(1, 200) : random.whole(1, 40);
    Rows rows = random.rows(dim, random.whole(1, seed % 7 == 0 ? 700 : 60));
    AccumulatorOptions options = random_options(random);
    if (seed % 3 == 0) put_at_threshold(rows, options.epsilon.front(), random);
    const std::int64_t piece = random.whole(1, rows.num_rows());
    Basis basis = Basis::standard(dim);
    if (seed % 4 == 3) {
      const std::int64_t m = random.whole(1, 30);
      const bool keeps = random.whole(0, 2) == 0;
      basis = Basis::from_vectors("random", m, dim, gaussian(m * dim, seed),
                                  keeps ? VectorLengths::kKept : VectorLengths::kNormalised);
    }
    if (seed % 9 == 0) options.mean = gaussian(dim, seed);
    if (seed % 11 == 0) options.planes.kind = PlaneChoice::Kind::kNone;
    if (seed % 13 == 0 && dim > 2) options.planes = {PlaneChoice::Kind::kRandom, 2, seed};
    if (basis.num_vectors() < 3) options.planes = {};
    if (seed % 2 == 0) {
      expect_as_scalar<float>(rows, basis, options, piece);
    } else {
      expect_as_scalar<double>(rows, basis, options, piece);
    }
    ASSERT_FALSE(HasFailure());
  }
}

// Would catch a lost tie, or a guard too narrow: each row is within rounding of a grid angle or of the threshold.
TEST(BatchSweepTest, TiesAreThoseOfFloat64) {
  RandomRows random(5);
  for (const double epsilon : {0.5, std::numbers::sqrt2 / 2, 0.25, 1.0}) {
    for (const std::int64_t num_angles : {std::int64_t{12}, std::int64_t{360}, std::int64_t{65536}}) {
      Rows rows = {{}, 3, 3};
      const int num_rows = num_angles > 1000 ? 100 : 1000;
      for (int s = 0; s < num_rows; ++s) {
        const double theta = 2 * std::numbers::pi * static_cast<double>(random.whole(0, num_angles - 1)) /
                             static_cast<double>(num_angles);
        const double r = random.whole(0, 1) == 0 ? epsilon : random.real(epsilon, 1);
        const double end = theta + std::acos(std::min(epsilon / r, 1.0)) + std::pow(10, random.real(-16, -6));
        rows.numbers.insert(rows.numbers.end(), {r * std::cos(end), r * std::sin(end), std::sqrt(1 - r * r)});
      }
      AccumulatorOptions options;
      options.epsilon = {epsilon};
      options.grid = AngleGrid(num_angles);
      expect_as_scalar<double>(rows, Basis::standard(3), options, rows.num_rows());
      expect_as_scalar<float>(rows, Basis::standard(3), options, rows.num_rows());
    }
  }
}

TEST(BatchSweepTest, NearlyParallelVectorsCountAsTheScalarCode) {
  RandomRows random(9);
  for (double distance = 1e-6; distance < 1; distance *= 10) {
    std::vector<double> vectors = gaussian(20, 3);
    for (std::size_t k = 0; k < 10; ++k) vectors[10 + k] = vectors[k] + distance * vectors[10 + k];
    Rows rows = random.rows(5, 400);
    for (std::size_t k = 0; k < 1000; k += 5) rows.numbers[k] = vectors[k % 10] - vectors[10 + k % 10];
    AccumulatorOptions options;
    options.epsilon = {0.4, 0.9};
    options.pairs = Pairs::kPermutation;
    expect_as_scalar<double>(rows, Basis::from_vectors("near", 4, 5, vectors), options, 400);
  }
}

// Would catch a crowd whose arcs end elsewhere than where they are looked for, or across theta = 0; or a tie in one.
TEST(BatchSweepTest, RowsNearToEachOtherCountAsTheScalarCode) {
  RandomRows random(6);
  for (int k = 0; k < 24; ++k) {
    SCOPED_TRACE(k);
    const std::int64_t dim = random.whole(2, 40);
    const double noise = std::pow(10, random.real(-4, -0.8));
    Rows rows = {gaussian(1200 * dim, static_cast<unsigned>(k)), dim, dim};
    for (double& number : rows.numbers) number *= noise;
    for (std::int64_t s = 0; s < rows.num_rows(); ++s) {
      double* row = rows.numbers.data() + s * dim;
      if (s % 50 == 0) std::fill_n(row, dim, 0.0);  // on an axis: all of its ends are ties
      row[random.whole(0, 1)] += random.whole(0, 1) == 0 ? 1 : -1;
    }
    AccumulatorOptions options = random_options(random);
    options.epsilon.resize(k % 4 == 0 ? options.epsilon.size() : 1);
    if (k % 3 == 0) options.epsilon = {std::cos(2 * std::numbers::pi / 12)};
    if (k % 2 == 0) options.grid = AngleGrid(360);
    if (k % 5 == 0) options.planes.kind = PlaneChoice::Kind::kNone;
    expect_as_scalar<float>(rows, Basis::standard(dim), options, 1200);
    if (k % 6 == 0) expect_as_scalar<double>(rows, Basis::standard(dim), options, 700);
    ASSERT_FALSE(HasFailure());
  }
}

// Would catch a plane that is looked at from both of its heavy coordinates, or from neither.
TEST(BatchSweepTest, HolisticCountsAloneAreThoseOfAllPlanes) {
  RandomRows random(4);
  for (const Pairs pairs : {Pairs::kCombination, Pairs::kPermutation}) {
    const Rows rows = random.rows(70, 80);
    AccumulatorOptions options;
    options.epsilon = {0.6, 0.9};
    options.pairs = pairs;
    options.num_threads = 2;
    const ResonanceParts all = counted<float>(rows, Basis::standard(70), options, 80);
    options.planes.kind = PlaneChoice::Kind::kNone;
    expect_as_scalar<float>(rows, Basis::standard(70), options, 80);
    EXPECT_EQ(counted<float>(rows, Basis::standard(70), options, 80).holistic_counts, all.holistic_counts);
  }
}

TEST(BatchSweepTest, UnknownInstructionSetsAreRefused) {
  AccumulatorOptions options;
  options.instruction_set = "AVX9";
  EXPECT_THROW(require_valid(options, "test"), Error);
  EXPECT_EQ(instruction_sets().front(), "scalar");
}

}  // namespace
}  // namespace srm
