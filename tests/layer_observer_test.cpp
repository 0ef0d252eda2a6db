#include "srm/layer_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "brute_force.h"
#include "hooked_models.h"
#include "srm/error.h"
#include "srm/row_mean.h"

namespace srm {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::ThrowsMessage;

std::shared_ptr<MemoryBudget> ample() { return std::make_shared<MemoryBudget>(std::int64_t{1} << 32); }

/// The Resonance of these rows by the Torch-free accumulator alone.
Resonance accumulated(const at::Tensor& rows, const ObserveOptions& options, std::vector<double> mean = {}) {
  const at::Tensor wide = rows.to(at::kDouble).contiguous();
  AccumulatorOptions accumulator_options;
  accumulator_options.epsilon.clear();
  for (const EpsilonChoice& choice : options.epsilon) accumulator_options.epsilon.push_back(choice.number);
  accumulator_options.grid = AngleGrid(options.num_angles, options.grid);
  accumulator_options.mean = std::move(mean);
  const double* data = wide.const_data_ptr<double>();
  return test::accumulate({data, data + wide.numel()}, Basis::standard(wide.size(1)), accumulator_options);
}

/// Rows of one sample are a block, which `accumulated` above knows nothing of.
Scores without_blocks(Scores scores) {
  scores.blocks = {};
  return scores;
}

void expect_same_counts(const Resonance& a, const Resonance& b) {
  EXPECT_EQ(a.parts().counts, b.parts().counts);
  EXPECT_EQ(a.parts().plane_hits, b.parts().plane_hits);
  EXPECT_EQ(without_blocks(a.parts().scores), without_blocks(b.parts().scores));
  EXPECT_EQ(a.parts().num_samples_seen, b.parts().num_samples_seen);
  EXPECT_EQ(a.parts().mean, b.parts().mean);
}

void expect_same(const Resonance& a, const Resonance& b) {
  expect_same_counts(a, b);
  EXPECT_EQ(a.parts().scores, b.parts().scores);
  EXPECT_EQ(a.parts().num_calls, b.parts().num_calls);
  EXPECT_EQ(a.parts().num_samples_skipped, b.parts().num_samples_skipped);
}

/// What the srm::Error of a call says, "" when there is none.
std::string refusal(Observer& observer, const c10::IValue& output) {
  try {
    observer.observe(output);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

ObserveOptions small_options() { return {.epsilon = {0.8, 0.3}, .num_angles = 24}; }

/// Which of the first `count` rows that come one by one are counted.
std::vector<std::int64_t> taken_of(const ObserveOptions& options, std::int64_t count) {
  Observer observer("one by one", options, Layout::kAuto, ample());
  std::vector<std::int64_t> taken;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t before = observer.position().num_taken;
    observer.observe(at::ones({1, 2}));
    if (observer.position().num_taken > before) taken.push_back(k);
  }
  return taken;
}

/// What every option of sampling at once leaves of calls (N, T, n) with masks (N, T): the rows that are counted.
at::Tensor rows_left(const std::vector<at::Tensor>& calls, const std::vector<at::Tensor>& masks,
                     const ObserveOptions& options) {
  ObserveOptions fraction_alone;
  fraction_alone.fraction = options.fraction;
  fraction_alone.seed = options.seed;
  const auto taken = taken_of(fraction_alone, 1000);
  std::vector<at::Tensor> left;
  std::int64_t number = 0;
  for (std::size_t call = 0; call < calls.size(); call += static_cast<std::size_t>(options.every)) {
    for (std::int64_t n = 0; n < calls[call].size(0); ++n) {
      for (std::int64_t t = 0; t < calls[call].size(1); ++t) {
        if (!masks[call][n][t].item<bool>()) continue;
        if (std::binary_search(taken.begin(), taken.end(), number++)) left.push_back(calls[call][n][t]);
      }
    }
  }
  if (options.limit && std::ssize(left) > *options.limit) left.resize(static_cast<std::size_t>(*options.limit));
  return at::stack(left);
}

/// Ten calls, with some padding in each.
struct PaddedCalls {
  PaddedCalls() {
    for (std::uint64_t k = 0; k < 10; ++k) {
      calls.push_back(test::rows({3, 5, 4}, k) + 0.5);
      masks.push_back(test::rows({3, 5}, 100 + k) > -0.5);
    }
  }
  std::vector<at::Tensor> calls, masks;
};

TEST(ObserverTest, EveryTakesTheFirstOfSoManyCalls) {
  ObserveOptions options = small_options();
  options.every = 3;
  Observer observer("a", options, Layout::kAuto, ample());
  std::vector<at::Tensor> taken;
  for (std::uint64_t call = 0; call < 8; ++call) {
    const at::Tensor x = test::rows({5, 4}, call);
    if (call % 3 == 0) taken.push_back(x);
    observer.observe(x);
  }
  expect_same_counts(*observer.resonance(), accumulated(at::cat(taken), options));
  EXPECT_EQ(observer.resonance()->parts().num_calls, 3);
  EXPECT_EQ(observer.resonance()->parts().num_samples_skipped, 25);
  EXPECT_EQ(observer.position().num_calls, 8);
}

TEST(ObserverTest, FractionTakesTheSameRowsHoweverTheStreamIsCutAndWhateverOtherLayersDo) {
  ObserveOptions options = small_options();
  options.fraction = 0.3;
  options.seed = 5;
  const at::Tensor x = test::rows({200, 4});
  const at::Tensor taken = x.index_select(0, at::tensor(taken_of(options, 200), at::kLong));
  const auto budget = ample();
  Observer other("other", options, Layout::kAuto, budget);
  for (const std::int64_t batch : {1, 7, 64, 200}) {
    Observer observer("layer", options, Layout::kAuto, budget);
    for (const at::Tensor& part : x.split(batch)) {
      observer.observe(part);
      other.observe(test::rows({3, 6}));
    }
    expect_same_counts(*observer.resonance(), accumulated(taken, options));
    EXPECT_EQ(observer.resonance()->num_samples_seen() + observer.resonance()->parts().num_samples_skipped, 200);
  }
}

TEST(ObserverTest, FractionIsTheShareThatIsTakenAndTheSeedChoosesTheRows) {
  constexpr std::int64_t kRows = 100'000;
  ObserveOptions options{.epsilon = {0.5}, .num_angles = 4};
  const auto seen = [&](double fraction, std::uint64_t seed) {
    options.fraction = fraction;
    options.seed = seed;
    Observer observer("a", options, Layout::kAuto, ample());
    observer.observe(at::ones({kRows, 2}));
    return observer.resonance()->num_samples_seen();
  };
  for (const double p : {0.001, 0.1, 0.5, 0.9}) {
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      EXPECT_NEAR(static_cast<double>(seen(p, seed)), p * kRows, 4.5 * std::sqrt(p * (1 - p) * kRows)) << p;
    }
  }
  EXPECT_EQ(seen(1, 3), kRows);
  // Seeds next to each other, and rows next to each other, have nothing to do with each other: a quarter is in both.
  options.fraction = 0.5;
  const auto at_seed = [&](std::uint64_t seed) { return options.seed = seed, taken_of(options, 4000); };
  const auto first = at_seed(1), second = at_seed(2);
  std::int64_t in_both = 0, neighbours = 0;
  for (const std::int64_t k : first) {
    in_both += std::binary_search(second.begin(), second.end(), k) ? 1 : 0;
    neighbours += std::binary_search(first.begin(), first.end(), k + 1) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(in_both), 1000, 130);
  EXPECT_NEAR(static_cast<double>(neighbours), 1000, 130);
}

TEST(ObserverTest, LimitEndsWithinABatchAndIsKeptAcrossBatches) {
  ObserveOptions options = small_options();
  const at::Tensor x = test::rows({30, 4});
  for (const std::int64_t limit : {1, 10, 12, 30, 99}) {
    options.limit = limit;
    Observer observer("a", options, Layout::kAuto, ample());
    for (const at::Tensor& batch : x.split(5)) observer.observe(batch);
    expect_same_counts(*observer.resonance(), accumulated(x.slice(0, 0, limit), options));
    EXPECT_EQ(observer.resonance()->parts().num_samples_skipped, std::max<std::int64_t>(0, 30 - limit));
    EXPECT_EQ(observer.resonance()->parts().num_calls, 6);
    EXPECT_EQ(observer.position().num_taken, std::min<std::int64_t>(limit, 30));
  }
}

TEST(ObserverTest, MaskFractionLimitAndEveryTogetherTakeTheSameRowsInBothPassesOfCentring) {
  const PaddedCalls padded;
  for (const bool centre : {false, true}) {
    for (const std::int64_t limit : {1000, 31}) {
      ObserveOptions options = small_options();
      options.centre = centre;
      options.every = 2;
      options.fraction = 0.7;
      options.limit = limit;
      Observer observer("a", options, Layout::kAuto, ample());
      for (int pass = 0; pass < (centre ? 2 : 1); ++pass) {
        if (pass == 1) observer.finish_pass();
        EXPECT_FALSE(observer.resonance().has_value());
        for (std::size_t k = 0; k < 10; ++k) observer.observe(padded.calls[k], padded.masks[k]);
      }
      const at::Tensor left = rows_left(padded.calls, padded.masks, options);
      RowMean mean(4);
      mean.update(left.contiguous().const_data_ptr<float>(), left.size(0), 4);
      const Resonance resonance = *observer.resonance();
      expect_same_counts(resonance, accumulated(left, options, centre ? mean.mean() : std::vector<double>()));
      EXPECT_EQ(resonance.num_samples_seen(), left.size(0));
      EXPECT_EQ(resonance.num_samples_seen() + resonance.parts().num_samples_skipped, 10 * 15);
      EXPECT_EQ(resonance.parts().num_calls, 5);
      EXPECT_EQ(resonance.parts().centred, centre);
    }
  }
}

TEST(ObserverTest, CentringNeedsRowsInTheFirstPassAndHasOnlyOne) {
  ObserveOptions options = small_options();
  const auto x = test::rows({9, 4});
  Observer uncentred("a", options, Layout::kAuto, ample());
  uncentred.observe(x);
  uncentred.finish_pass();
  EXPECT_EQ(uncentred.position().num_taken, 9) << "there is no mean to finish";
  options.centre = true;
  Observer observer("layer", options, Layout::kAuto, ample());
  observer.observe(at::empty({0, 4}));
  observer.finish_pass();
  EXPECT_THAT(refusal(observer, x),
              AllOf(HasSubstr("must have rows in the passes before it is counted"), HasSubstr("'!layer'")));
}

TEST(ObserverTest, GoesOnWhereAResultEndedAsIfNothingHadBeenBetween) {
  PaddedCalls padded;
  padded.calls[4] = at::empty({0, 5, 4});  // a call without rows
  padded.masks[4] = at::empty({0, 5});
  ObserveOptions options = small_options();
  options.every = 2;
  options.fraction = 0.6;
  options.limit = 30;
  Observer whole("a", options, Layout::kAuto, ample());
  auto budget = ample();
  auto parts = std::make_unique<Observer>("a", options, Layout::kAuto, budget);
  for (std::size_t k = 0; k < 10; ++k) {
    whole.observe(padded.calls[k], padded.masks[k]);
    parts->observe(padded.calls[k], padded.masks[k]);
    auto [resonance, position] = parts->snapshot();
    ASSERT_TRUE(resonance.has_value());
    expect_same(*resonance, *whole.resonance());
    EXPECT_EQ(position.num_calls, whole.position().num_calls);
    EXPECT_EQ(position.num_rows, whole.position().num_rows);
    EXPECT_EQ(position.num_taken, whole.position().num_taken);
    parts = std::make_unique<Observer>("a", options, Layout::kAuto, budget, std::move(resonance), position);
  }
  parts->count_call();
  whole.count_call();
  expect_same(*parts->take_resonance(), *whole.resonance());
  EXPECT_FALSE(parts->resonance().has_value());
}

TEST(ObserverTest, WhatWasCountedBeforeIsInTheBudgetUntilItIsTakenOrDropped) {
  ObserveOptions options = small_options();
  const Resonance earlier = accumulated(test::rows({9, 4}), options);
  const auto budget = ample();
  {
    Observer observer("activations", options, Layout::kAuto, budget, earlier);
    EXPECT_TRUE(observer.has_seen());
    EXPECT_GE(budget->reserved_bytes(), static_cast<std::int64_t>(earlier.parts().counts.size() * 8));
    const std::int64_t before = budget->reserved_bytes();
    observer.observe(test::rows({9, 4}));
    EXPECT_GT(budget->reserved_bytes(), before) << "the tables come beside it";
    const Resonance both = *observer.resonance();
    expect_same(*observer.take_resonance(), both);
    EXPECT_EQ(budget->reserved_bytes(), 0);
    observer.observe(test::rows({9, 4}));
    EXPECT_EQ(observer.resonance()->num_samples_seen(), 9) << "taking empties";
    Observer another("activations", options, Layout::kAuto, budget, earlier);
  }
  EXPECT_EQ(budget->reserved_bytes(), 0);
  const auto small = std::make_shared<MemoryBudget>(100);
  EXPECT_THAT([&] { Observer("layer", options, Layout::kAuto, small, earlier); },
              ThrowsMessage<Error>(AllOf(HasSubstr("counted before of 'layer'"), HasSubstr("limit of 100 bytes"))));
  EXPECT_EQ(small->reserved_bytes(), 0);
}

TEST(ObserverTest, MemoryIsSharedByLayersAndNamedWhenItEnds) {
  ObserveOptions options;
  const auto budget = std::make_shared<MemoryBudget>(10'000'000);
  Observer small("small", options, Layout::kAuto, budget);
  Observer large("large", options, Layout::kAuto, budget);
  small.observe(test::rows({3, 4}));
  EXPECT_THAT(refusal(large, test::rows({3, 400})), AllOf(HasSubstr("'large'"), HasSubstr("limit of 10 MB")));
  EXPECT_TRUE(small.resonance().has_value());
  EXPECT_FALSE(large.resonance().has_value());
}

TEST(ObserverTest, WhatDoesNotFitIsRefusedAndLosesNothing) {
  ObserveOptions options{.epsilon = {0.5}};
  Observer observer("layer", options, Layout::kAuto, ample());
  const auto x = test::rows({5, 4});
  observer.observe(x);
  EXPECT_THAT(refusal(observer, c10::IValue(3)),
              AllOf(HasSubstr("must be a tensor; got Int"), HasSubstr("--layers '!layer'")));
  EXPECT_THAT(refusal(observer, test::rows({5, 6})),
              AllOf(HasSubstr("must have 4 numbers; got 6"), HasSubstr("--layout")));
  EXPECT_THROW(observer.observe(at::ones({5, 4}, at::kInt)), Error);
  EXPECT_THROW(observer.observe(x, at::ones({4})), Error);
  observer.observe(at::empty({0, 4}));
  const ResonanceParts parts = observer.resonance()->parts();
  EXPECT_EQ(parts.num_samples_seen, 5);
  EXPECT_EQ(parts.num_calls, 2) << "an empty batch is a call without samples";
  EXPECT_EQ(parts.counts, accumulated(x, options).parts().counts);
  observer.add(x);
  EXPECT_EQ(observer.resonance()->num_samples_seen(), 10);
  EXPECT_EQ(observer.resonance()->parts().num_calls, 2) << "rows alone are no call";
  EXPECT_NO_THROW(Observer("narrow", options, Layout::kAuto, ample()).observe(test::rows({5, 1})));
  options.basis = std::make_shared<const Basis>(Basis::standard(3));
  EXPECT_THAT([&] { Observer("layer", options, Layout::kAuto, ample()).observe(x); },
              ThrowsMessage<Error>(AllOf(HasSubstr("as wide as the samples, 4"), HasSubstr("vectors of 3 numbers"))));
}

TEST(ObserverTest, OptionsOutOfRangeAreRefusedBeforeAnythingRuns) {
  const std::vector<std::pair<ObserveOptions, std::string>> cases = {
      {{.epsilon = {1.5}}, "got 1.5"},
      {{.epsilon = {0.5, 0.5}}, "0.5 twice"},
      {{.num_angles = 0}, "number of angles"},
      {{.every = 0}, "every must be 1 or more; got 0"},
      {{.fraction = 0}, "fraction must be in (0, 1]; got 0"},
      {{.fraction = 1.25}, "fraction must be in (0, 1]; got 1.25"},
      {{.fraction = std::numeric_limits<double>::quiet_NaN()}, "fraction must be in (0, 1]; got nan"},
      {{.limit = 0}, "limit must be 1 or more; got 0"},
      {{.num_threads = 0}, "one thread is needed"},
  };
  for (const auto& [options, words] : cases) {
    EXPECT_THAT([&] { Observer("a", options, Layout::kAuto, ample()); }, ThrowsMessage<Error>(HasSubstr(words)));
    EXPECT_THAT([&] { require_valid(options); }, ThrowsMessage<Error>(HasSubstr(words)));
  }
}

TEST(ObserverTest, SettingsNameWhatSampledAndNotTheThreads) {
  ObserveOptions options;
  options.num_threads = 4;
  EXPECT_THAT(settings_of(options), AllOf(Not(Contains(Key("fraction"))), Not(Contains(Key("every"))),
                                          Not(Contains(Key("threads"))), Contains(Pair("layout", "auto"))));
  options = {.layouts = {{"", Layout::kLast}, {"conv", Layout::kFlatten}},
             .mask_input = "mask",
             .every = 2,
             .fraction = 0.25,
             .seed = 9,
             .limit = 7};
  EXPECT_THAT(settings_of(options),
              AllOf(Contains(Pair("fraction", "0.25")), Contains(Pair("seed", "9")), Contains(Pair("limit", "7")),
                    Contains(Pair("every", "2")), Contains(Pair("mask", "mask")),
                    Contains(Pair("layout", "last conv=flatten"))));
}

TEST(ObserverTest, ConcurrentCallersCountWhatOneAfterTheOtherDoesAndReadingsAreConsistent) {
  constexpr int kThreads = 4, kCalls = 50, kBatch = 6;
  const ObserveOptions options = small_options();
  Observer serial("a", options, Layout::kAuto, ample()), observer("a", options, Layout::kAuto, ample());
  const auto batch = [](int thread, int call) {
    return test::rows({kBatch, 4}, static_cast<std::uint64_t>(100 * thread + call));
  };
  std::atomic<int> num_running = kThreads;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    for (int call = 0; call < kCalls; ++call) serial.observe(batch(thread, call));
    threads.emplace_back([&, thread] {
      for (int call = 0; call < kCalls; ++call) observer.observe(batch(thread, call));
      --num_running;
    });
  }
  while (num_running > 0) {
    const auto [resonance, position] = observer.snapshot();
    const std::int64_t num_seen = resonance ? resonance->num_samples_seen() : 0;
    EXPECT_EQ(num_seen % kBatch, 0);
    EXPECT_EQ(position.num_taken, num_seen);
    EXPECT_EQ(resonance ? resonance->parts().scores.num_rows : 0, num_seen);
    EXPECT_EQ(resonance ? resonance->parts().num_calls : 0, num_seen / kBatch);
  }
  threads.clear();
  expect_same(*observer.resonance(), *serial.resonance());
}

// Classes are added up, and what was counted before stays in it.
TEST(Observer, HolisticIsItsResultWithoutTables) {
  const at::Tensor x = test::rows({30, 5});
  ObserveOptions options{.epsilon = {0.5}};
  Observer plain("layer", options, Layout::kAuto, ample());
  EXPECT_FALSE(plain.holistic());
  plain.observe(x);
  EXPECT_EQ(plain.holistic()->parts().holistic_counts, plain.resonance()->parts().holistic_counts);
  EXPECT_EQ(plain.holistic()->num_planes(), 0);
  Observer later("layer", options, Layout::kAuto, ample(), plain.resonance());
  later.observe(x);
  EXPECT_EQ(later.holistic()->num_samples_seen(), 60);
  EXPECT_EQ(later.holistic()->parts().holistic_counts, later.resonance()->parts().holistic_counts);
  options.num_classes = 3;
  options.by_class = true;
  Observer classes("layer", options, Layout::kAuto, ample());
  classes.observe(x, {}, {at::arange(30) % 3});
  EXPECT_EQ(classes.holistic()->parts().holistic_counts, plain.holistic()->parts().holistic_counts);
  EXPECT_EQ(classes.holistic()->parts().scores, plain.holistic()->parts().scores);
}

}  // namespace
}  // namespace srm
