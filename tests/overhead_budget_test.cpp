#include "srm/overhead_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A model whose calls take as long as one says.
struct Load {
  double bare_seconds = 0.01;
  double observing_seconds = 0.001;
  double leaving_out_seconds = 0;

  bool call(OverheadBudget& budget) const {
    const bool is_observed = budget.begin_call();
    const double hooks = is_observed ? observing_seconds : leaving_out_seconds;
    budget.end_call(is_observed, bare_seconds + hooks, hooks);
    return is_observed;
  }
  int observed_of(OverheadBudget& budget, int num_calls) const {
    int observed = 0;
    for (int k = 0; k < num_calls; ++k) observed += call(budget) ? 1 : 0;
    return observed;
  }
};

TEST(OverheadBudgetTest, TheBudgetIsAFractionOfTheModelsTime) {
  for (const double wrong : {0.0, -0.1, 1.01}) {
    EXPECT_THAT([&] { OverheadBudget{wrong}; }, ThrowsMessage<Error>(HasSubstr("(0, 1]"))) << wrong;
  }
  EXPECT_EQ(OverheadBudget(1).max_overhead(), 1);
  EXPECT_EQ(OverheadBudget(0.02).measured().share(), 0) << "nothing ran";
}

TEST(OverheadBudgetTest, TheFirstCallIsObservedAndTheNextWhenThatOneIsPaidFor) {
  OverheadBudget budget(1 / 16.0);
  const Load load{.bare_seconds = 8 / 1024.0, .observing_seconds = 10 / 4096.0};
  std::vector<int> observed;
  for (int k = 0; k < 20; ++k) {
    if (load.call(budget)) observed.push_back(k);
  }
  // A call earns a fifth of what observing costs.
  EXPECT_THAT(observed, testing::ElementsAre(0, 5, 10, 15));
  const Overhead measured = budget.measured();
  EXPECT_EQ(measured.num_calls, 20);
  EXPECT_EQ(measured.num_calls_observed, 4);
  EXPECT_EQ(measured.bare_seconds, 20 * 8 / 1024.0);
  EXPECT_EQ(measured.hook_seconds, 4 * 10 / 4096.0);
  EXPECT_EQ(measured.share(), 1 / 16.0);
}

TEST(OverheadBudgetTest, OverAnyStretchHooksTakeTheirShareAndOneCallMore) {
  for (const double share : {0.005, 0.02, 0.1, 0.5}) {
    OverheadBudget budget(share);
    const Load load{.observing_seconds = 0.02, .leaving_out_seconds = 1e-6};
    EXPECT_TRUE(load.call(budget));
    Overhead before = budget.measured();
    for (int stretch = 0; stretch < 50; ++stretch) {
      load.observed_of(budget, 100);
      const Overhead now = budget.measured();
      const double bare = now.bare_seconds - before.bare_seconds;
      EXPECT_LE(now.hook_seconds - before.hook_seconds, share * bare + load.observing_seconds + 1e-9) << share;
      before = now;
    }
    EXPECT_LE(before.share(), share * 1.1);
    EXPECT_GE(before.share(), share * 0.95) << "what may be taken is taken";
  }
}

TEST(OverheadBudgetTest, WhereThereIsRoomEveryCallIsObserved) {
  OverheadBudget budget(1);
  EXPECT_EQ(Load{.observing_seconds = 0.009}.observed_of(budget, 1000), 1000);
}

TEST(OverheadBudgetTest, TheFractionFollowsTheLoad) {
  OverheadBudget budget(0.1);
  const Load cheap{.observing_seconds = 0.0005}, costly{.observing_seconds = 0.01};
  EXPECT_EQ(cheap.observed_of(budget, 1000), 1000);
  costly.observed_of(budget, 200);  // spends what was saved
  EXPECT_NEAR(costly.observed_of(budget, 1000), 100, 5);
  cheap.observed_of(budget, 100);
  EXPECT_EQ(cheap.observed_of(budget, 1000), 1000);
}

TEST(OverheadBudgetTest, WhatIsSavedIsASecondsEarningsAtMost) {
  OverheadBudget budget(0.1);
  Load{.observing_seconds = 1e-6}.observed_of(budget, 100000);
  const Load costly{.observing_seconds = 0.01};
  // 0.1 s are saved, which is ten calls; and ten in a hundred are earned.
  EXPECT_LE(costly.observed_of(budget, 100), 22);
}

TEST(OverheadBudgetTest, AFirstCallThatMakesTheTablesIsPaidForAndNotTakenForTheRule) {
  OverheadBudget budget(0.02);
  EXPECT_TRUE((Load{.observing_seconds = 0.2}.call(budget)));
  const Load load{};
  EXPECT_EQ(load.observed_of(budget, 999), 0) << "a thousand calls pay for it";
  EXPECT_NEAR(load.observed_of(budget, 1000), 200, 2);
}

TEST(OverheadBudgetTest, ADebtOfCallsLeftOutIsForgottenWhenTheModelBecomesSlower) {
  OverheadBudget budget(0.02);
  const Load tiny{.bare_seconds = 1e-5, .observing_seconds = 1e-4, .leaving_out_seconds = 1e-6};
  EXPECT_EQ(tiny.observed_of(budget, 1000000), 1) << "even to leave it out costs more than is earned";
  EXPECT_NEAR(budget.measured().share(), 0.1, 0.01) << "told as it is";
  const Load slow{.bare_seconds = 0.1, .observing_seconds = 1e-4};
  EXPECT_GE(slow.observed_of(budget, 1000), 980);
}

TEST(OverheadBudgetTest, CallersSideBySideDoNotSpendTheSameMoney) {
  OverheadBudget budget(0.02);
  EXPECT_TRUE(budget.begin_call());
  EXPECT_FALSE(budget.begin_call()) << "one finds out what it costs";
  budget.end_call(false, 0.01, 0);
  budget.end_call(true, 0.011, 0.001);
  Load{}.observed_of(budget, 1000);
  while (!budget.begin_call()) budget.end_call(false, 0.01, 0);
  EXPECT_FALSE(budget.begin_call()) << "there was enough for one";
}

TEST(OverheadBudgetTest, WhatACallIsExpectedToCostFollowsTheNewest) {
  OverheadBudget budget(1);
  Load{.observing_seconds = 0.2}.call(budget);
  Load{}.observed_of(budget, 35);  // 20 of them pay for the first
  EXPECT_TRUE(budget.begin_call());
  EXPECT_TRUE(budget.begin_call()) << "there is enough for many such calls, and not for one like the first";
}

TEST(OverheadBudgetTest, ForksThatTakeLongerThanTheirCallAndThoseThatOutliveItAreCounted) {
  OverheadBudget budget(0.5);
  EXPECT_TRUE(budget.begin_call());
  budget.end_call(true, 0.01, 0.03);
  EXPECT_EQ(budget.measured().bare_seconds, 0);
  budget.add_hook_time(0.01);
  EXPECT_NEAR(budget.measured().hook_seconds, 0.04, 1e-12);
  EXPECT_EQ(Load{}.observed_of(budget, 7), 0) << "a call earns 5 ms";
  EXPECT_GE(Load{}.observed_of(budget, 100), 98);
}

TEST(OverheadBudgetTest, ThreadsLoseNoCall) {
  OverheadBudget budget(0.1);
  std::vector<std::thread> callers;
  std::vector<int> observed(4);
  for (std::size_t t = 0; t < observed.size(); ++t) {
    callers.emplace_back([&, t] { observed[t] = Load{.observing_seconds = 0.005}.observed_of(budget, 5000); });
  }
  for (std::thread& caller : callers) caller.join();
  const Overhead measured = budget.measured();
  EXPECT_EQ(measured.num_calls, 20000);
  EXPECT_EQ(measured.num_calls_observed, observed[0] + observed[1] + observed[2] + observed[3]);
  EXPECT_LE(measured.share(), 0.105);
}

}  // namespace
}  // namespace srm
