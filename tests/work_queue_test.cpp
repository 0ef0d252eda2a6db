#include "work_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Push = WorkQueue::Push;
using Turn = WorkQueue::Turn;

constexpr QueueOptions kDrops{.bytes = 100, .when_full = WhenFull::kDrop};
constexpr QueueOptions kWaits{.bytes = 100, .when_full = WhenFull::kWait};

/// A job that ends when it is told to.
class Gate {
 public:
  WorkQueue::Job job() {
    return [this](Turn) {
      has_begun_.set_value();
      opened_.get_future().wait();
    };
  }
  void wait_until_begun() { has_begun_.get_future().wait(); }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> has_begun_, opened_;
};

/// Keeps the queue's thread busy with a job of 10 bytes.
void block(WorkQueue& queue, Gate& gate) {
  ASSERT_EQ(queue.push(10, [&] { return gate.job(); }), Push::kTaken);
  gate.wait_until_begun();
}

Push push(
    WorkQueue& queue, std::int64_t bytes, const WorkQueue::Job& job = [](Turn) {}) {
  return queue.push(bytes, [&] { return job; });
}

TEST(WorkQueueTest, JobsAreDoneInTheirOrderAndDrainingWaitsForThem) {
  WorkQueue queue({.bytes = 1 << 20, .when_full = WhenFull::kWait});
  std::vector<int> done;
  for (int k = 0; k < 1000; ++k) {
    EXPECT_EQ(push(queue, 1,
                   [&, k](Turn turn) {
                     EXPECT_EQ(turn, Turn::kRun);
                     done.push_back(k);
                   }),
              Push::kTaken);
  }
  queue.drain();
  ASSERT_EQ(done.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(queue.waiting_bytes(), 0);
}

TEST(WorkQueueTest, AFullQueueDropsAndMakesNoJob) {
  WorkQueue queue(kDrops);
  Gate gate;
  block(queue, gate);
  EXPECT_EQ(push(queue, 90), Push::kTaken) << "what is being done counts too";
  EXPECT_EQ(queue.push(1, []() -> WorkQueue::Job { throw std::logic_error("made"); }), Push::kFull);
  EXPECT_EQ(queue.waiting_bytes(), 100);
  gate.open();
  queue.drain();
  EXPECT_EQ(push(queue, 100), Push::kTaken);
  EXPECT_EQ(push(queue, 101), Push::kFull) << "it never fits";
}

TEST(WorkQueueTest, AFullQueueLetsWaitAndWhatNeverFitsGoesBack) {
  WorkQueue queue(kWaits);
  EXPECT_EQ(push(queue, 101), Push::kRefused);
  Gate gate;
  block(queue, gate);
  EXPECT_EQ(push(queue, 90), Push::kTaken);
  std::atomic<bool> is_through = false;
  std::thread caller([&] {
    EXPECT_EQ(push(queue, 50), Push::kTaken);
    is_through = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(is_through);
  gate.open();
  caller.join();
  queue.drain();
}

TEST(WorkQueueTest, AJobThatThrowsIsToldOnceAndThoseBehindItAreDone) {
  WorkQueue queue(kWaits);
  std::atomic<int> num_done = 0;
  push(queue, 1, [](Turn) { throw std::runtime_error("first"); });
  push(queue, 1, [](Turn) { throw std::runtime_error("second"); });
  push(queue, 1, [&](Turn) { ++num_done; });
  queue.drain();
  EXPECT_EQ(num_done, 1);
  EXPECT_THAT([&] { queue.rethrow(); }, ThrowsMessage<std::runtime_error>("first"));
  queue.rethrow();
}

TEST(WorkQueueTest, AJobThatCannotBeMadeGivesItsRoomBack) {
  WorkQueue queue(kDrops);
  const auto fail = []() -> WorkQueue::Job { throw std::runtime_error("no memory"); };
  EXPECT_THROW(queue.push(100, fail), std::runtime_error);
  EXPECT_EQ(push(queue, 100), Push::kTaken);
}

TEST(WorkQueueTest, ClosingDoesOrLeavesOutWhatWaitsAsTold) {
  for (const OnClose on_close : {OnClose::kDrain, OnClose::kDrop}) {
    std::vector<Turn> turns;
    {
      QueueOptions options = kDrops;
      options.on_close = on_close;
      WorkQueue queue(options);
      Gate gate;
      block(queue, gate);
      for (int k = 0; k < 2; ++k) push(queue, 1, [&](Turn turn) { turns.push_back(turn); });
      std::thread closer([&] { queue.close(); });
      while (push(queue, 0) != Push::kRefused) std::this_thread::yield();
      gate.open();
      closer.join();
      queue.close();
      queue.drain();
    }
    const Turn expected = on_close == OnClose::kDrain ? Turn::kRun : Turn::kLeftOut;
    EXPECT_THAT(turns, ElementsAre(expected, expected));
  }
}

TEST(WorkQueueTest, WhoWaitsForRoomIsLetGoWhenItCloses) {
  WorkQueue queue({.bytes = 100, .when_full = WhenFull::kWait, .on_close = OnClose::kDrop});
  Gate gate;
  block(queue, gate);
  push(queue, 90);
  std::thread caller([&] { EXPECT_EQ(push(queue, 100), Push::kRefused); });
  std::thread closer([&] { queue.close(); });
  caller.join();
  gate.open();
  closer.join();
}

TEST(WorkQueueTest, ClosingIsNotHeldUpByJobsThatThrow) {
  WorkQueue queue(kWaits);
  for (int k = 0; k < 50; ++k) push(queue, 1, [](Turn) { throw std::runtime_error("always"); });
  queue.close();
  EXPECT_THROW(queue.rethrow(), std::runtime_error);
}

TEST(WorkQueueTest, AQueueHoldsSomething) {
  EXPECT_THAT([] { WorkQueue({.bytes = 0}); }, ThrowsMessage<Error>(HasSubstr("a byte or more")));
}

TEST(WorkQueueTest, ManyThreadsPushDrainAndCloseAndEveryJobEndsOnce) {
  for (const WhenFull when_full : {WhenFull::kDrop, WhenFull::kWait}) {
    for (int round = 0; round < 20; ++round) {
      std::atomic<int> num_ended = 0, num_taken = 0, num_full = 0;
      {
        WorkQueue queue({.bytes = 8, .when_full = when_full, .on_close = OnClose::kDrop});
        std::vector<std::thread> callers;
        for (int t = 0; t < 4; ++t) {
          callers.emplace_back([&, t] {
            for (int k = 0; k < 200; ++k) {
              const Push pushed = push(queue, 1 + k % 3, [&](Turn) { ++num_ended; });
              num_taken += pushed == Push::kTaken ? 1 : 0;
              num_full += pushed == Push::kFull ? 1 : 0;
              if (k % 50 == t) queue.drain();
              if (round % 2 == 1 && t == 0 && k == 150) queue.close();
            }
          });
        }
        for (std::thread& caller : callers) caller.join();
      }
      EXPECT_EQ(num_ended, num_taken);
      if (when_full == WhenFull::kWait) {
        EXPECT_EQ(num_full, 0);
      }
      if (when_full == WhenFull::kWait && round % 2 == 0) {
        EXPECT_EQ(num_taken, 800);
      }
    }
  }
}

}  // namespace
}  // namespace srm
