#include "srm/resonance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "result_parts.h"
#include "srm/error.h"

namespace srm {
namespace {

using test::small_parts;
using testing::AllOf;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

// Two planes that share a vector, one epsilon, two angles, four samples.
ResonanceParts two_planes() {
  ResonanceParts parts;
  parts.dim = 3;
  parts.num_vectors = 3;
  parts.basis_name = "standard";
  parts.basis = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  parts.planes = {{0, 1}, {0, 2}};
  parts.num_planes_summed = 2;
  parts.epsilon = {0.9};
  parts.grid = AngleGrid(2);
  parts.counts = {4, 0, 2, 0};
  parts.plane_hits = {4, 2};
  parts.holistic_counts = {6, 0};
  parts.scores = {4, 4, {0}, {6}, {}, {}, {}};
  parts.num_samples_seen = 4;
  return parts;
}

TEST(ResonanceTest, WhatIsWholeIsAccepted) {
  const Resonance result(small_parts());
  EXPECT_EQ(result.address(), "encoder.0");
  EXPECT_EQ(result.num_planes(), 1);
  EXPECT_EQ(result.num_epsilons(), 2);
  EXPECT_EQ(result.num_angles(), 4);
  EXPECT_EQ(result.num_samples_seen(), 5);
}

struct Damage {
  const char* name;
  std::function<void(ResonanceParts&)> apply;
  const char* words;
};

void PrintTo(const Damage& of, std::ostream* out) { *out << of.name; }

class DamagedTest : public testing::TestWithParam<Damage> {};

TEST_P(DamagedTest, IsRefused) {
  ResonanceParts parts = small_parts();
  GetParam().apply(parts);
  EXPECT_THAT([&] { Resonance(parts, "read 'x.srm.pt'"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("[read 'x.srm.pt']"), HasSubstr(GetParam().words))));
}

const Damage kDamages[] = {
    {"dim", [](auto& p) { p.dim = 0; }, "dim must be at least 1"},
    {"num_vectors", [](auto& p) { p.num_vectors = -1; }, "num_vectors at least 0; got 2 and -1"},
    {"basis_size", [](auto& p) { p.basis.pop_back(); }, "basis must hold 4 numbers; got 3"},
    {"basis_overflow", [](auto& p) { p.num_vectors = std::int64_t{1} << 62, p.dim = 8; }, "basis must hold"},
    {"basis_nan", [](auto& p) { p.basis[2] = kNan; }, "basis must be finite; got nan"},
    {"plane_range",
     [](auto& p) {
       p.planes = {{0, 2}};
     },
     "lexicographic order; got (0, 2)"},
    {"plane_negative",
     [](auto& p) {
       p.planes = {{-1, 1}};
     },
     "got (-1, 1)"},
    {"plane_of_one_vector",
     [](auto& p) {
       p.planes = {{1, 1}};
     },
     "got (1, 1)"},
    {"plane_not_a_combination",
     [](auto& p) {
       p.planes = {{1, 0}};
     },
     "got (1, 0)"},
    {"plane_twice",
     [](auto& p) {
       p.planes = {{0, 1}, {0, 1}};
     },
     "got (0, 1)"},
    {"plane_order",
     [](auto& p) {
       p.pairs = Pairs::kPermutation, p.planes = {{1, 0}, {0, 1}};
     },
     "lexicographic order; got (0, 1)"},
    {"left_out", [](auto& p) { p.num_planes_left_out = -1; }, "num_planes_left_out must not be negative"},
    {"no_epsilon", [](auto& p) { p.epsilon.clear(); }, "there must be an epsilon"},
    {"epsilon_range", [](auto& p) { p.epsilon[1] = 1.5; }, "in [-1, 1] and none be there twice; got 1.5"},
    {"epsilon_nan", [](auto& p) { p.epsilon[1] = kNan; }, "got nan"},
    {"epsilon_twice", [](auto& p) { p.epsilon[1] = 0.9; }, "got 0.9"},
    {"seen", [](auto& p) { p.num_samples_seen = -1; }, "sums must not be negative; got -1"},
    {"calls", [](auto& p) { p.num_calls = -7; }, "must not be negative; got -7"},
    {"zero_norm", [](auto& p) { p.num_samples_zero_norm = -1; }, "must not be negative"},
    {"nonfinite", [](auto& p) { p.num_samples_nonfinite = 4; }, "5 seen, 3 scored, 1 zero and 4 not finite"},
    {"scored", [](auto& p) { p.scores.num_rows = 6; }, "5 seen, 6 scored"},
    {"quartic", [](auto& p) { p.scores.quartic_sum = -1; }, "must not be negative"},
    {"cosine_size", [](auto& p) { p.scores.cosine_sum = {0}; }, "cosine_sum must hold 2 numbers; got 1"},
    {"cosine", [](auto& p) { p.scores.cosine_sum[0] = 3 * Scores::kCosineScale + 1; }, "|cosine_sum|"},
    {"cosine_smallest", [](auto& p) { p.scores.cosine_sum[1] = -kLargest - 1; }, "|cosine_sum|"},
    {"hits_size",
     [](auto& p) {
       p.scores.num_hits = {3, 3, 3};
     },
     "hits must hold 2 numbers; got 3"},
    {"hits", [](auto& p) { p.scores.num_hits[1] = 2; }, "hits must be the sum of plane_hits over planes; got 2 and 3"},
    {"mean_without_centring",
     [](auto& p) {
       p.mean = {0, 0};
     },
     "mean must hold 0 numbers; got 2"},
    {"centred_without_mean", [](auto& p) { p.centred = true; }, "mean must hold 2 numbers; got 0"},
    {"mean_nan",
     [](auto& p) {
       p.centred = true, p.mean = {0, kNan}, p.num_samples_seen = 4;
     },
     "mean must be finite"},
    {"centred_scored",
     [](auto& p) {
       p.centred = true, p.mean = {0, 0}, p.num_samples_seen = 2;
     },
     "2 seen, 3 scored"},
    {"counts_size", [](auto& p) { p.counts.pop_back(); }, "counts must hold 8 numbers; got 7"},
    {"plane_hits_size", [](auto& p) { p.plane_hits = {}; }, "plane_hits must hold 2 numbers"},
    {"holistic_size", [](auto& p) { p.holistic_counts.resize(9); }, "holistic_counts must hold 8 numbers; got 9"},
    {"count_above_seen", [](auto& p) { p.counts[0] = 6; }, "counts must be between 0 and 5; got 6"},
    {"count_negative", [](auto& p) { p.counts[3] = -1; }, "counts must be between 0 and 5; got -1"},
    {"plane_hits", [](auto& p) { p.plane_hits[0] = 4; }, "plane_hits must be between 0 and 3; got 4"},
    {"holistic", [](auto& p) { ++p.holistic_counts[5]; }, "holistic_counts must be the sum of counts over planes"},
    {"inclusive_end", [](auto& p) { p.grid = AngleGrid(4, GridEnds::kInclusive); }, "must repeat the first"},
};

INSTANTIATE_TEST_SUITE_P(Resonance, DamagedTest, testing::ValuesIn(kDamages),
                         [](const auto& damage) { return std::string(damage.param.name); });

// A sum over planes of counts that each fit would be an overflow.
TEST(ResonanceTest, CountsTooLargeToAddUpAreRefused) {
  ResonanceParts parts = two_planes();
  parts.num_samples_seen = kLargest;
  parts.scores.num_rows = kLargest;
  parts.counts.assign(4, kLargest);
  EXPECT_THAT([&] { Resonance{parts}; }, ThrowsMessage<Error>(HasSubstr("must fit into 64 bits")));
}

TEST(ResonanceTest, NoPlanesAreAResultWithoutCounts) {
  ResonanceParts parts = small_parts();
  parts.planes.clear();
  parts.num_planes_summed = 0;
  parts.counts.clear();
  parts.plane_hits.clear();
  EXPECT_THAT([&] { Resonance{parts}; }, ThrowsMessage<Error>(HasSubstr("holistic_counts must be the sum")));
  parts.holistic_counts.assign(8, 0);
  parts.scores.num_hits = {0, 0};
  parts.scores.cosine_sum = {0, 0};
  const Resonance result(parts);
  EXPECT_EQ(result.num_planes(), 0);
  EXPECT_THAT(result.holistic_mean(0), testing::Each(0));
  EXPECT_THAT(result.holistic_std(1), testing::Each(0));
}

// Rows that could not be centred are counted beside those that were seen, however many they are.
TEST(ResonanceTest, CentredResultsSeeOnlyCentredRows) {
  ResonanceParts parts = small_parts();
  parts.centred = true;
  parts.mean = {0.5, -0.5};
  parts.num_samples_seen = 3;
  parts.num_samples_zero_norm = 40;
  parts.num_samples_nonfinite = 50;
  EXPECT_EQ(Resonance(parts).num_samples_seen(), 3);
}

TEST(ResonanceTest, CurvesAreCountsOverSamples) {
  const Resonance result(small_parts());
  EXPECT_THAT(result.curve(0, 0), ElementsAre(0.4, 0.2, 0, 0));
  EXPECT_THAT(result.curve(1, 0), ElementsAre(0.6, 0.4, 0.2, 0));
  const auto counts = result.counts(1, 0);
  EXPECT_THAT(std::vector<std::int64_t>(counts.begin(), counts.end()), ElementsAre(3, 2, 1, 0));
}

TEST(ResonanceTest, HolisticCurveIsMeanAndSpreadOverPlanes) {
  const Resonance result(two_planes());
  EXPECT_THAT(result.holistic_mean(0), ElementsAre(DoubleEq(0.75), 0));
  EXPECT_THAT(result.holistic_std(0), ElementsAre(DoubleEq(0.25), 0)) << "1 and 0.5";
  EXPECT_EQ(result.holistic_counts(0)[0], 6);
}

TEST(ResonanceTest, NoSamplesAreZerosNotNans) {
  ResonanceParts parts = two_planes();
  parts.counts.assign(4, 0);
  parts.plane_hits.assign(2, 0);
  parts.holistic_counts.assign(2, 0);
  parts.scores = {0, 0, {0}, {0}, {}, {}, {}};
  parts.num_samples_seen = 0;
  const Resonance result(parts);
  EXPECT_THAT(result.curve(0, 1), testing::Each(0));
  EXPECT_THAT(result.holistic_mean(0), testing::Each(0));
  EXPECT_THAT(result.holistic_std(0), testing::Each(0));
}

TEST(ResonanceTest, PlacesAreFoundAndMissingOnesNamed) {
  const Resonance result(two_planes());
  EXPECT_EQ(result.plane_index(0, 2), 1);
  EXPECT_EQ(result.epsilon_index(0.9), 0);
  EXPECT_THAT([&] { result.plane_index(2, 0); },
              ThrowsMessage<Error>(AllOf(HasSubstr("(2, 0) among 2 planes"), HasSubstr("i < j"))));
  EXPECT_THROW(result.plane_index(1, 2), Error);
  EXPECT_THAT([&] { result.epsilon_index(0.5); },
              ThrowsMessage<Error>(AllOf(HasSubstr("got 0.5"), HasSubstr("choose from 0.9"))));
  EXPECT_THAT([&] { result.counts(0, 2); }, ThrowsMessage<Error>(HasSubstr("below (1, 2); got (0, 2)")));
  EXPECT_THROW(result.counts(-1, 0), Error);
  EXPECT_THAT([&] { result.holistic_counts(1); }, ThrowsMessage<Error>(HasSubstr("below 1; got 1")));
}

// Else equal results would be different bytes in a file.
TEST(ResonanceTest, ZerosHaveOneSign) {
  ResonanceParts parts = small_parts();
  parts.basis[1] = -0.0;
  parts.epsilon[1] = -0.0;
  const Resonance result(parts);
  EXPECT_FALSE(std::signbit(result.parts().basis[1]));
  EXPECT_FALSE(std::signbit(result.parts().epsilon[1]));
}

}  // namespace
}  // namespace srm
