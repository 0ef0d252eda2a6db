#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "count_check.h"
#include "pairing.h"
#include "row_table.h"
#include "torch_peers.h"

namespace srm::bench {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Row row_of(std::string name, double ratio) { return {std::move(name), ratio, 0, 1, 1, "s", ""}; }

TEST(PairingTest, PeerIsTheMeanOfTheTurnsAround) {
  double peer = 0;
  Turns turns([] { return 5.0; }, [&] { return peer += 2; });
  turns.take();
  turns.take();
  EXPECT_EQ(turns.pairs().at(0).peer, 3);
  EXPECT_EQ(turns.pairs().at(1).peer, 5);
  EXPECT_EQ(turns.pairs().at(1).ours, 5);
}

TEST(PairingTest, MedianAndSpread) {
  const Summary summary = summary_of({5, 1, 2, 4, 3});
  EXPECT_EQ(summary.median, 3);
  EXPECT_EQ(summary.spread, 1);
  EXPECT_EQ(summary_of({7.0}).spread, 0);
  EXPECT_EQ(ratio_of({.peer = 6, .ours = 3}, Ratio::kPeerOverOurs), 2);
  EXPECT_EQ(ratio_of({.peer = 6, .ours = 3}, Ratio::kOursOverPeer), 0.5);
  EXPECT_EQ(ratio_of({.peer = 6, .ours = 9}, Ratio::kAdded), 0.5);
}

TEST(TargetsTest, ACheckHoldsHalfAndNoMore) {
  const Target least{"a", Bound::kAtLeast, 10}, most{"b", Bound::kAtMost, 10};
  EXPECT_TRUE(is_met(least, 10) && !is_met(least, 9.9) && is_met(most, 10) && !is_met(most, 10.1));
  EXPECT_TRUE(is_held(least, 5, Against::kTarget));
  EXPECT_FALSE(is_held(least, 4.9, Against::kTarget));
  EXPECT_TRUE(is_held(most, 20, Against::kTarget));
  EXPECT_FALSE(is_held(most, 20.1, Against::kTarget));
}

TEST(TargetsTest, WhatIsReachedTakesThePlaceOfTheTargetInACheckAlone) {
  const Target target{"a", Bound::kAtLeast, 10, 4};
  EXPECT_TRUE(is_held(target, 2, Against::kReached));
  EXPECT_FALSE(is_held(target, 1.9, Against::kReached));
  EXPECT_FALSE(is_held(target, 2, Against::kTarget));
  EXPECT_FALSE(is_met(target, 4));
}

TEST(RowTableTest, ACheckNamesWhatIsLostAndWhatIsMissing) {
  std::vector<Row> rows;
  for (const Target& target : targets()) rows.push_back(row_of(std::string(target.name), target.target));
  EXPECT_THAT(check(rows, Against::kTarget).lost, IsEmpty());
  EXPECT_THAT(check(rows, Against::kTarget).not_measured, IsEmpty());
  rows.front().ratio /= 2.1;
  rows.pop_back();
  const Findings findings = check(rows, Against::kTarget);
  ASSERT_EQ(findings.lost.size(), 1U);
  EXPECT_THAT(findings.lost.front(), HasSubstr(rows.front().name));
  rows.erase(rows.begin());
  EXPECT_THAT(check(rows, Against::kTarget).not_measured, Contains(targets().front().name));
}

TEST(RowTableTest, TextSaysWhatIsMet) {
  const std::string text = table_text({row_of("hook/all_sites", 0.04), row_of("hook/one_layer", 0.04), row_of("x", 1)});
  EXPECT_THAT(text, HasSubstr("<= 0.05           met"));
  EXPECT_THAT(text, HasSubstr("<= 0.005          NOT MET"));
}

TEST(RowTableTest, JsonIsAListOfWhatWasMeasured) {
  const std::string path = ::testing::TempDir() + "bench_rows.json";
  write_json({row_of("x", 2)}, path);
  std::ifstream file(path);
  const nlohmann::json lines = nlohmann::json::parse(file);
  std::remove(path.c_str());
  const nlohmann::json expected = {{"name", "x"}, {"ratio", 2.0}, {"ours", 1.0}, {"peer", 1.0}, {"unit", "s"}};
  EXPECT_EQ(lines, nlohmann::json::array({expected}));
  EXPECT_THROW(write_json({}, "/nowhere/bench.json"), std::runtime_error);
}

using MakePeer = std::unique_ptr<TorchPeer> (*)(const Workload&, std::shared_ptr<const Columns>);

void expect_equal_counts(const Workload& workload) {
  OurCounter counter(workload, workload.options());
  counter.count();
  const auto columns = std::make_shared<const Columns>(workload);
  for (const MakePeer make : {pruned_torch, blocked_torch, arc_torch, batched_arc_torch}) {
    EXPECT_NO_THROW(require_equal_counts(*make(workload, columns), counter.resonance(), workload.planes.planes()))
        << workload.name;
  }
}

TEST(PeersTest, CountAsWeDo) {
  expect_equal_counts({"gauss", gaussian_rows(3000, 6), 0.4});
  expect_equal_counts({"tanh", tanh_rows(3000, 9), 0.3});
  expect_equal_counts({"aligned", aligned_rows(500, 20), 0.9});
  expect_equal_counts({"no hits", gaussian_rows(5, 200), 0.99});
  expect_equal_counts({"frame", gaussian_rows(2000, 5), 0.8, random_basis(9, 5)});
}

TEST(PeersTest, AWrongCountIsFound) {
  const Workload workload("gauss", gaussian_rows(3000, 6), 0.4);
  OurCounter counter(workload, workload.options());
  counter.count();
  counter.count();
  const auto peer = pruned_torch(workload, std::make_shared<const Columns>(workload));
  EXPECT_THROW(require_equal_counts(*peer, counter.resonance(), {{0, 1}}), std::runtime_error);
}

TEST(PeersTest, BoundsHoldWhatIsBetween) {
  const Workload workload("gauss", gaussian_rows(300, 4), 0.4);
  const CountBounds bounds(workload, norms_of(workload), {0, 1}, 1e-6);
  EXPECT_NO_THROW(require_within(bounds, bounds.least, {0, 1}, "x"));
  std::vector<std::int64_t> counts = bounds.most;
  ++counts[7];
  EXPECT_THROW(require_within(bounds, counts, {0, 1}, "x"), std::runtime_error);
}

TEST(WorkloadsTest, EveryAxisHasAsManyRows) {
  const at::Tensor rows = aligned_rows(640, 64);
  EXPECT_TRUE(rows.argmax(1).equal(axes_of_rows(640, 64)));
  EXPECT_TRUE(axes_of_rows(640, 64).bincount().eq(10).all().item<bool>());
  EXPECT_TRUE(aligned_rows(640, 64).equal(rows));
}

}  // namespace
}  // namespace srm::bench
