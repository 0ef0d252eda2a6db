#include "srm/null.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <limits>
#include <set>
#include <stdexcept>

#include "bases/rotations.h"
#include "srm/error.h"
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

// Trials are too small to share among threads, which then only wait for each other.
class OneThread : public testing::Environment {
 public:
  void SetUp() override { at::set_num_threads(1); }
};
const testing::Environment* const kOneThread = testing::AddGlobalTestEnvironment(new OneThread);

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// How many trials a test of calibration makes: the tests labelled long make more.
int num_trials(int usual) {
  const char* factor = std::getenv("TORCHSRM_TRIALS");
  return factor == nullptr ? usual : usual * std::atoi(factor);
}

NullOptions rotations(std::int64_t num_rotations, std::uint64_t seed = 0, bool centred = false) {
  NullOptions options;
  options.num_rotations = num_rotations;
  options.seed = seed;
  options.centred = centred;
  return options;
}

at::Tensor matrix(std::initializer_list<double> numbers, std::int64_t dim) {
  return at::tensor(std::vector<double>(numbers), at::kDouble).view({-1, dim});
}

Basis basis_of(const at::Tensor& vectors) {
  const at::Tensor flat = vectors.contiguous();
  return Basis::from_vectors("test", flat.size(0), flat.size(1),
                             {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()});
}

at::Tensor signs(std::int64_t num_rows, std::int64_t dim, unsigned seed) {
  return gaussian_rows(num_rows, dim, seed).sign();
}

constexpr std::int64_t kRotations = 59;

// p of `make_p` over trials, of kRotations each, must be uniform, and no more than chance below 5 %.
void expect_calibrated(int trials, const std::function<double(unsigned)>& make_p) {
  std::vector<double> p;
  for (int trial = 0; trial < trials; ++trial) p.push_back(make_p(static_cast<unsigned>(trial)));
  EXPECT_LT(test::distance_from_uniform(p, 2.0 / (1 + kRotations)), 1.95);
  const double count = trials;
  EXPECT_LT(test::share_below(p, 0.05), 0.05 + 3.1 * std::sqrt(0.05 * 0.95 / count));
}

TEST(UnitRowsTest, LeavesOutRowsWithoutADirection) {
  const at::Tensor rows = matrix({3, 4, 0, 0, kNan, 1, 0, -2, -std::numeric_limits<double>::infinity(), 1}, 2);
  EXPECT_TRUE(at::allclose(unit_rows(rows, false), matrix({0.6, 0.8, 0, -1}, 2)));
}

TEST(UnitRowsTest, CentresOnTheMeanOfTheRowsThatHaveADirection) {
  // The mean of (3, 1), (1, 3) and (2, 2), without the zero row, is (2, 2): the last one has no direction left.
  const double h = std::sqrt(0.5);
  EXPECT_TRUE(at::allclose(unit_rows(matrix({3, 1, 0, 0, 1, 3, 2, 2}, 2), true), matrix({h, -h, -h, h}, 2)));
}

TEST(UnitRowsTest, KeepsTheDirectionOfTinyAndHugeNumbers) {
  EXPECT_TRUE(
      at::allclose(unit_rows(matrix({3e-200, 4e-200, 3e200, 4e200}, 2), false), matrix({0.6, 0.8, 0.6, 0.8}, 2)));
  EXPECT_EQ(unit_rows(at::ones({2, 3}, at::kHalf), false).scalar_type(), at::kDouble);
  EXPECT_THAT(
      [] {
        unit_rows(at::ones({2, 3}, at::kLong), false);
      },
      ThrowsMessage<Error>(HasSubstr("got Long (2, 3)")));
  EXPECT_THAT([] { unit_rows(at::ones({3}), false); }, ThrowsMessage<Error>(HasSubstr("(num_rows, dim) real")));
  EXPECT_THAT([] { unit_rows(at::ones({3, 2}), true); }, ThrowsMessage<Error>(HasSubstr("none of 3")));
}

TEST(QuarticAlignmentTest, EqualsItsClosedForms) {
  for (const std::int64_t n : {2, 5, 16, 130}) {
    const Basis standard = Basis::standard(n);
    EXPECT_NEAR(quartic_alignment(at::eye(n, at::kDouble), standard), 1, 1e-12) << n;
    EXPECT_NEAR(quartic_alignment(unit_rows(signs(50, n, 1), false), standard), -2.0 / static_cast<double>(n), 1e-12)
        << n;
    const at::Tensor turn = random_rotation(n, 3);
    EXPECT_NEAR(quartic_alignment(turn, basis_of(turn)), 1, 1e-12) << "the vectors of a rotated basis";
  }
  const std::int64_t num_rows = 20000;
  const double n = 16, mean = 3 / (n + 2), variance = (9 * n + 96) / ((n + 2) * (n + 4) * (n + 6)) - mean * mean;
  EXPECT_LT(std::abs(quartic_alignment(unit_rows(gaussian_rows(num_rows, 16, 2), false), Basis::standard(16))),
            4 * (n + 2) / (n - 1) * std::sqrt(variance / num_rows));
  const double h = std::sqrt(0.5);
  EXPECT_NEAR(quartic_alignment(matrix({1, 0}, 2), Basis::from_vectors("frame", 4, 2, {1, 0, 0, 1, h, h, h, -h})), 0,
              1e-12);
}

// For n = 3 any coordinate of a turned axis is uniform on [-1, 1] (Archimedes); the other moments are Haar's on O(3).
TEST(HaarTurnTest, IsDrawnEvenlyFromAllRotations) {
  constexpr int kTurns = 5000;
  std::vector<double> heights[3];
  double trace = 0, trace_squared = 0, mixed = 0;
  for (int k = 0; k < kTurns; ++k) {
    const at::Tensor q = bases::HaarTurn(3, 5, k).apply(at::eye(3, at::kDouble)).contiguous();
    const double* x = q.data_ptr<double>();
    for (std::size_t i = 0; i < 3; ++i) heights[i].push_back((x[3 * i + (i + 1) % 3] + 1) / 2);
    trace += (x[0] + x[4] + x[8]) / kTurns;
    trace_squared += (x[0] + x[4] + x[8]) * (x[0] + x[4] + x[8]) / kTurns;
    mixed += x[0] * x[4] * x[1] * x[3] / kTurns;
  }
  for (const std::vector<double>& height : heights) EXPECT_LT(test::distance_from_uniform(height), 1.95);
  EXPECT_NEAR(trace, 0, 4 / std::sqrt(kTurns));
  EXPECT_NEAR(trace_squared, 1, 4 * std::sqrt(2.0 / kTurns));
  EXPECT_NEAR(mixed, -1.0 / 30, 0.008) << "-1 / ((n - 1) n (n + 2))";
}

TEST(HaarTurnTest, KeepsLengthsAndAnglesInBothTypes) {
  for (const auto& [n, tolerance] : {std::pair{1, 1e-14}, {2, 1e-14}, {127, 1e-13}, {128, 2e-6}, {600, 5e-6}}) {
    const at::Tensor q = bases::HaarTurn(n, 1, 2).apply(at::eye(n, bases::turn_type(n)));
    EXPECT_LT((at::mm(q, q.t()) - at::eye(n, q.scalar_type())).abs().max().item<double>(), tolerance) << n;
  }
  EXPECT_THAT([] { bases::HaarTurn(0, 0, 0); }, ThrowsMessage<Error>(HasSubstr("dim must be at least 1")));
}

// What Note [Rotations] says of float32: a null score is off by less than 1e-8, its spread is thousands of times that.
TEST(HaarTurnTest, Float32ChangesNullScoresByFarLessThanTheirSpread) {
  const at::Tensor rows = gaussian_rows(500, 256, 3);
  const NullTest test = haar_null(rows, Basis::standard(256), rotations(10));
  for (int k = 0; k < 10; ++k) {
    const at::Tensor turned = bases::HaarTurn(256, 0, k).apply(at::eye(256, at::kFloat)).to(at::kDouble);
    const at::Tensor exact = at::mm(unit_rows(rows, false), std::get<0>(at::linalg_qr(turned)));
    const double error = quartic_alignment(exact, Basis::standard(256)) - test.null_scores[static_cast<std::size_t>(k)];
    EXPECT_LT(std::abs(error), 1e-8);
  }
  EXPECT_GT(test.std_dev, 4e-5);
}

TEST(HaarNullTest, RotationsDependOnSeedAndIndexAlone) {
  const at::Tensor rows = gaussian_rows(50, 8, 1);
  const NullTest few = haar_null(rows, Basis::standard(8), rotations(10, 3));
  const NullTest many = haar_null(rows, Basis::standard(8), rotations(20, 3));
  EXPECT_EQ(few.null_scores, std::vector<double>(many.null_scores.begin(), many.null_scores.begin() + 10));
  EXPECT_NE(few.null_scores, haar_null(rows, Basis::standard(8), rotations(10, 4)).null_scores);
  EXPECT_EQ(std::set<double>(many.null_scores.begin(), many.null_scores.end()).size(), 20u);
}

TEST(HaarNullTest, ThreadsAndTorchsOwnGeneratorChangeNothing) {
  const int before = at::get_num_threads();
  for (const std::int64_t dim : {16, 200}) {
    const at::Tensor rows = gaussian_rows(100, dim, 1);
    at::set_num_threads(1);
    const NullTest one = haar_null(rows, Basis::standard(dim), rotations(9, 3));
    at::set_num_threads(4);
    at::manual_seed(99);
    EXPECT_EQ(one, haar_null(rows, Basis::standard(dim), rotations(9, 3))) << dim;
  }
  at::set_num_threads(before);
}

// Haar rotations take every unit vector evenly over the sphere, so the mean of A4 over them is 0 for any rows and
// frame.
TEST(HaarNullTest, HasMeanZeroForAnyRowsAndFrame) {
  const at::Tensor rows = anisotropic_rows(30, 6, 3, 2).abs() + 1;
  for (const Basis& basis : {Basis::standard(6), basis_of(gaussian_rows(9, 6, 4))}) {
    const NullTest test = haar_null(rows, basis, rotations(2000));
    EXPECT_LT(std::abs(test.mean), 4 * test.std_dev / std::sqrt(2000)) << basis.name();
    EXPECT_EQ(test.score, quartic_alignment(unit_rows(rows, false), basis));
  }
}

TEST(HaarNullTest, IsCalibratedForIsotropicRows) {
  expect_calibrated(num_trials(80), [](unsigned seed) {
    return haar_null(gaussian_rows(60, 16, seed), Basis::standard(16), rotations(kRotations, seed)).p;
  });
}

TEST(HaarNullTest, IsCalibratedWhenFewDimensionsCarryTheRows) {
  for (const double a : {2.0, 4.0}) {
    expect_calibrated(num_trials(80), [a](unsigned seed) {
      return haar_null(anisotropic_rows(60, 24, a, seed), Basis::standard(24), rotations(kRotations, seed)).p;
    });
  }
}

TEST(HaarNullTest, IsCalibratedForCentredRowsThatHangTogether) {
  expect_calibrated(num_trials(80), [](unsigned seed) {
    return haar_null(clustered_rows(12, 10, 16, seed), Basis::standard(16),
                     rotations(kRotations, seed, /*centred=*/true))
        .p;
  });
}

TEST(HaarNullTest, IsCalibratedForFrames) {
  const Basis frame = basis_of(gaussian_rows(14, 8, 77));
  expect_calibrated(num_trials(80), [&](unsigned seed) {
    return haar_null(anisotropic_rows(40, 8, 1, seed), frame, rotations(kRotations, seed)).p;
  });
}

TEST(HaarNullTest, FindsPlantedAlignmentOfEitherSign) {
  for (const std::int64_t n : {8, 32, 160}) {
    const at::Tensor turn = random_rotation(n, 8);
    const at::Tensor noise = 0.7 * gaussian_rows(600, n, 9);
    // Mostly one coordinate at a time; and coordinates that are all equally large.
    const at::Tensor sparse = gaussian_rows(600, n, 10).pow(3) + noise;
    const at::Tensor dense = signs(600, n, 11) + noise;
    for (const auto& [rows, sign] : {std::pair{sparse, 1.0}, {dense, -1.0}}) {
      const NullTest acting = haar_null(at::mm(rows, turn), basis_of(turn), rotations(99));
      EXPECT_DOUBLE_EQ(acting.p, 0.02) << n;
      EXPECT_GT(sign * acting.z, 5) << n;
      EXPECT_GT(haar_null(at::mm(rows, turn), Basis::standard(n), rotations(99)).p, 0.02) << "not in another basis";
    }
  }
}

TEST(HaarNullTest, TellsProgressAndStopsWhenAsked) {
  NullOptions options = rotations(5);
  std::vector<std::int64_t> done;
  options.progress = [&](std::int64_t num_done, std::int64_t num_total) {
    done.push_back(num_done);
    EXPECT_EQ(num_total, 5);
  };
  haar_null(gaussian_rows(5, 4, 1), Basis::standard(4), options);
  EXPECT_THAT(done, ElementsAre(1, 2, 3, 4, 5));
  options.num_rotations = 1000;
  options.progress = [](std::int64_t, std::int64_t) { throw std::runtime_error("enough"); };
  EXPECT_THAT([&] { haar_null(gaussian_rows(5, 4, 1), Basis::standard(4), options); },
              ThrowsMessage<std::runtime_error>(HasSubstr("enough")));
}

TEST(HaarNullTest, WhatCannotBeTestedIsNamed) {
  const at::Tensor rows = gaussian_rows(3, 4, 1);
  EXPECT_THAT([&] { haar_null(rows, Basis::standard(5), {}); },
              ThrowsMessage<Error>(HasSubstr("got 3 rows of 4 numbers and a basis of 5 vectors of 5")));
  EXPECT_THAT([&] { haar_null(rows, Basis::standard(4), rotations(1)); },
              ThrowsMessage<Error>(HasSubstr("at least 2 rotations; got 1")));
  EXPECT_THROW(haar_null(gaussian_rows(3, 1, 1), Basis::standard(1), {}), Error) << "A4 is undefined";
  EXPECT_THROW(haar_null(at::zeros({3, 4}), Basis::standard(4), {}), Error) << "no row has a direction";
  EXPECT_THROW(haar_null(rows, Basis::from_vectors("none", 0, 4, {}), {}), Error);
}

// The pre-activations of an untrained layer, W x with Gaussian W, whatever x is.
at::Tensor untrained(std::int64_t num_rows, std::int64_t dim, double a, unsigned seed) {
  const at::Tensor inputs = anisotropic_rows(num_rows, 2 * dim, a, seed + 500'000);
  return at::mm(inputs, gaussian_rows(2 * dim, dim, seed + 600'000)) * (2 / std::sqrt(static_cast<double>(dim)));
}

at::Tensor tanh_of(const at::Tensor& rows) { return rows.tanh(); }
at::Tensor relu_of(const at::Tensor& rows) { return rows.relu(); }

// Half of all p below 0.05 or more against Haar: it is there for every tanh and ReLU, trained or not. Against M1 as
// many as chance has.
TEST(NonlinearityNullTest, IsCalibratedOnUntrainedLayersWhereHaarIsNot) {
  for (const auto& function : {tanh_of, relu_of}) {
    for (const double a : {0.0, 1.0}) {
      std::vector<double> haar;
      expect_calibrated(num_trials(50), [&](unsigned seed) {
        const at::Tensor pre = untrained(200, 12, a, seed);
        haar.push_back(haar_null(function(pre), Basis::standard(12), rotations(39, seed, true)).p);
        return nonlinearity_null(pre, function, Basis::standard(12), MeanTurn::kTurned,
                                 rotations(kRotations, seed, true))
            .p;
      });
      EXPECT_GT(test::share_below(haar, 0.05), a == 0 ? 0.5 : 0.15);
    }
  }
}

TEST(NonlinearityNullTest, IsCalibratedWithItsMeanKept) {
  for (const auto& function : {tanh_of, relu_of}) {
    expect_calibrated(num_trials(50), [&](unsigned seed) {
      const at::Tensor pre = untrained(200, 12, 0.5, seed);
      return nonlinearity_null(pre, function, Basis::standard(12), MeanTurn::kKept, rotations(kRotations, seed, true))
          .p;
    });
  }
}

// Pre-activations that already know the function's basis: saturated units for tanh, sparse ones for ReLU; in the basis
// that the function acts in, which here is a rotated one.
TEST(NonlinearityNullTest, FindsWhatTheFunctionAloneDoesNotMake) {
  for (const std::int64_t n : {12, 130}) {
    const at::Tensor turn = random_rotation(n, 4);
    const auto acting_tanh = [&](const at::Tensor& rows) {
      const at::Tensor b = turn.to(rows.scalar_type());
      return at::mm(at::mm(rows, b.t()).tanh(), b);
    };
    const at::Tensor pre = at::mm(signs(500, n, 5) + 0.4 * gaussian_rows(500, n, 6), turn);
    for (const MeanTurn mean_turn : {MeanTurn::kTurned, MeanTurn::kKept}) {
      const NullTest test = nonlinearity_null(pre, acting_tanh, basis_of(turn), mean_turn, rotations(99));
      EXPECT_DOUBLE_EQ(test.p, 0.02);
      EXPECT_LT(test.score, test.mean) << "more diagonal than the function makes of any rows";
    }
  }
}

// With no mean to keep both are one test; with one that is along the axes they differ.
TEST(NonlinearityNullTest, KeepsTheMeanOnlyWhenAsked) {
  const at::Tensor rows = gaussian_rows(300, 6, 3);
  const at::Tensor centred = rows - rows.mean(0);
  const auto null_of = [](const at::Tensor& pre, MeanTurn turn) {
    return nonlinearity_null(pre, relu_of, Basis::standard(6), turn, rotations(20)).null_scores;
  };
  const std::vector<double> turned = null_of(centred, MeanTurn::kTurned), kept = null_of(centred, MeanTurn::kKept);
  for (std::size_t k = 0; k < turned.size(); ++k) EXPECT_NEAR(turned[k], kept[k], 1e-12);
  EXPECT_NE(null_of(rows + 1, MeanTurn::kTurned), null_of(rows + 1, MeanTurn::kKept));
}

TEST(NonlinearityNullTest, WhatCannotBeTestedIsNamed) {
  const at::Tensor rows = gaussian_rows(6, 4, 1);
  const Basis basis = Basis::standard(4);
  const auto test_with = [&](const std::function<at::Tensor(const at::Tensor&)>& function) {
    return nonlinearity_null(rows, function, basis, MeanTurn::kTurned, rotations(3));
  };
  EXPECT_THAT([&] { test_with([](const at::Tensor& x) { return x.narrow(1, 0, 2); }); },
              ThrowsMessage<Error>(HasSubstr("as many rows of as many numbers; got 2 dimensions, 12 numbers of 24")));
  EXPECT_THAT([&] { test_with([](const at::Tensor&) { return at::Tensor(); }); },
              ThrowsMessage<Error>(HasSubstr("got nothing")));
  EXPECT_THAT([&] { test_with([](const at::Tensor& x) { return x * 0; }); },
              ThrowsMessage<Error>(HasSubstr("got none of 6")));
  EXPECT_THROW(nonlinearity_null(rows, tanh_of, Basis::standard(5), MeanTurn::kKept, rotations(3)), Error);
  EXPECT_THROW(nonlinearity_null(rows, tanh_of, basis, MeanTurn::kKept, rotations(1)), Error);
  at::Tensor with_nan = rows.clone();
  with_nan[2][1] = kNan;
  EXPECT_EQ(nonlinearity_null(with_nan, tanh_of, basis, MeanTurn::kTurned, rotations(3)).score,
            nonlinearity_null(at::cat({rows.slice(0, 0, 2), rows.slice(0, 3)}), tanh_of, basis, MeanTurn::kTurned,
                              rotations(3))
                .score);
}

}  // namespace
}  // namespace srm
