#include "srm/epsilon_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>

#include "srm/accumulator.h"
#include "srm/error.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<double> gaussian_rows(std::size_t num_rows, std::size_t dim, double power = 1) {
  std::mt19937_64 bits(5);
  std::normal_distribution<double> normal;
  std::vector<double> rows(num_rows * dim);
  for (double& x : rows) {
    const double z = normal(bits);
    x = std::copysign(std::pow(std::abs(z), power), z);
  }
  return rows;
}

/// The mean over planes and angles of the curves that the accumulator counts.
double counted_rate(const std::vector<double>& rows, const Basis& basis, double epsilon) {
  MemoryBudget budget;
  AccumulatorOptions options;
  options.epsilon = {epsilon};
  Accumulator accumulator(std::make_shared<const Basis>(basis), options, budget);
  accumulator.update(rows.data(), std::ssize(rows) / basis.dim(), basis.dim(), basis.dim());
  double sum = 0;
  for (const double f : accumulator.resonance().holistic_mean(0)) sum += f;
  return sum / 360;
}

TEST(EpsilonChoice, IsReadAndWrittenInTheSameWords) {
  for (const char* text : {"0.9", "-0.25", "auto", "auto:0.001", "auto:data", "auto:data:0.05"}) {
    EXPECT_EQ(to_string(to_epsilon_choice(text)), text);
  }
  EXPECT_EQ(to_epsilon_choice("auto:0.01"), EpsilonChoice::isotropic());
  EXPECT_EQ(to_epsilon_choice("auto:data"), EpsilonChoice::of_data(0.01));
  EXPECT_EQ(to_epsilon_choice("1"), EpsilonChoice(1.0));
}

TEST(EpsilonChoice, RefusesWhatItCannotBe) {
  for (const char* text : {"", "x", "0.9x", "autos", "auto:", "auto:x", "auto:data:", "auto:dat", "data"}) {
    EXPECT_THAT([&] { to_epsilon_choice(text); }, ThrowsMessage<Error>(HasSubstr("auto:data[:RATE]"))) << text;
  }
  for (const char* text : {"1.5", "-2", "nan"}) {
    EXPECT_THAT([&] { to_epsilon_choice(text); }, ThrowsMessage<Error>(HasSubstr("must be in [-1, 1]"))) << text;
  }
  for (const char* text : {"auto:0", "auto:0.5", "auto:-1", "auto:data:1"}) {
    EXPECT_THAT([&] { to_epsilon_choice(text); }, ThrowsMessage<Error>(HasSubstr("below 1/2"))) << text;
  }
}

TEST(EpsilonChoice, FollowsTheWidthAsTheIsotropicLineDoes) {
  const std::pair<std::int64_t, double> usual[] = {{8, .750},   {16, .558},   {64, .288},
                                                   {384, .119}, {768, .0839}, {3072, .042}};
  for (const auto& [dim, epsilon] : usual) {
    EXPECT_NEAR(epsilon_of_width(EpsilonChoice::isotropic(), dim), epsilon, 5e-4) << dim;
    EXPECT_NEAR(isotropic_rate(dim, epsilon_of_width(EpsilonChoice::isotropic(), dim)), 0.01, 4e-4) << dim;
  }
  EXPECT_EQ(epsilon_of_width(0.7, 8), 0.7);
  EXPECT_EQ(epsilon_of_width(EpsilonChoice::isotropic(), 1), 0.9);
}

TEST(EpsilonOfRows, LetsTheShareInsideThatWasAskedFor) {
  std::vector<double> vectors = gaussian_rows(20, 8);
  const std::vector<std::pair<std::vector<double>, Basis>> cases = {
      {gaussian_rows(900, 8), Basis::standard(8)},
      {gaussian_rows(900, 8, 3), Basis::standard(8)},
      {gaussian_rows(900, 8, 0.1), Basis::standard(8)},
      {gaussian_rows(900, 8), Basis::from_vectors("frame", 20, 8, vectors)},
      {gaussian_rows(900, 8), Basis::from_vectors("kept", 20, 8, vectors, VectorLengths::kKept)}};
  for (const auto& [rows, basis] : cases) {
    const PlaneSet planes(basis, Pairs::kCombination);
    for (const double rate : {0.01, 0.1, 0.001}) {
      const double epsilon = epsilon_of_rows(rows, basis, planes, rate, 3);
      // Longer vectors than 1 can ask for more than a cosine may be.
      if (epsilon == 1) continue;
      EXPECT_NEAR(counted_rate(rows, basis, epsilon), rate, 0.06 * rate) << basis.name() << " " << epsilon;
    }
  }
}

TEST(EpsilonOfRows, DrawsPlanesOfWideLayersAndIsTheSameEachTime) {
  const std::vector<double> rows = gaussian_rows(1100, 100);
  const Basis basis = Basis::standard(100);
  const PlaneSet planes(basis, Pairs::kCombination);
  const double epsilon = epsilon_of_rows(rows, basis, planes, 0.01, 3);
  EXPECT_EQ(epsilon, epsilon_of_rows(rows, basis, planes, 0.01, 3));
  EXPECT_NEAR(epsilon, isotropic_epsilon(100, 0.01), 0.003);
}

TEST(EpsilonOfRows, HasALeastAndNeedsRowsAndPlanes) {
  const Basis basis = Basis::standard(64);
  const PlaneSet planes(basis, Pairs::kCombination);
  std::vector<double> on_an_axis(64, 0.0);
  on_an_axis[0] = 1;
  EXPECT_EQ(epsilon_of_rows(on_an_axis, basis, planes, 0.4, 0), 0.001);
  EXPECT_THAT([&] { epsilon_of_rows({}, basis, planes, 0.01, 0); },
              ThrowsMessage<Error>(HasSubstr("there must be rows")));
  const Basis line = Basis::standard(1);
  EXPECT_THAT([&] { epsilon_of_rows(on_an_axis, line, PlaneSet(line, Pairs::kCombination), 0.01, 0); },
              ThrowsMessage<Error>(HasSubstr("0 planes")));
}

}  // namespace
}  // namespace srm
