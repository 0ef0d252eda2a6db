#include "srm/grandmother_neurons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>

#include "brute_force.h"
#include "srm/error.h"
#include "srm/neuron_tally.h"

namespace srm {
namespace {

using testing::IsEmpty;

// One epsilon; for each vector what is inside +b_i and -b_i, by class.
NeuronTable table_of(std::vector<std::int64_t> class_totals, const std::vector<std::vector<std::int64_t>>& inside) {
  NeuronTableParts parts;
  parts.num_vectors = static_cast<std::int64_t>(inside.size()) / 2;
  parts.epsilon = {0.5};
  parts.class_totals = std::move(class_totals);
  for (const std::int64_t total : parts.class_totals) parts.num_samples_seen += total;
  for (const auto& by_class : inside) {
    std::int64_t count = 0;
    for (const std::int64_t rows : by_class) count += rows;
    parts.counts.push_back(count);
    parts.class_counts.insert(parts.class_counts.end(), by_class.begin(), by_class.end());
  }
  return NeuronTable(std::move(parts));
}

// Two classes of 50 and 150: P(X >= 3) of binomial(4, 1/4) is 4 (1/4)^3 (3/4) + (1/4)^4 = 13/256.
TEST(GrandmotherNeuronsTest, PIsTheBinomialTailTimesTheClassesSeen) {
  const auto findings = neuron_findings(table_of({50, 0, 150}, {{3, 0, 1}, {0, 0, 0}, {0, 0, 5}, {2, 0, 2}}), 0);
  ASSERT_EQ(findings.size(), 4U);
  EXPECT_NEAR(findings[0].p, 2 * 13.0 / 256, 1e-14);
  EXPECT_EQ(findings[1].p, 1);
  EXPECT_NEAR(findings[2].p, 2 * std::pow(0.75, 5), 1e-14);
  EXPECT_NEAR(findings[3].p, 2 * (1 - std::pow(0.75, 4) - std::pow(0.75, 3)), 1e-14) << "of equal classes the first";
  EXPECT_NEAR(findings[0].q, 4 * findings[0].p, 1e-14) << "the smallest of four";
  EXPECT_EQ(findings[3].vector, 1);
  EXPECT_EQ(findings[3].side, Side::kMinus);
}

TEST(GrandmotherNeuronsTest, AreTheFullPureAndUnlikelySpotlightsPurestFirst) {
  const NeuronTable table = table_of({100, 100, 800}, {{20, 0, 0},    // pure
                                                       {1, 29, 0},    // not quite
                                                       {9, 0, 0},     // too few
                                                       {0, 30, 30},   // not pure
                                                       {0, 0, 40},    // pure, as chance is where most are of one class
                                                       {40, 0, 0}});  // pure, and of higher recall
  const auto found = grandmother_neurons(table, 0);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].vector, 2);
  EXPECT_EQ(found[0].side, Side::kMinus);
  EXPECT_DOUBLE_EQ(found[0].reading.recall, 0.4);
  EXPECT_EQ(found[1].vector, 0);
  EXPECT_EQ(found[2].reading.majority_class, 2) << "0.8^40 times 3 is 4e-4, and has a lift of 1.25";
  EXPECT_EQ(found[3].reading.majority_class, 1);
  EXPECT_EQ(grandmother_neurons(table, 0, {.min_count = 9}).size(), 5U);
  EXPECT_EQ(grandmother_neurons(table, 0, {.min_purity = 1}).size(), 3U);
  EXPECT_EQ(grandmother_neurons(table, 0, {.max_q = 1e-6}).size(), 3U);
  EXPECT_EQ(grandmother_neurons(table, 0, {.min_count = 0, .min_purity = 0, .max_q = 1}).size(), 6U);
  EXPECT_THROW(grandmother_neurons(table, 1), Error);
}

TEST(GrandmotherNeuronsTest, NeedLabels) {
  EXPECT_THAT(grandmother_neurons(table_of({}, {{}, {}}), 0, {.min_count = 0}), IsEmpty());
  EXPECT_THAT(neuron_findings(table_of({}, {}), 0), IsEmpty());
}

TEST(GrandmotherNeuronsTest, OneClassAloneIsNothingUnlikely) {
  for (const NeuronFinding& finding : neuron_findings(table_of({100}, {{50}, {1}}), 0)) {
    EXPECT_EQ(finding.p, 1);
    EXPECT_EQ(finding.reading.lift, 1);
  }
}

// Labels that have nothing to do with the rows: the share of p at or below alpha is at most alpha.
TEST(GrandmotherNeuronsTest, LabelsDrawnAtRandomAreRarelySignificant) {
  std::mt19937 random(3);
  std::int64_t num_small = 0, num_found = 0, num_tests = 0;
  for (unsigned trial = 0; trial < 40; ++trial) {
    const std::vector<double> rows = test::gaussian(400 * 12, trial);
    std::vector<std::int64_t> label(400);
    for (std::int64_t& one : label) one = static_cast<std::int64_t>(random() % 4);
    MemoryBudget budget(1 << 28);
    NeuronTally tally(std::make_shared<const Basis>(Basis::standard(12)), {.epsilon = {0.4}}, budget);
    tally.update(rows.data(), 400, 12, 12, {.label = label});
    for (const NeuronFinding& finding : neuron_findings(tally.table(), 0)) {
      ++num_tests;
      num_small += finding.p <= 0.1 ? 1 : 0;
      num_found += finding.q <= 0.05 ? 1 : 0;
    }
  }
  EXPECT_LE(num_small, num_tests / 10 + 30) << "of " << num_tests;
  EXPECT_LE(num_found, 4);
}

// Class y lies around +b_y, the other classes anywhere: +b_y is found and nothing else.
TEST(GrandmotherNeuronsTest, PlantedOnesAreFound) {
  std::vector<double> rows = test::gaussian(600 * 16, 8);
  std::vector<std::int64_t> label;
  for (std::size_t k = 0; k < 600; ++k) {
    label.push_back(static_cast<std::int64_t>(k % 6));
    if (k % 6 < 2) rows[k * 16 + k % 6] = 12;
  }
  MemoryBudget budget(1 << 28);
  NeuronTally tally(std::make_shared<const Basis>(Basis::standard(16)), {.epsilon = {0.8}, .num_nearest = 3}, budget);
  tally.update(rows.data(), 600, 16, 16, {.label = label});
  const NeuronTable table = tally.table();
  const auto found = grandmother_neurons(table, 0);
  ASSERT_EQ(found.size(), 2U);
  for (const NeuronFinding& finding : found) {
    EXPECT_EQ(finding.vector, finding.reading.majority_class);
    EXPECT_EQ(finding.side, Side::kPlus);
    EXPECT_EQ(finding.reading.purity, 1);
    EXPECT_GT(finding.reading.recall, 0.9);
    EXPECT_LT(finding.q, 1e-20);
    for (const NearestRow& near : table.nearest(finding.vector, finding.side))
      EXPECT_EQ(near.sample % 6, finding.vector);
  }
}

}  // namespace
}  // namespace srm
