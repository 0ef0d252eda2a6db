// A model that serves from several threads while hooks keep within a budget of its time.

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "hooked_models.h"
#include "srm/error.h"
#include "srm/instrumented_model.h"
#include "srm/io.h"
#include "srm/observer.h"

namespace srm {
namespace {

using namespace test;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

const std::string kModels = std::string(TORCHSRM_SOURCE_DIR) + "/models/";

std::shared_ptr<MemoryBudget> ample() { return std::make_shared<MemoryBudget>(std::int64_t{1} << 32); }

ObserveOptions options_for(std::vector<std::string> layers, double max_overhead) {
  return {.layers = std::move(layers), .epsilon = {0.9, 0.4}, .max_overhead = max_overhead};
}

/// A model that is slow beside what it gives.
torch::jit::Module slow_model() {
  torch::jit::Module model("slow");
  model.define(R"(
    def forward(self, x):
      y = x
      for k in range(40):
        y = torch.mm(y, x)
      return torch.tanh(x[:16, :4])
  )");
  return model;
}

std::int64_t num_rows(const Resonance& layer) { return layer.num_samples_seen() + layer.parts().num_samples_skipped; }

TEST(ObservedOverheadTest, UnderLoadHooksKeepWithinTheirBudgetAndWhatTheyDidNotSeeIsCounted) {
  at::set_num_threads(1);
  constexpr double kBudget = 0.1, kLeastBareSeconds = 1.5;
  torch::jit::Module bare = torch::jit::load(kModels + "classifier_tanh.pt");
  bare.eval();
  const at::Tensor images = read_tensor(kModels + "data/held_out.npy");
  const ObservedModule observed(bare, options_for({"*"}, kBudget), ample());
  const c10::IValue expected = [&] {
    const torch::NoGradGuard no_grad;
    return bare.forward({images});
  }();
  std::atomic<std::int64_t> num_calls = 0;
  std::vector<std::thread> callers;
  for (int k = 0; k < 4; ++k) {
    callers.emplace_back([&] {
      const torch::NoGradGuard no_grad;
      while (observed.overhead()->bare_seconds < kLeastBareSeconds) {
        const bool is_equal = is_bit_equal(observed.forward({images}), expected);
        ++num_calls;
        if (!is_equal) return ADD_FAILURE() << "an output differs";
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  const Overhead overhead = *observed.overhead();
  EXPECT_EQ(overhead.num_calls, num_calls);
  EXPECT_GT(overhead.num_calls_observed, 0);
  EXPECT_LT(overhead.num_calls_observed, overhead.num_calls);
  EXPECT_LT(overhead.share(), 2 * kBudget);
  const Results results = observed.results();
  EXPECT_FALSE(results.layers.empty());
  for (const Resonance& layer : results) {
    EXPECT_EQ(layer.parts().num_calls, overhead.num_calls_observed) << layer.address();
    EXPECT_EQ(layer.num_samples_seen(), overhead.num_calls_observed * images.size(0)) << layer.address();
    EXPECT_EQ(num_rows(layer), num_calls * images.size(0)) << layer.address();
  }
  EXPECT_THAT(results.settings, Contains(Pair("max_overhead", "0.1")));
}

TEST(ObservedOverheadTest, WhereThereIsRoomAllCallsAreObserved) {
  at::set_num_threads(1);
  const torch::NoGradGuard no_grad;
  const ObservedModule observed(slow_model(), options_for({"."}, 1), ample());
  const auto observed_of = [&](int num_calls) {
    const std::int64_t before = observed.overhead()->num_calls_observed;
    for (int k = 0; k < num_calls; ++k) observed.forward({rows({256, 256})});
    return observed.overhead()->num_calls_observed - before;
  };
  observed_of(30);  // pays for the tables
  EXPECT_EQ(observed_of(30), 30);
}

TEST(ObservedOverheadTest, AllLayersSeeTheSameCallsThroughForksTooAndOthersOfTheSameBudget) {
  const torch::NoGradGuard no_grad;
  for (const char* name : {"forked_scripted", "structured_scripted", "awaited_scripted"}) {
    HookedModule hooked(load_model(name));
    const auto budget = std::make_shared<OverheadBudget>(0.01);
    const ObserveOptions options = options_for({"*", "."}, 0.01);
    const ObservedModule first(hooked, options, ample(), budget), second(hooked, options, ample(), budget);
    constexpr int kCalls = 300;
    for (int k = 0; k < kCalls; ++k) hooked.forward({rows({9, 4})});
    const Overhead overhead = *first.overhead();
    EXPECT_EQ(overhead.num_calls, kCalls) << name;
    for (const ObservedModule* observed : {&first, &second}) {
      EXPECT_EQ(observed->overhead_budget(), budget);
      for (const Resonance& layer : observed->results()) {
        // A layer may run more than once in a call.
        EXPECT_EQ(layer.num_samples_seen() % overhead.num_calls_observed, 0) << name << layer.address();
        EXPECT_EQ(num_rows(layer) / kCalls, layer.num_samples_seen() / overhead.num_calls_observed)
            << name << layer.address();
      }
    }
  }
}

TEST(ObservedOverheadTest, CallsThatNobodyMeasuresAreLeftOut) {
  const torch::NoGradGuard no_grad;
  const ObservedModule observed(load_model("linear_scripted"), options_for({"."}, 1), ample());
  torch::jit::Module module = observed.module();
  module.forward({rows({9, 4})});
  observed.forward({rows({9, 4})});
  module.forward({rows({5, 4})});
  const Results results = observed.results();
  ASSERT_EQ(results.layers.size(), 1U);
  EXPECT_EQ(results.layers[0].num_samples_seen(), 9);
  EXPECT_EQ(results.layers[0].parts().num_samples_skipped, 14);
  EXPECT_EQ(observed.overhead()->num_calls, 1);
}

TEST(ObservedOverheadTest, WhatIsOffOrFailsIsNoLessOfACall) {
  const torch::NoGradGuard no_grad;
  ObserveOptions options = options_for({"."}, 1);
  const ObservedModule observed(load_model("linear_scripted"), options, ample());
  observed.set_enabled(false);
  observed.forward({rows({9, 4})});
  EXPECT_EQ(observed.overhead()->num_calls, 0);
  observed.set_enabled(true);
  EXPECT_THROW(observed.forward({rows({9, 3})}), std::exception) << "the model's own";
  observed.forward({rows({9, 4})});
  EXPECT_EQ(observed.results().layers.at(0).num_samples_seen(), 9);
}

TEST(ObservedOverheadTest, ABudgetTakesAFractionAndOnePassAndNoModelThatRunsElsewhere) {
  const torch::jit::Module model = load_model("linear_scripted");
  for (const double wrong : {0.0, 1.5}) {
    EXPECT_THAT([&] { ObservedModule(model, options_for({"."}, wrong)); },
                ThrowsMessage<Error>(HasSubstr("max_overhead must be a fraction")));
  }
  ObserveOptions centred = options_for({"."}, 0.02);
  centred.centre = true;
  EXPECT_THAT([&] { ObservedModule(model, centred); }, ThrowsMessage<Error>(HasSubstr("2 passes")));
  EXPECT_THAT([&] { ObservedModule(model, options_for({"."}, 0.02)).release(); },
              ThrowsMessage<Error>(HasSubstr("max_overhead of 0.02")));
  EXPECT_THAT([&] { instrument(model, options_for({"."}, 0.02)); }, ThrowsMessage<Error>(HasSubstr("instrument")));
  EXPECT_FALSE(ObservedModule(model, {.layers = {"."}}).overhead());
}

}  // namespace
}  // namespace srm
