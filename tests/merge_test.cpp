#include "srm/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "brute_force.h"
#include "findings_examples.h"
#include "result_parts.h"
#include "srm/error.h"

namespace srm {
namespace {

using test::small_parts;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// All there is in a result, for "the same bytes".
void expect_equal(const ResonanceParts& a, const ResonanceParts& b) {
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.basis, b.basis);
  EXPECT_EQ(a.planes, b.planes);
  EXPECT_EQ(a.epsilon, b.epsilon);
  EXPECT_EQ(a.counts, b.counts);
  EXPECT_EQ(a.plane_hits, b.plane_hits);
  EXPECT_EQ(a.holistic_counts, b.holistic_counts);
  EXPECT_EQ(a.scores, b.scores);
  EXPECT_EQ(a.num_samples_seen, b.num_samples_seen);
  EXPECT_EQ(a.num_samples_zero_norm, b.num_samples_zero_norm);
  EXPECT_EQ(a.num_samples_nonfinite, b.num_samples_nonfinite);
  EXPECT_EQ(a.num_calls, b.num_calls);
  EXPECT_EQ(a.mean, b.mean);
}

Resonance counted(unsigned seed, const std::string& address = "activations") {
  AccumulatorOptions options;
  options.epsilon = {0.7, -0.2};
  options.grid = AngleGrid(24);
  options.pairs = Pairs::kPermutation;
  MemoryBudget budget(1 << 30);
  Accumulator accumulator(std::make_shared<const Basis>(Basis::from_vectors("skew", 5, 4, test::gaussian(20, 99))),
                          options, budget, address);
  std::vector<double> rows = test::gaussian(4 * (10 + seed), seed);
  std::fill_n(rows.begin(), 4, 0.0);
  rows[4] = std::numeric_limits<double>::quiet_NaN();
  accumulator.update(rows.data(), 10 + seed, 4, 4);
  accumulator.count_call();
  return accumulator.resonance();
}

TEST(MergeTest, EverySumIsAdded) {
  const ResonanceParts merged = merge(Resonance(small_parts()), Resonance(small_parts())).parts();
  EXPECT_THAT(merged.counts, ElementsAre(4, 2, 0, 0, 6, 4, 2, 0));
  EXPECT_THAT(merged.plane_hits, ElementsAre(6, 6));
  EXPECT_EQ(merged.holistic_counts, merged.counts);
  EXPECT_EQ(merged.scores.num_rows, 6);
  EXPECT_EQ(merged.scores.quartic_sum, 4 * Scores::kQuarticScale);
  EXPECT_THAT(merged.scores.cosine_sum, ElementsAre(6 * Scores::kCosineScale, -10));
  EXPECT_THAT(merged.scores.num_hits, ElementsAre(6, 6));
  EXPECT_EQ(merged.num_samples_seen, 10);
  EXPECT_EQ(merged.num_samples_zero_norm, 2);
  EXPECT_EQ(merged.num_samples_nonfinite, 2);
  EXPECT_EQ(merged.num_samples_skipped, 14);
  EXPECT_EQ(merged.num_calls, 4);
}

TEST(MergeTest, AnyOrderAndGroupingIsTheSame) {
  const std::vector<Resonance> parts = {counted(1), counted(2), counted(3), counted(4)};
  const ResonanceParts expected = merge(merge(merge(parts[0], parts[1]), parts[2]), parts[3]).parts();
  expect_equal(merge(merge(parts[3], parts[1]), merge(parts[2], parts[0])).parts(), expected);
  expect_equal(merge(parts[2], merge(parts[0], merge(parts[3], parts[1]))).parts(), expected);
}

TEST(MergeTest, NothingSeenAddsNothing) {
  AccumulatorOptions options;
  const Basis basis = Basis::standard(3);
  const Resonance some = test::accumulate({1, 2, 3}, basis, options);
  expect_equal(merge(some, test::accumulate({}, basis, options)).parts(), some.parts());
}

TEST(MergeTest, ResultsWithoutPlanesMerge) {
  const Resonance one = test::accumulate({1, 2, 0}, Basis::standard(1), AccumulatorOptions());
  EXPECT_EQ(merge(one, one).num_samples_seen(), 6);
}

struct Difference {
  const char* name;
  std::function<void(ResonanceParts&)> apply;
  const char* words;
};

void PrintTo(const Difference& of, std::ostream* out) { *out << of.name; }

class DifferentTest : public testing::TestWithParam<Difference> {};

TEST_P(DifferentTest, IsRefusedWithBothValues) {
  ResonanceParts other = small_parts();
  GetParam().apply(other);
  EXPECT_THAT([&] { merge(Resonance(small_parts()), Resonance(other)); },
              ThrowsMessage<Error>(AllOf(HasSubstr("[merge encoder.0]"), HasSubstr(GetParam().words),
                                         HasSubstr("with the same settings"))));
}

// A result of the same size with another plane: three vectors, of which the plane takes two.
void make_three_vectors(ResonanceParts& parts) {
  parts.num_vectors = 3;
  parts.basis = {1, 0, 0, 1, 0.6, 0.8};
}

const Difference kDifferences[] = {
    {"address", [](auto& p) { p.address = "decoder"; }, "address must be the same in both; got encoder.0 and decoder"},
    {"dim", [](auto& p) { p.dim = 3, p.basis = {1, 0, 0, 0, 1, 0}; }, "dim must be the same in both; got 2 and 3"},
    {"name", [](auto& p) { p.basis_name = "turned"; }, "basis_name must be the same in both; got standard and turned"},
    {"num_vectors", make_three_vectors, "num_vectors must be the same in both; got 2 and 3"},
    {"lengths", [](auto& p) { p.basis_lengths = VectorLengths::kKept; }, "got normalised and kept"},
    {"basis", [](auto& p) { p.basis[2] = 0.5; }, "basis, at number 2, must be the same in both; got 0 and 0.5"},
    {"pairs", [](auto& p) { p.pairs = Pairs::kPermutation; }, "got combination and permutation"},
    {"epsilon", [](auto& p) { p.epsilon[1] = 0.25; }, "epsilon must be the same in both; got 0.9 0.5 and 0.9 0.25"},
    {"epsilon_order", [](auto& p) { std::swap(p.epsilon[0], p.epsilon[1]); }, "got 0.9 0.5 and 0.5 0.9"},
    {"grid_ends",
     [](auto& p) {
       p.grid = AngleGrid(4, GridEnds::kInclusive);
       p.counts = {0, 1, 0, 0, 1, 1, 0, 1};
       p.holistic_counts = p.counts;
     },
     "got 4 angles, exclusive and 4 angles, inclusive"},
    {"sense", [](auto& p) { p.sense = Sense::kReference; },
     "sense must be the same in both; got natural and reference"},
    {"centring",
     [](auto& p) {
       p.centred = true, p.mean = {1, 2}, p.num_samples_seen = 4;
     },
     "got not centred and centred"},
};

INSTANTIATE_TEST_SUITE_P(Merge, DifferentTest, testing::ValuesIn(kDifferences),
                         [](const auto& difference) { return std::string(difference.param.name); });

TEST(MergeTest, OtherPlanesMeansAndAngleNumbersAreRefused) {
  ResonanceParts a = small_parts(), b = small_parts();
  make_three_vectors(a), make_three_vectors(b);
  b.planes = {{0, 2}};
  EXPECT_THAT([&] { merge(Resonance(a), Resonance(b)); },
              ThrowsMessage<Error>(HasSubstr("planes, at plane 0, must be the same in both; got (0, 1) and (0, 2)")));
  b = small_parts();
  b.num_planes_summed = 0, b.planes.clear(), b.counts.clear(), b.plane_hits.clear();
  b.holistic_counts.assign(8, 0);
  b.scores.num_hits = b.scores.cosine_sum = {0, 0};
  EXPECT_THAT([&] { merge(Resonance(small_parts()), Resonance(b)); },
              ThrowsMessage<Error>(HasSubstr("got (0, 1) and nothing")));
  a = small_parts();
  a.centred = true, a.mean = {1, 2}, a.num_samples_seen = 4;
  b = a;
  b.mean[1] = 2.5;
  EXPECT_THAT([&] { merge(Resonance(a), Resonance(b)); },
              ThrowsMessage<Error>(HasSubstr("mean, at number 1, must be the same in both; got 2 and 2.5")));
  AccumulatorOptions few, many;
  few.grid = AngleGrid(8), many.grid = AngleGrid(9);
  const Basis basis = Basis::standard(2);
  EXPECT_THAT(
      [&] {
        merge(test::accumulate({1, 2}, basis, few), test::accumulate({1, 2}, basis, many));
      },
      ThrowsMessage<Error>(HasSubstr("got 8 angles, exclusive and 9 angles, exclusive")));
}

TEST(MergeTest, OverflowIsRefused) {
  ResonanceParts parts = small_parts();
  parts.num_calls = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT([&] { merge(Resonance(parts), Resonance(small_parts())); },
              ThrowsMessage<Error>(HasSubstr("must fit into 64 bits")));
}

Results run(std::vector<std::string> addresses, unsigned seed, bool partial = false) {
  Results results{{{"--epsilon", "0.7 -0.2"}, {"--angles", "24"}}, {}, partial};
  for (const std::string& address : addresses) results.layers.push_back(counted(seed++, address));
  return results;
}

std::vector<std::string> addresses_of(const Results& results) {
  std::vector<std::string> addresses;
  for (const Resonance& layer : results) addresses.push_back(layer.address());
  return addresses;
}

TEST(MergeTest, LayersAreMatchedByAddressWhateverTheirOrder) {
  const Results a = run({"b", "a", "c"}, 1), b = run({"c", "b", "a"}, 5);
  const Results merged = merge(std::vector{a, b});
  EXPECT_THAT(addresses_of(merged), ElementsAre("a", "b", "c"));
  expect_equal(merged.layers[0].parts(), merge(a.layers[1], b.layers[2]).parts());
  EXPECT_EQ(merged.settings, a.settings);
}

TEST(MergeTest, AnyOrderAndGroupingOfFilesGivesTheSameLayersInTheSameOrder) {
  const std::vector<std::vector<Results>> sets = {
      {run({"b", "a"}, 1), run({"b", "a"}, 3), run({"b", "a"}, 5)},
      {run({"b", "a"}, 1), run({"a", "b"}, 3), run({"b", "a"}, 5)},
      {run({"b", "a"}, 1), run({"b", "a"}, 3), run({"a", "b"}, 5)},
  };
  for (const std::vector<Results>& set : sets) {
    const Results expected = merge(set);
    std::vector<std::size_t> order = {0, 1, 2};
    do {
      const Results pair = merge(std::vector{set[order[0]], set[order[1]]});
      const Results merged = merge(std::vector{set[order[2]], pair});
      ASSERT_EQ(addresses_of(merged), addresses_of(expected));
      for (std::size_t k = 0; k < 2; ++k) expect_equal(merged.layers[k].parts(), expected.layers[k].parts());
    } while (std::next_permutation(order.begin(), order.end()));
  }
  EXPECT_THAT(addresses_of(merge(sets[0])), ElementsAre("b", "a")) << "an order that all agree on stays";
}

Resonance of_class(Resonance layer, const std::string& group) {
  ResonanceParts parts = layer.parts();
  parts.group = group;
  return Resonance(std::move(parts));
}

// Each result has the classes that it saw rows of.
TEST(MergeTest, AClassThatOneResultLacksIsThatOfTheOthers) {
  Results a = run({"b", "a"}, 1), b = run({"b", "a"}, 3), c = run({"b", "a"}, 5);
  const auto insert = [](Results& to, std::size_t place, unsigned seed, const std::string& group) {
    const std::string address = to.layers[place - 1].address();
    to.layers.insert(to.layers.begin() + static_cast<std::ptrdiff_t>(place), of_class(counted(seed, address), group));
  };
  insert(a, 1, 7, "10"), insert(a, 1, 8, "2");
  insert(b, 1, 9, "2");
  insert(c, 2, 10, "0");
  const std::vector<Results> all = {a, b, c};
  std::vector<std::size_t> order = {0, 1, 2};
  do {
    const Results pair = merge(std::vector{all[order[0]], all[order[1]]});
    const Results merged = merge(std::vector{pair, all[order[2]]});
    std::vector<std::string> names;
    for (const Resonance& layer : merged) names.push_back(layer.address() + ":" + layer.parts().group);
    ASSERT_THAT(names, ElementsAre("b:", "b:2", "b:10", "a:", "a:0"));
    expect_equal(merged.layers[1].parts(), merge(counted(8, "b"), counted(9, "b")).parts());
    expect_equal(merged.layers[2].parts(), counted(7, "b").parts());
  } while (std::next_permutation(order.begin(), order.end()));
  a.layers.erase(a.layers.begin());
  EXPECT_THAT([&] { merge(std::vector{a, b}); }, ThrowsMessage<Error>(HasSubstr("one without the whole of b")));
}

TEST(MergeTest, WhatWasPartialStaysPartial) {
  EXPECT_TRUE(merge(std::vector{run({"a"}, 1), run({"a"}, 2, true)}).partial);
  EXPECT_FALSE(merge(std::vector{run({"a"}, 1), run({"a"}, 2)}).partial);
}

TEST(MergeTest, OneResultIsItself) {
  const Results one = run({"b", "a"}, 1, true);
  const Results merged = merge(std::vector{one});
  EXPECT_EQ(addresses_of(merged), addresses_of(one));
  expect_equal(merged.layers[0].parts(), one.layers[0].parts());
  EXPECT_TRUE(merged.partial);
}

TEST(MergeTest, WhatDoesNotBelongTogetherIsNamed) {
  EXPECT_THAT([] { merge(std::vector<Results>{}); }, ThrowsMessage<Error>(HasSubstr("there must be a result")));
  const Results a = run({"a", "b"}, 1);
  EXPECT_THAT([&] { merge(std::vector{a, run({"a"}, 1)}); }, ThrowsMessage<Error>(HasSubstr("one without b")));
  EXPECT_THAT([&] { merge(std::vector{run({"a"}, 1), a}); }, ThrowsMessage<Error>(HasSubstr("one without b")));
  EXPECT_THAT([&] { merge(std::vector{a, run({"b", "c"}, 1)}); }, ThrowsMessage<Error>(HasSubstr("one without a")));
  EXPECT_THAT([&] { merge(std::vector{a, run({"a", "a"}, 1)}); }, ThrowsMessage<Error>(HasSubstr("a twice")));
  Results other = a;
  other.settings[1].second = "36";
  EXPECT_THAT(
      [&] {
        merge(std::vector{a, other});
      },
      ThrowsMessage<Error>(HasSubstr("got --angles = 24 and --angles = 36")));
  other.settings.pop_back();
  EXPECT_THAT([&] { merge(std::vector{a, other}); }, ThrowsMessage<Error>(HasSubstr("got --angles = 24 and nothing")));
}

// The layer `a` of two runs with all that can be found out, and of the second also the layer `b`.
std::pair<Results, Results> runs_with_findings() {
  std::pair<Results, Results> runs = {run({"a", "b"}, 1), run({"a", "b"}, 3)};
  runs.first.findings = {{"a", test::layer_tests(0.25), test::neuron_table(), test::plane_densities()}};
  runs.second.findings = {{"b", {}, test::neuron_table()},
                          {"a", test::layer_tests(0.25), test::neuron_table(), test::plane_densities()}};
  return runs;
}

TEST(MergeTest, NeuronsAndDensitiesAreAddedAndTestsAreNot) {
  const auto [first, second] = runs_with_findings();
  const Results merged = merge(std::vector{first, second});
  ASSERT_EQ(merged.findings.size(), 1) << "of b only one run knows neurons";
  const LayerFindings& found = merged.findings[0];
  EXPECT_EQ(found.address, "a");
  EXPECT_FALSE(found.tests);
  ASSERT_TRUE(found.neurons && found.densities);
  EXPECT_EQ(*found.neurons, merge(test::neuron_table(), test::neuron_table()));
  EXPECT_EQ(*found.densities, merge(test::plane_densities(), test::plane_densities()));
  EXPECT_EQ(found.neurons->reading(0, 3, Side::kPlus).count, 40);
  EXPECT_EQ(found.densities->num_points(0), 8);
  EXPECT_EQ(merge(std::vector{second, first}).findings, merged.findings);
}

TEST(MergeTest, WhatOneRunDidNotCountIsLeftOut) {
  auto [first, second] = runs_with_findings();
  first.findings[0].densities.reset();
  const LayerFindings found = merge(std::vector{first, second, second}).findings.at(0);
  EXPECT_TRUE(found.neurons);
  EXPECT_FALSE(found.densities);
  first.findings[0].neurons.reset();
  EXPECT_TRUE(merge(std::vector{second, first, second}).findings.empty());
}

TEST(MergeTest, FindingsOfOtherSettingsAreRefused) {
  auto [first, second] = runs_with_findings();
  second.findings[1].neurons = test::unlabelled_table();
  EXPECT_THAT(
      [&] {
        merge(std::vector{first, second});
      },
      ThrowsMessage<Error>(HasSubstr("epsilon of neurons must be the same in both; got 0.5 0.25 and 0.5")));
}

}  // namespace
}  // namespace srm
