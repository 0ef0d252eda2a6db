#include "srm/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <random>

#include "srm/accumulator.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

struct Rows {
  std::int64_t dim = 2;
  std::vector<double> values = {};
  std::vector<std::int64_t> blocks = {};
};

Resonance count(const Rows& rows, AccumulatorOptions options, const std::string& address = "layer") {
  MemoryBudget budget(std::int64_t{1} << 30);
  Accumulator counter(std::make_shared<Basis>(Basis::standard(rows.dim)), std::move(options), budget, address);
  const auto num_rows = static_cast<std::int64_t>(rows.values.size()) / rows.dim;
  counter.update(rows.values.data(), num_rows, rows.dim, rows.dim, rows.blocks);
  return std::move(counter).take_resonance();
}

ComparedLayer counted(const Rows& rows, std::vector<double> epsilon = {0.9}, std::int64_t num_angles = 36) {
  AccumulatorOptions options;
  options.epsilon = std::move(epsilon);
  options.grid = AngleGrid(num_angles);
  return compared_layer(count(rows, options), nullptr);
}

// Directions in two dimensions: evenly spread, or near an axis more often. Each is told `times` times, as the tokens of
// one sample that are all alike.
Rows directions(std::mt19937_64& random, int num_blocks, int times, double share_on_axis = 0) {
  std::uniform_real_distribution<double> uniform(0, 1);
  Rows rows;
  for (int b = 0; b < num_blocks; ++b) {
    const bool on_axis = uniform(random) < share_on_axis;
    const double angle = on_axis ? 0.05 * (uniform(random) - 0.5) : 2 * std::numbers::pi * uniform(random);
    for (int k = 0; k < times; ++k) {
      rows.values.insert(rows.values.end(), {std::cos(angle), std::sin(angle)});
      rows.blocks.push_back(b);
    }
  }
  return rows;
}

struct Rates {
  double a4 = 0, a4_bound = 0, curve = 0, curve_bound = 0;
};

// How often p is 5 % or less.
Rates rejections(int times, const std::function<LayerComparison()>& draw) {
  Rates rates;
  for (int k = 0; k < times; ++k) {
    const LayerComparison compared = draw();
    rates.a4 += compared.a4.test.p <= 0.05;
    rates.a4_bound += compared.a4.test.p_bound <= 0.05;
    rates.curve += compared.curves.front().test.p <= 0.05;
    rates.curve_bound += compared.curves.front().test.p_bound <= 0.05;
  }
  for (double* rate : {&rates.a4, &rates.a4_bound, &rates.curve, &rates.curve_bound}) *rate /= times;
  return rates;
}

constexpr int kTimes = 1500;
constexpr double kLuck = 0.017;  // three standard deviations of a rate of 5 % in so many draws

TEST(ComparisonCalibrationTest, AFalseDifferenceIsFoundAtMostAsOftenAsItsPSays) {
  std::mt19937_64 random(1);
  const Rates rates = rejections(
      kTimes, [&] { return compare_layers(counted(directions(random, 200, 1)), counted(directions(random, 120, 1))); });
  EXPECT_NEAR(rates.a4, 0.05, kLuck) << "exact, not only conservative";
  EXPECT_LE(rates.a4_bound, 0.05);
  EXPECT_LE(rates.curve, 0.05) << "in two dimensions a row is inside or not: there the bound of the variance is met";
  EXPECT_LE(rates.curve_bound, rates.curve);
}

TEST(ComparisonCalibrationTest, RowsOfOneSampleAreNotTakenForIndependent) {
  std::mt19937_64 random(2);
  const auto draw = [&](bool with_blocks) {
    return rejections(kTimes / 3, [&] {
      Rows a = directions(random, 60, 10);
      Rows b = directions(random, 60, 10);
      if (!with_blocks) a.blocks = b.blocks = {};
      return compare_layers(counted(a), counted(b));
    });
  };
  const Rates with = draw(true);
  EXPECT_LE(with.a4, 0.05 + 1.5 * kLuck);
  EXPECT_LE(with.curve, 0.05);
  const Rates without = draw(false);
  EXPECT_GE(without.a4, 0.3) << "this test would see it";
  EXPECT_GE(without.curve, 0.3);
}

TEST(ComparisonCalibrationTest, FewRowsInsideAndSidesOfOtherSizesMakeNoDifference) {
  std::mt19937_64 random(3);
  for (const auto& [num_a, num_b, epsilon] : {std::tuple(2000, 40, 0.9), std::tuple(40, 2000, 0.9),
                                              std::tuple(300, 300, 0.9995), std::tuple(1500, 60, 0.999)}) {
    const Rates rates = rejections(kTimes / 5, [&, num_a = num_a, num_b = num_b, epsilon = epsilon] {
      return compare_layers(counted(directions(random, num_a, 1), {epsilon}),
                            counted(directions(random, num_b, 1), {epsilon}));
    });
    EXPECT_LE(rates.curve, 0.05) << num_a << " and " << num_b << " rows at " << epsilon;
  }
}

TEST(ComparisonCalibrationTest, FewBlocksAreNotTakenForMany) {
  std::mt19937_64 random(10);
  const Rates rates = rejections(
      kTimes, [&] { return compare_layers(counted(directions(random, 5, 1)), counted(directions(random, 8, 1))); });
  EXPECT_LE(rates.a4, 0.05 + kLuck) << "the normal distribution would find one in ten";
  EXPECT_LE(rates.curve, 0.05);
}

TEST(ComparisonCalibrationTest, OfTheSameSamplesOnlyTheBoundHolds) {
  std::mt19937_64 random(4);
  // The second layer turns each row by 45 degrees: what is on an axis in one is on a diagonal in the other.
  const Rates rates = rejections(kTimes, [&] {
    const Rows a = directions(random, 150, 1);
    Rows b = a;
    for (std::size_t k = 0; k < b.values.size(); k += 2) {
      const double x = a.values[k], y = a.values[k + 1];
      b.values[k] = (x - y) / std::numbers::sqrt2;
      b.values[k + 1] = (x + y) / std::numbers::sqrt2;
    }
    return compare_layers(counted(a), counted(b));
  });
  EXPECT_GE(rates.a4, 0.1) << "the independent error is too small here";
  EXPECT_LE(rates.a4_bound, 0.05 + kLuck);
}

TEST(ComparisonCalibrationTest, ATrueDifferenceIsFoundWhereItIs) {
  std::mt19937_64 random(5);
  const LayerComparison compared =
      compare_layers(counted(directions(random, 400, 1)), counted(directions(random, 400, 1, 0.3)));
  EXPECT_GT(compared.a4.difference, 0.15);
  EXPECT_LT(compared.a4.test.p_bound, 1e-3);
  const CurveDifference& curve = compared.curves.front();
  EXPECT_LT(curve.test.p_bound, 1e-6);
  const double degrees = 10.0 * static_cast<double>(curve.largest);
  EXPECT_LE(std::min(degrees, 360 - degrees), 30) << "around +b_i";
}

TEST(ComparisonTest, OneLayerBesideItselfDoesNotDiffer) {
  std::mt19937_64 random(6);
  const ComparedLayer layer = counted(directions(random, 50, 1));
  const LayerComparison compared = compare_layers(layer, layer);
  EXPECT_EQ(compared.a4.difference, 0);
  EXPECT_EQ(compared.a4.test.p, 1);
  EXPECT_EQ(compared.curves.front().test.p, 1);
  EXPECT_THAT(compared.notes, IsEmpty());
  EXPECT_NEAR(compared.a4.error_bound, std::sqrt(2.0) * compared.a4.error, 1e-12);
}

TEST(ComparisonTest, WithoutSpreadOnlyEqualityCanBeTold) {
  const Rows on_axis = {2, {1, 0, 0, 1, 1, 0}};
  const Rows diagonal = {2, {1, 1, 1, -1, -1, 1}};
  const LayerComparison same = compare_layers(counted(on_axis), counted(on_axis));
  EXPECT_EQ(same.a4.test.p, 1);
  const LayerComparison other = compare_layers(counted(on_axis), counted(diagonal));
  EXPECT_NEAR(other.a4.difference, -2, 1e-6);
  EXPECT_TRUE(std::isnan(other.a4.test.p));
  EXPECT_THAT(other.curves.front().error, Each(testing::Gt(0)));
}

TEST(ComparisonTest, TheErrorIsThatOfTheLargestShareThatARowCanBeInsideOf) {
  // 16 dimensions: at 0.9 a row is inside planes that all share a vector, at 0.4 inside planes of 13 vectors at most.
  Rows rows{16, {}};
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (int k = 0; k < 16 * 100; ++k) rows.values.push_back(normal(random));
  const ComparedLayer layer = counted(rows, {0.9, 0.4, 0.2, -0.5});
  EXPECT_THAT(layer.largest_share, ElementsAre(15.0 / 120, 78.0 / 120, 1, 1));
  EXPECT_EQ(layer.num_effective_blocks, 100);
  const CurveDifference curve = compare_layers(layer, layer).curves.front();
  const double share = 15.0 / 120;
  const double f = (100 * curve.a[0] + share) / 102;
  EXPECT_NEAR(curve.error[0], std::sqrt(2 * f * (share - f) / 100), 1e-12);
  EXPECT_NEAR(curve.error_bound[0], 2 * std::sqrt(f * (share - f) / 100), 1e-12);
}

TEST(ComparisonTest, NoRowIsInsideMorePlanesThanTheBoundSays) {
  // Rows of few equal coordinates are inside most planes: some alone, some all but one, some with small ones beside.
  for (const std::int64_t dim : {5, 9, 16}) {
    for (const double epsilon : {0.3, 0.45, 0.5, 0.57, 0.7, 0.9, 1.0}) {
      AccumulatorOptions options;
      options.epsilon = {epsilon};
      options.grid = AngleGrid(72);
      std::vector<Rows> extremes;
      for (std::int64_t heavy = 1; heavy <= dim; ++heavy) {
        for (const double light : {0.0, 0.2, 0.5}) {
          Rows row{dim};
          for (std::int64_t k = 0; k < dim; ++k) row.values.push_back(k < heavy ? 1 : light);
          extremes.push_back(row);
        }
      }
      const double share = compared_layer(count(extremes.front(), options), nullptr).largest_share.front();
      for (const Rows& row : extremes) {
        const std::vector<double> g = count(row, options).holistic_mean(0);
        EXPECT_LE(*std::max_element(g.begin(), g.end()), share + 1e-12) << dim << " " << epsilon;
      }
    }
  }
}

TEST(ComparisonTest, ZeroRowsAreNoBlocksOfTheirOwn) {
  Rows rows = {2, {1, 0, 0, 1, 0, 0, 0, 0}};
  EXPECT_EQ(counted(rows).num_effective_blocks, 2);
  rows.blocks = {0, 0, 1, 1};
  EXPECT_EQ(counted(rows).num_effective_blocks, 1);
}

TEST(ComparisonTest, WhatWasCountedOtherwiseIsSaidAndNotCompared) {
  const Rows rows = {2, {1, 0, 0.6, 0.8, 0, 1}};
  const ComparedLayer layer = counted(rows, {0.9, 0.5});
  const LayerComparison epsilons = compare_layers(layer, counted(rows, {0.5, 0.4}));
  ASSERT_THAT(epsilons.curves, SizeIs(1));
  EXPECT_EQ(epsilons.curves[0].epsilon, 0.5);
  EXPECT_THAT(epsilons.notes, ElementsAre("epsilon of A alone: 0.9", "epsilon of B alone: 0.4"));
  const LayerComparison none = compare_layers(layer, counted(rows, {0.3}));
  EXPECT_THAT(none.curves, IsEmpty());
  EXPECT_EQ(none.a4.difference, 0);
  EXPECT_THAT(none.notes, Contains(HasSubstr("no epsilon is in both")));
  const LayerComparison grid = compare_layers(layer, counted(rows, {0.9, 0.5}, 12));
  EXPECT_THAT(grid.curves.front().a, IsEmpty());
  EXPECT_THAT(grid.notes, ElementsAre(AllOf(HasSubstr("no curve is compared"), HasSubstr("36"), HasSubstr("12"))));
  AccumulatorOptions options;
  options.epsilon = {0.9, 0.5};
  options.grid = AngleGrid(36);
  options.sense = Sense::kReference;
  options.pairs = Pairs::kPermutation;
  options.mean = {0.1, 0.1};
  EXPECT_THAT(compare_layers(layer, compared_layer(count(rows, options), nullptr)).notes,
              AllOf(Contains(HasSubstr("reference sense")), Contains("other pairs: combination and permutation"),
                    Contains("centred: no and yes"), Contains("other numbers of planes: 1 and 2")));
  const LayerComparison wide = compare_layers(layer, counted({3, {1, 0, 0, 0, 1, 0}}, {0.9, 0.5}));
  EXPECT_THAT(wide.notes, Contains(HasSubstr("other widths")));
}

TEST(ComparisonTest, WithoutSamplesNothingIsSaid) {
  const Rows rows = {2, {1, 0, 0.6, 0.8, 0, 1}};
  const LayerComparison compared = compare_layers(counted(rows), counted({2, {}}));
  EXPECT_TRUE(std::isnan(compared.a4.difference));
  EXPECT_THAT(compared.curves.front().a, IsEmpty());
  EXPECT_THAT(compared.notes, ElementsAre(HasSubstr("no samples or no planes")));
}

ComparedSource source_of(const std::string& name, const std::vector<std::string>& addresses) {
  const Rows rows = {2, {1, 0, 0.6, 0.8, 0, 1}};
  ComparedSource source{name};
  for (const std::string& address : addresses) {
    source.layers.push_back(counted(rows));
    source.layers.back().layer.address = address;
  }
  return source;
}

TEST(CompareTest, LayersAreMatchedByAddressAndTheRestIsTold) {
  const Comparison compared = compare({source_of("one", {"a", "b"}), source_of("two", {"b", "c"})});
  ASSERT_THAT(compared.layers, SizeIs(1));
  EXPECT_EQ(compared.layers[0].a.layer.address, "b");
  EXPECT_THAT(compared.unmatched, ElementsAre("a is in one alone", "c is in two alone"));
}

TEST(CompareTest, PairsCompareLayersOfOtherNames) {
  const Comparison compared = compare({source_of("one", {"a", "b"}), source_of("two", {"c"})}, {{"a", "c"}});
  ASSERT_THAT(compared.layers, SizeIs(1));
  EXPECT_EQ(compared.layers[0].a.layer.address, "a");
  EXPECT_EQ(compared.layers[0].b.layer.address, "c");
  EXPECT_THAT(
      [] {
        compare({source_of("one", {"a"}), source_of("two", {"c", "d"})}, {{"a", "x"}});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("compare two"), HasSubstr("x"), HasSubstr("choose from c, d"))));
}

TEST(CompareTest, SourcesThatNameALayerEachAreComparedInThoseAlone) {
  ComparedSource one = source_of("one", {"a", "b"}), two = source_of("two", {"b", "c"}),
                 three = source_of("three", {"d"});
  one.only = "a";
  two.only = "c";
  three.only = "d";
  const Comparison compared = compare({one, two, three});
  ASSERT_THAT(compared.layers, SizeIs(2));
  EXPECT_EQ(compared.layers[0].b.layer.address, "c");
  EXPECT_EQ(compared.layers[1].b.layer.address, "d");
  EXPECT_THAT(compared.unmatched, IsEmpty());
  two.only = "x";
  EXPECT_THAT([&] { compare({one, two}); }, ThrowsMessage<Error>(HasSubstr("choose from b, c")));
}

TEST(CompareTest, GroupsGoByTheirLabels) {
  ComparedSource one = source_of("one", {"a", "a"});
  one.layers[1].group = "3";
  ComparedSource two = source_of("two", {"a", "a"});
  two.layers[1].group = "4";
  const Comparison compared = compare({one, two});
  EXPECT_THAT(compared.layers, SizeIs(1));
  EXPECT_THAT(compared.unmatched, ElementsAre("a [3] is in one alone", "a [4] is in two alone"));
}

TEST(CompareTest, NothingInCommonAndTooFewAreErrors) {
  EXPECT_THAT(
      [] {
        compare({source_of("one", {"a"}), source_of("two", {"b"})});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("a is in one alone"), HasSubstr("--layers"))));
  EXPECT_THAT([] { compare({source_of("one", {"a"})}); }, ThrowsMessage<Error>(HasSubstr("two or more")));
}

TEST(CompareTest, QIsOverAllThatIsCompared) {
  std::mt19937_64 random(8);
  ComparedSource one{"one"}, two{"two"};
  for (int k = 0; k < 4; ++k) {
    one.layers.push_back(counted(directions(random, 100, 1)));
    two.layers.push_back(counted(directions(random, 100, 1, k == 0 ? 0.5 : 0)));
    one.layers.back().layer.address = two.layers.back().layer.address = std::to_string(k);
  }
  const Comparison compared = compare({one, two, two});
  ASSERT_THAT(compared.layers, SizeIs(8));
  EXPECT_EQ(compared.layers[4].source, 2u);
  for (const std::size_t k : {std::size_t{0}, std::size_t{4}}) {
    EXPECT_NEAR(compared.layers[k].a4.test.q, compared.layers[k].a4.test.p * 4, 1e-12) << "two of eight are as small";
    EXPECT_LT(compared.layers[k].a4.test.q_bound, 0.05);
  }
  for (const LayerComparison& layer : compared.layers) {
    EXPECT_GE(layer.a4.test.q_bound, layer.a4.test.q);
    EXPECT_GE(layer.curves.front().test.q, layer.curves.front().test.p);
  }
}

TEST(CompareTest, AStepOfAHistoryHasScoresAndCurvesWithoutError) {
  std::mt19937_64 random(9);
  History history;
  history.settings = {{"sense", "natural"}, {"pairs", "permutation"}, {"centre", "yes"}};
  for (const std::int64_t step : {0, 100}) {
    Window window{step, "training", {}, {}};
    window.layers.push_back(counted(directions(random, 100, 1, step == 0 ? 0 : 0.5)).layer);
    history.windows.push_back(window);
    history.windows.push_back({step, "evaluation", {}, {counted(directions(random, 50, 1)).layer}});
  }
  const ComparedSource first = compared_source("h@0", history, 0, "");
  const ComparedSource last = compared_source("h@100", history, 100, "");
  EXPECT_TRUE(first.layers.front().centred);
  EXPECT_EQ(first.layers.front().pairs, Pairs::kPermutation);
  EXPECT_EQ(first.layers.front().layer.num_samples_seen, 100) << "training comes first";
  EXPECT_EQ(compared_source("h", history, 100, "evaluation").layers.front().layer.num_samples_seen, 50);
  const Comparison compared = compare({first, last});
  const ScoreDifference& a4 = compared.layers[0].a4;
  EXPECT_GT(a4.difference, 0.15);
  EXPECT_GT(a4.error, 0);
  for (const double undefined : {a4.error_bound, a4.test.p, a4.test.p_bound, a4.test.q, a4.test.q_bound}) {
    EXPECT_TRUE(std::isnan(undefined)) << "samples that come again make the error too small";
  }
  EXPECT_THAT(compared.layers[0].notes, Contains(HasSubstr("so A4 has no p")));
  const LayerComparison same = compare_layers(first.layers.front(), first.layers.front());
  EXPECT_EQ(same.a4.difference, 0);
  EXPECT_TRUE(std::isnan(same.a4.test.p));
  const LayerComparison one_sided = compare_layers(counted(directions(random, 100, 1)), last.layers.front());
  EXPECT_TRUE(std::isnan(one_sided.a4.test.p));
  EXPECT_THAT(one_sided.notes, Contains(HasSubstr("so A4 has no p")));
  EXPECT_THAT(compared.layers[0].curves.front().a, SizeIs(36));
  EXPECT_THAT(compared.layers[0].curves.front().error, IsEmpty());
  EXPECT_TRUE(std::isnan(compared.layers[0].curves.front().test.q));
  EXPECT_THAT(compared.layers[0].notes, Contains(HasSubstr("does not tell its blocks")));
  EXPECT_THAT([&] { compared_source("h", history, 50, ""); },
              ThrowsMessage<Error>(AllOf(HasSubstr("step 50"), HasSubstr("0, 100"))));
}

}  // namespace
}  // namespace srm
