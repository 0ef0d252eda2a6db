#include "srm/neuron_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <tuple>

#include "srm/error.h"

namespace srm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// One vector, one epsilon, three classes of which the middle one was never seen: ten rows seen, eight labelled.
NeuronTableParts small_parts() {
  NeuronTableParts parts;
  parts.num_vectors = 1;
  parts.epsilon = {0.5};
  parts.num_samples_seen = 10;
  parts.num_rows = 9;
  parts.class_totals = {2, 0, 6};
  parts.counts = {5, 0};
  parts.class_counts = {1, 0, 3, 0, 0, 0};
  parts.num_nearest = 2;
  parts.nearest = {{1, 7, 0, 2}, {0.75, 3, 1, -1}, {-0.25, 0, 0, 0}, {-0.25, 0, 1, 0}};
  return parts;
}

TEST(NeuronTableTest, ReadsPurityRecallAndLift) {
  const NeuronTable table(small_parts());
  EXPECT_EQ(table.num_classes(), 3);
  EXPECT_EQ(table.num_labelled(), 8);
  EXPECT_THAT(table.class_counts(0, 0, Side::kPlus), ElementsAre(1, 0, 3));
  const NeuronReading reading = table.reading(0, 0, Side::kPlus);
  EXPECT_EQ(reading.count, 5);
  EXPECT_EQ(reading.num_labelled, 4);
  EXPECT_EQ(reading.majority_class, 2);
  EXPECT_EQ(reading.num_majority, 3);
  EXPECT_DOUBLE_EQ(reading.purity, 3.0 / 4);
  EXPECT_DOUBLE_EQ(reading.recall, 3.0 / 6);
  EXPECT_DOUBLE_EQ(reading.base_rate, 6.0 / 8);
  EXPECT_DOUBLE_EQ(reading.lift, 1);
  EXPECT_EQ(table.nearest(0, Side::kPlus)[0].sample, 7);
  EXPECT_EQ(table.nearest(0, Side::kMinus)[1].position, 1);
}

TEST(NeuronTableTest, SharesOfNothingAreNan) {
  const NeuronReading reading = NeuronTable(small_parts()).reading(0, 0, Side::kMinus);
  EXPECT_EQ(reading.count, 0);
  EXPECT_EQ(reading.majority_class, -1);
  for (const double value : {reading.purity, reading.recall, reading.base_rate, reading.lift}) {
    EXPECT_TRUE(std::isnan(value));
  }
}

TEST(NeuronTableTest, OfEqualClassesTheLowestIsTheMajority) {
  NeuronTableParts parts = small_parts();
  parts.class_counts = {2, 0, 2, 0, 0, 0};
  EXPECT_EQ(NeuronTable(parts).reading(0, 0, Side::kPlus).majority_class, 0);
}

TEST(NeuronTableTest, NearerIsByCosineThenBySampleThenByPosition) {
  EXPECT_TRUE(is_nearer({0.5, 9, 9, 9}, {0.25, 0, 0, 0}));
  EXPECT_TRUE(is_nearer({0.5, 1, 9, 9}, {0.5, 2, 0, 0}));
  EXPECT_TRUE(is_nearer({0.5, 1, 0, 9}, {0.5, 1, 1, 0}));
  EXPECT_TRUE(is_nearer({0.5, 1, 1, 0}, {0.5, 1, 1, 1}));
  EXPECT_FALSE(is_nearer({0.5, 1, 1, 1}, {0.5, 1, 1, 1}));
}

TEST(NeuronTableTest, IndicesOutOfRangeAreNamed) {
  const NeuronTable table(small_parts());
  for (const auto& at : {std::pair(1, 0), std::pair(-1, 0), std::pair(0, 1), std::pair(0, -1)}) {
    EXPECT_THAT([&] { table.reading(at.first, at.second, Side::kPlus); },
                ThrowsMessage<Error>(HasSubstr("indices must be below (1, 1)")));
  }
  EXPECT_THAT([&] { table.nearest(1, Side::kPlus); }, ThrowsMessage<Error>(HasSubstr("below 1; got 1")));
}

TEST(NeuronTableTest, WhatContradictsItselfIsRefused) {
  using Change = std::function<void(NeuronTableParts&)>;
  const std::tuple<Change, std::string> changes[] = {
      {[](auto& p) { p.num_vectors = -1; }, "must not be negative; got -1 and 2"},
      {[](auto& p) { p.num_nearest = -1; }, "must not be negative"},
      {[](auto& p) { p.epsilon = {}; }, "there must be an epsilon"},
      {[](auto& p) { p.epsilon = {1.5}; }, "in [-1, 1]"},
      {[](auto& p) { p.epsilon = {std::nan("")}; }, "in [-1, 1]"},
      {[](auto& p) {
         p.epsilon = {0.5, 0.5};
       },
       "none be there twice"},
      {[](auto& p) { p.num_rows = 11; }, "among the samples seen; got 11 of 10"},
      {[](auto& p) { p.num_rows = -1; }, "among the samples seen"},
      {[](auto& p) {
         p.class_totals = {8, 0, 0};
       },
       "no row of class 2"},
      {[](auto& p) {
         p.class_totals = {5, 0, 6};
       },
       "got 6 after 5 of 10"},
      {[](auto& p) {
         p.class_totals = {-1, 0, 6};
       },
       "rows of all classes"},
      {[](auto& p) { p.counts = {5}; }, "counts must hold 2 numbers"},
      {[](auto& p) {
         p.counts = {11, 0};
       },
       "counts must be between 0 and 10; got 11"},
      {[](auto& p) {
         p.counts = {5, -1};
       },
       "counts must be between 0"},
      {[](auto& p) { p.class_counts.pop_back(); }, "class_counts must hold 6 numbers"},
      {[](auto& p) { p.class_counts[0] = 3; }, "class_counts must be at least 0"},
      {[](auto& p) { p.class_counts[1] = -1; }, "class_counts must be at least 0"},
      {[](auto& p) { p.class_counts[2] = 5; }, "class_counts must be at least 0"},
      {[](auto& p) { p.nearest.pop_back(); }, "nearest must hold 4 numbers"},
      {[](auto& p) { p.nearest[0].cosine = 1.1; }, "cosines in [-1, 1]"},
      {[](auto& p) { p.nearest[0].cosine = std::nan(""); }, "cosines in [-1, 1]"},
      {[](auto& p) { p.nearest[0].label = -2; }, "labels from -1"},
      {[](auto& p) { std::swap(p.nearest[0], p.nearest[1]); }, "must be in order"},
  };
  for (const auto& [change, words] : changes) {
    NeuronTableParts parts = small_parts();
    change(parts);
    EXPECT_THAT([&] { NeuronTable(std::move(parts), "file x"); },
                ThrowsMessage<Error>(testing::AllOf(HasSubstr("[file x]"), HasSubstr(words))));
  }
}

TEST(NeuronTableTest, MergingAddsCountsWidensClassesAndKeepsTheNearest) {
  NeuronTableParts other = small_parts();
  other.num_rows = 1;
  other.num_samples_seen = 2;
  other.class_totals = {1};
  other.counts = {1, 1};
  other.class_counts = {1, 0};
  other.nearest = {{0.75, 3, 0, 0}, {-0.125, 9, 0, 0}};
  const NeuronTable sum = merge(NeuronTable(small_parts()), NeuronTable(other));
  const NeuronTableParts& parts = sum.parts();
  EXPECT_EQ(parts.num_samples_seen, 12);
  EXPECT_EQ(parts.num_rows, 10);
  EXPECT_THAT(parts.class_totals, ElementsAre(3, 0, 6));
  EXPECT_THAT(parts.counts, ElementsAre(6, 1));
  EXPECT_THAT(parts.class_counts, ElementsAre(2, 0, 3, 0, 0, 0));
  EXPECT_THAT(parts.nearest, ElementsAre(NearestRow{1, 7, 0, 2}, NearestRow{0.75, 3, 0, 0}, NearestRow{-0.125, 9, 0, 0},
                                         NearestRow{-0.25, 0, 0, 0}));
  EXPECT_EQ(merge(NeuronTable(other), NeuronTable(small_parts())), sum);
}

TEST(NeuronTableTest, MergingRefusesWhatDiffersAndOverflow) {
  const NeuronTable table(small_parts());
  NeuronTableParts other = small_parts();
  other.epsilon = {0.25};
  EXPECT_THAT(
      [&] { merge(table, NeuronTable(other), "merge layer"); },
      ThrowsMessage<Error>(HasSubstr("[merge layer] epsilon of neurons must be the same in both; got 0.5 and 0.25")));
  other = small_parts();
  other.num_nearest = 0;
  other.nearest = {};
  EXPECT_THAT([&] { merge(table, NeuronTable(other)); }, ThrowsMessage<Error>(HasSubstr("num_nearest of neurons")));
  other = NeuronTableParts{
      .epsilon = {0.5}, .class_totals = {}, .counts = {}, .class_counts = {}, .num_nearest = 2, .nearest = {}};
  EXPECT_THAT([&] { merge(table, NeuronTable(other)); }, ThrowsMessage<Error>(HasSubstr("got 1 and 0")));
  other = small_parts();
  other.num_samples_seen = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT([&] { merge(table, NeuronTable(other)); }, ThrowsMessage<Error>(HasSubstr("64 bits")));
}

}  // namespace
}  // namespace srm
