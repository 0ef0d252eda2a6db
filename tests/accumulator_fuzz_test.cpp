#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <utility>

#include "brute_force.h"
#include "srm/accumulator.h"
#include "srm/merge.h"

namespace srm {
namespace {

using test::brute_force;
using test::kTies;
using test::num_cells_out_of_bounds;

// One random case. All draws come from one generator by seed, so that a failing case is made again by its number.
class RandomCase {
 public:
  explicit RandomCase(unsigned seed) : generator_(seed) {
    dim_ = whole(1, 8);
    basis_ = std::make_shared<const Basis>(make_basis());
    options_.num_threads = static_cast<int>(whole(1, 5));
    options_.pairs = chance(2) ? Pairs::kCombination : Pairs::kPermutation;
    options_.sense = chance(2) ? Sense::kNatural : Sense::kReference;
    options_.degenerate = chance(2) ? DegeneratePlanes::kLeftOut : DegeneratePlanes::kKeptAsZeros;
    const std::int64_t num_angles = one_of<std::int64_t>({1, 2, 3, 4, 7, 8, 12, 36, 73, 100, 360});
    options_.grid = AngleGrid(num_angles, chance(2) ? GridEnds::kExclusive : GridEnds::kInclusive);
    options_.epsilon.clear();
    for (std::int64_t k = whole(1, 3); k > 0; --k) {
      const double half = std::numbers::sqrt2 / 2;
      const double epsilon = chance(3) ? real(-1, 1) : one_of({0.9, 0.5, half, 1.0, 0.0, -1.0, -0.5, 0.6, 0.05});
      if (std::count(options_.epsilon.begin(), options_.epsilon.end(), epsilon) == 0) {
        options_.epsilon.push_back(epsilon);
      }
    }
    const std::int64_t num_rows = whole(0, 24);
    for (std::int64_t s = 0; s < num_rows; ++s) {
      const std::vector<double> row = make_row();
      rows_.insert(rows_.end(), row.begin(), row.end());
    }
    if (chance(4)) {
      options_.mean = test::gaussian(dim_, seed);
      if (num_rows > 0 && chance(2)) options_.mean.assign(rows_.begin(), rows_.begin() + dim_);
      const bool finite =
          std::all_of(options_.mean.begin(), options_.mean.end(), [](double x) { return std::abs(x) < 1e9; });
      if (!finite) options_.mean.assign(static_cast<std::size_t>(dim_), 0.25);
    }
  }

  // Rows cut into random pieces, some of them empty.
  Resonance counted_in_pieces() {
    MemoryBudget budget(std::int64_t{1} << 30);
    Accumulator accumulator(basis_, options_, budget);
    const auto num_rows = static_cast<std::int64_t>(rows_.size()) / dim_;
    for (std::int64_t first = 0; first < num_rows;) {
      const std::int64_t size = std::min(whole(0, 9), num_rows - first);
      accumulator.update(rows_.data() + first * dim_, size, dim_, dim_);
      first += size;
    }
    return chance(2) ? accumulator.resonance() : std::move(accumulator).take_resonance();
  }

  Resonance counted_apart_and_merged() {
    const auto middle = rows_.begin() + whole(0, static_cast<std::int64_t>(rows_.size()) / dim_) * dim_;
    return merge(test::accumulate({middle, rows_.end()}, *basis_, options_),
                 test::accumulate({rows_.begin(), middle}, *basis_, options_));
  }

  // Of all rows, and of those behind a random one by an accumulator that goes on where another ended before it; with
  // options that are drawn for it alone.
  std::pair<Resonance, Resonance> counted_and_gone_on_with() {
    AccumulatorOptions options = options_;
    options.is_signed = chance(2);
    options.row_sums = chance(2);
    if (chance(2)) options.planes = {PlaneChoice::Kind::kRandom, whole(1, 4), static_cast<std::uint64_t>(whole(0, 9))};
    if (chance(4)) options.planes = {PlaneChoice::Kind::kNone};
    const auto num_rows = static_cast<std::int64_t>(rows_.size()) / dim_;
    const std::int64_t middle = whole(0, num_rows);
    MemoryBudget budget(std::int64_t{1} << 30);
    Accumulator whole_one(basis_, options, budget), first(basis_, options, budget), second(basis_, options, budget);
    for (Accumulator* one : {&whole_one, &first}) one->update(rows_.data(), middle, dim_, dim_);
    for (Accumulator* one : {&whole_one, &first}) one->count_call();
    first.count_skipped(3);
    whole_one.count_skipped(3);
    options.num_threads = static_cast<int>(whole(1, 5));
    Accumulator last(basis_, options, budget);
    second.resume(first.resonance());
    last.resume(second.resonance());
    for (Accumulator* one : {&whole_one, &last}) {
      one->update(rows_.data() + middle * dim_, num_rows - middle, dim_, dim_);
    }
    return {whole_one.resonance(), last.resonance()};
  }

  test::BruteForce truth(const Resonance& result) const {
    return brute_force(rows_, *basis_, result.parts().planes, options_,
                       is_ill_conditioned_ ? test::Slack{1e-8, -1e-8} : kTies);
  }

 private:
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(generator_);
  }
  double real(double low, double high) { return std::uniform_real_distribution<double>(low, high)(generator_); }
  double normal() { return std::normal_distribution<double>()(generator_); }
  bool chance(std::int64_t in) { return whole(1, in) == 1; }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[whole(0, static_cast<std::int64_t>(values.size()) - 1)];
  }

  Basis make_basis() {
    if (chance(3)) return Basis::standard(dim_);
    const std::int64_t num_vectors = whole(0, 7);
    const VectorLengths lengths = chance(2) ? VectorLengths::kNormalised : VectorLengths::kKept;
    std::vector<double> vectors;
    for (std::int64_t i = 0; i < num_vectors; ++i) {
      std::vector<double> vector(static_cast<std::size_t>(dim_));
      for (double& value : vector) value = chance(3) ? static_cast<double>(whole(-1, 1)) : normal();
      if (i > 0 && chance(5)) {  // (nearly) parallel to the one before
        const double distance = chance(3) ? 0.0 : std::pow(10, real(-6.3, -1));
        for (std::int64_t k = 0; k < dim_; ++k) {
          vector[static_cast<std::size_t>(k)] =
              vectors[static_cast<std::size_t>((i - 1) * dim_ + k)] + distance * vector[static_cast<std::size_t>(k)];
        }
        is_ill_conditioned_ = true;
      }
      const bool zero = std::all_of(vector.begin(), vector.end(), [](double value) { return value == 0; });
      if (zero && lengths == VectorLengths::kNormalised) vector[0] = 1;
      const double length = chance(2) ? 1.0 : std::pow(10, real(-2, 2));
      for (const double value : vector) vectors.push_back(length * value);
    }
    return Basis::from_vectors("random", num_vectors, dim_, std::move(vectors), lengths);
  }

  std::vector<double> make_row() {
    const auto n = static_cast<std::size_t>(dim_);
    std::vector<double> row(n, 0.0);
    const auto fill = [&](auto value) { std::generate(row.begin(), row.end(), value); };
    const auto vectors = basis_->vectors();
    switch (whole(0, 8)) {
      case 0:  // on an axis
        row[static_cast<std::size_t>(whole(0, dim_ - 1))] = chance(2) ? 3.0 : -0.7;
        break;
      case 1:  // on a diagonal
        fill([&] { return static_cast<double>(whole(0, 1) * 2 - 1); });
        break;
      case 2:
        fill([&] { return static_cast<double>(whole(-2, 2)); });
        break;
      case 3: {  // on a basis vector, or at its back
        const auto m = basis_->num_vectors();
        const auto first = m == 0 ? vectors.begin() : vectors.begin() + whole(0, m - 1) * dim_;
        if (m > 0) row.assign(first, first + dim_);
        break;
      }
      case 4:  // without a direction
        if (chance(2)) {
          row[0] = one_of({std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()});
        }
        break;
      case 5: {  // very long or short
        const double scale = one_of({1e-300, 1e-160, 1e-20, 1e20, 1e160, 1e300});
        fill([&] { return scale * normal(); });
        break;
      }
      default:
        fill([&] { return normal(); });
    }
    return row;
  }

  std::mt19937_64 generator_;
  std::int64_t dim_ = 0;
  bool is_ill_conditioned_ = false;
  std::shared_ptr<const Basis> basis_;
  AccumulatorOptions options_;
  std::vector<double> rows_;
};

// The number of cases, from which seed on: the environment asks for a longer run.
unsigned from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::stoul(text));
}

TEST(AccumulatorFuzzTest, GoingOnWhereAnotherEndedIsCountingOn) {
  const unsigned first = from_environment("TORCHSRM_FUZZ_SEED", 1);
  const unsigned num_cases = from_environment("TORCHSRM_FUZZ_CASES", 1000);
  for (unsigned seed = first; seed < first + num_cases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto [once, resumed] = RandomCase(seed).counted_and_gone_on_with();
    const ResonanceParts &a = once.parts(), &b = resumed.parts();
    ASSERT_EQ(b.counts, a.counts);
    ASSERT_EQ(b.plane_hits, a.plane_hits);
    ASSERT_EQ(b.holistic_counts, a.holistic_counts);
    ASSERT_EQ(b.signed_counts, a.signed_counts);
    ASSERT_EQ(b.holistic_signed_counts, a.holistic_signed_counts);
    ASSERT_EQ(b.scores, a.scores);
    ASSERT_EQ(b.num_samples_seen, a.num_samples_seen);
    ASSERT_EQ(b.num_samples_zero_norm, a.num_samples_zero_norm);
    ASSERT_EQ(b.num_samples_nonfinite, a.num_samples_nonfinite);
    ASSERT_EQ(b.num_samples_skipped, a.num_samples_skipped);
    ASSERT_EQ(b.num_calls, a.num_calls);
  }
}

TEST(AccumulatorFuzzTest, EveryCellOfRandomCasesIsWhatTheDefinitionSays) {
  const unsigned first = from_environment("TORCHSRM_FUZZ_SEED", 1);
  const unsigned num_cases = from_environment("TORCHSRM_FUZZ_CASES", 1000);
  std::int64_t num_cells = 0;
  for (unsigned seed = first; seed < first + num_cases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomCase random(seed);
    const Resonance pieces = random.counted_in_pieces();
    ASSERT_EQ(num_cells_out_of_bounds(pieces, random.truth(pieces)), 0);
    const Resonance merged = random.counted_apart_and_merged();
    ASSERT_EQ(merged.parts().counts, pieces.parts().counts);
    ASSERT_EQ(merged.parts().plane_hits, pieces.parts().plane_hits);
    ASSERT_EQ(merged.parts().scores, pieces.parts().scores);
    num_cells += static_cast<std::int64_t>(pieces.parts().counts.size());
  }
  EXPECT_GT(num_cells, static_cast<std::int64_t>(num_cases) * 500) << "too little was compared";
}

}  // namespace
}  // namespace srm
