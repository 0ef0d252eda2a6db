#include "srm/memory_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(MemoryBudgetTest, RefusalGivesTheFiguresAndTheWayOutAndTakesNothing) {
  MemoryBudget budget(1'000'000);
  budget.reserve(400'000, "the first");
  EXPECT_THAT([&] { budget.reserve(600'001, "the tables of 'encoder.0'"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("the tables of 'encoder.0' must fit into the limit of 1.0 MB"),
                                         HasSubstr("600 kB beside 400 kB already taken"), HasSubstr("--memory"))));
  EXPECT_EQ(budget.reserved_bytes(), 400'000);
  budget.reserve(600'000, "what fits exactly");
  EXPECT_EQ(budget.reserved_bytes(), 1'000'000);
  budget.release(1'000'000);
  EXPECT_EQ(budget.reserved_bytes(), 0);
}

TEST(MemoryBudgetTest, TheLargestNumbersDoNotOverflow) {
  MemoryBudget budget(INT64_MAX);
  budget.reserve(1, "a byte");
  EXPECT_THROW(budget.reserve(INT64_MAX, "all of it"), Error);
  EXPECT_EQ(budget.reserved_bytes(), 1);
}

TEST(MemoryBudgetTest, LessThanNothingIsRefused) {
  MemoryBudget budget(1000);
  EXPECT_THAT([&] { budget.reserve(-100, "a debt"); }, ThrowsMessage<Error>(HasSubstr("a debt must not be less than")));
  EXPECT_EQ(budget.reserved_bytes(), 0);
}

TEST(MemoryBudgetTest, LimitMustBePositive) {
  EXPECT_THAT([] { MemoryBudget budget(0); }, ThrowsMessage<Error>(HasSubstr("above zero; got 0 bytes")));
  EXPECT_THROW(MemoryBudget(-5), Error);
}

TEST(MemoryBudgetTest, DefaultIsHalfOfWhatIsFree) {
  EXPECT_GT(MemoryBudget::half_of_free(), 0);
  EXPECT_GT(MemoryBudget().limit_bytes(), 0);
}

TEST(MemoryBudgetTest, ThreadsTogetherNeverTakeMoreThanThereIs) {
  MemoryBudget budget(100);
  std::atomic<int> num_taken = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int k = 0; k < 50; ++k) {
          try {
            budget.reserve(1, "one");
            ++num_taken;
          } catch (const Error&) {
          }
        }
      });
    }
  }
  EXPECT_EQ(num_taken, 100);
  EXPECT_EQ(budget.reserved_bytes(), 100);
}

TEST(MemoryBudgetTest, ReservationHoldsItsBytesUntilItEndsWhereverItMoves) {
  MemoryBudget budget(100);
  EXPECT_THAT([&] { MemoryReservation(budget, 101, "tables"); }, ThrowsMessage<Error>(HasSubstr("tables must fit")));
  {
    MemoryReservation one(budget, 60, "one");
    MemoryReservation other(budget, 30, "other");
    EXPECT_EQ(budget.reserved_bytes(), 90);
    other = std::move(one);
    const MemoryReservation moved = std::move(other);
    EXPECT_EQ(moved.bytes(), 60);
  }
  EXPECT_EQ(budget.reserved_bytes(), 0);
}

TEST(MemoryBudgetTest, BytesAreWrittenAsPeopleReadThem) {
  EXPECT_EQ(format_bytes(0), "0 bytes");
  EXPECT_EQ(format_bytes(999), "999 bytes");
  EXPECT_EQ(format_bytes(1000), "1.0 kB");
  EXPECT_EQ(format_bytes(3'200), "3.2 kB");
  EXPECT_EQ(format_bytes(512'000'000), "512 MB");
  EXPECT_EQ(format_bytes(6'800'000'000), "6.8 GB");
  EXPECT_EQ(format_bytes(999'700), "1.0 MB");
  EXPECT_EQ(format_bytes(9'960), "10 kB");
  EXPECT_EQ(format_bytes(58'000'000'000'000), "58 TB");
  EXPECT_EQ(format_bytes(INT64_MAX), "9223 PB");
}

}  // namespace
}  // namespace srm
