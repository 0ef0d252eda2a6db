// Rows that are counted behind the model's calls: as many, as exactly, whatever happens to the queue.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <sstream>
#include <thread>

#include "hooked_models.h"
#include "srm/error.h"
#include "srm/instrumented_model.h"
#include "srm/io.h"
#include "srm/observer.h"

namespace srm {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

std::shared_ptr<MemoryBudget> ample() { return std::make_shared<MemoryBudget>(std::int64_t{1} << 32); }

ObserveOptions options_for(std::vector<std::string> layers, std::optional<QueueOptions> queue) {
  return {.layers = std::move(layers), .epsilon = {0.9, 0.4}, .num_angles = 36, .queue = queue};
}

constexpr QueueOptions kLarge{.bytes = 1 << 24, .when_full = WhenFull::kWait};
/// Holds one activation of up to 64 numbers of float32, of which the job itself takes 512 bytes.
constexpr std::int64_t kOne = 512 + 64 * 4;

torch::jit::Module part(const std::string& body) {
  torch::jit::Module module("part");
  module.define("def forward(self, x):\n  " + body + "\n");
  return module;
}

std::int64_t num_seen(const ObservedModule& observed) {
  const Results results = observed.results();
  return results.layers.empty() ? 0 : results.layers[0].num_samples_seen();
}

/// Fails the test, and ends it, where `work` takes a minute.
void expect_to_end(const std::function<void()>& work) {
  std::packaged_task<void()> task(work);
  std::future<void> done = task.get_future();
  std::thread thread(std::move(task));
  if (done.wait_for(std::chrono::minutes(1)) != std::future_status::ready) {
    ADD_FAILURE() << "it hangs";
    std::abort();
  }
  thread.join();
  done.get();
}

TEST(ObservedQueueTest, CountsAreThoseOfCountingInTheCallsAndOutputsTheModelsOwn) {
  const at::NoGradGuard no_grad;
  const std::vector<std::pair<std::string, std::vector<std::int64_t>>> cases = {
      {"mlp_scripted", {50, 6}},   {"in_place_scripted", {9, 4}},    {"reused_traced", {9, 5}},
      {"forked_scripted", {9, 4}}, {"attention_traced", {3, 5, 16}}, {"structured_scripted", {9, 4}},
      {"boxes_scripted", {9, 4}},  {"memory_scripted", {2, 5, 4}},   {"quantised_scripted", {9, 4}},
      {"awaited_scripted", {9, 4}}};
  for (const auto& [name, shape] : cases) {
    for (const std::int64_t bytes : {std::int64_t{1} << 24, std::int64_t{2000}}) {
      torch::jit::Module bare = load_model(name);
      bare.eval();
      HookedModule hooked(bare);
      const std::vector<std::string> layers = {"*", "."};
      const ObservedModule in_calls(hooked, options_for(layers, {}), ample());
      const ObservedModule behind(hooked, options_for(layers, QueueOptions{bytes, WhenFull::kWait}), ample());
      for (std::uint64_t run = 0; run < 5; ++run) {
        const auto x = rows(shape, run);
        EXPECT_TRUE(is_bit_equal(behind.forward({x}), bare.forward({x}))) << name;
      }
      EXPECT_EQ(to_bytes(behind.results()), to_bytes(in_calls.results())) << name << ", " << bytes << " bytes";
      EXPECT_EQ(behind.silent_layers(), in_calls.silent_layers()) << name;
      EXPECT_EQ(behind.left_out(), in_calls.left_out()) << name;
      EXPECT_EQ(behind.num_rows_dropped(), 0);
    }
  }
}

TEST(ObservedQueueTest, WhatChangesBehindTheHookDoesNotChangeWhatIsCounted) {
  const at::NoGradGuard no_grad;
  ObserveOptions options = options_for({"./tanh_", "./tanh_@input"}, kLarge);
  options.num_classes = 2;
  options.by_class = true;
  const auto model = part("y = torch.tanh_(x)\n  y.zero_()\n  return y");
  const ObservedModule behind(model, options, ample());
  options.queue = {};
  const ObservedModule in_calls(model, options, ample());
  const at::Tensor x = rows({32, 6});
  for (const ObservedModule* observed : {&in_calls, &behind}) {
    for (int k = 0; k < 50; ++k) {
      at::Tensor given = x.clone(), labels = at::arange(32).remainder(2);
      {
        const TagGuard tags({labels});
        observed->forward({given});
      }
      labels.zero_();
      given.fill_(7);
    }
  }
  EXPECT_EQ(to_bytes(behind.results()), to_bytes(in_calls.results()));
}

TEST(ObservedQueueTest, ModelsInInferenceModeOrTrainingAreCountedToo) {
  ObserveOptions options = options_for({"."}, kLarge);
  const auto model = part("return torch.tanh(x)");
  const ObservedModule behind(model, options, ample());
  options.queue = {};
  const ObservedModule in_calls(model, options, ample());
  for (const ObservedModule* observed : {&in_calls, &behind}) {
    observed->forward({rows({8, 4}).requires_grad_()});
    const c10::InferenceMode inference;
    observed->forward({rows({8, 4}, 1).t().contiguous().t()});
    observed->forward({rows({1, 4}, 2).expand({8, 4})});
  }
  EXPECT_EQ(to_bytes(behind.results()), to_bytes(in_calls.results()));
}

TEST(ObservedQueueTest, WhatAFullQueueDropsIsCountedAsSkippedRowForRow) {
  const at::NoGradGuard no_grad;
  const ObservedModule observed(part("return torch.tanh(x)"), options_for({"."}, QueueOptions{kOne, WhenFull::kDrop}),
                                ample());
  for (std::int64_t k = 1; k <= 20; ++k) {
    observed.forward({rows({16, 4})});
    observed.drain();
    observed.forward({rows({16 + k, 4})});  // never fits
  }
  EXPECT_EQ(observed.num_rows_dropped(), 20 * 16 + 210);
  const Results results = observed.results();
  ASSERT_THAT(results.layers, SizeIs(1));
  EXPECT_EQ(results.layers[0].num_samples_seen(), 20 * 16);
  EXPECT_EQ(results.layers[0].parts().num_samples_skipped, observed.num_rows_dropped());
  EXPECT_EQ(results.layers[0].parts().num_calls, 20);
}

TEST(ObservedQueueTest, ALayerWhoseRowsAllWereDroppedIsNotSilent) {
  const at::NoGradGuard no_grad;
  const ObservedModule observed(part("return torch.tanh(x)"), options_for({"."}, QueueOptions{1, WhenFull::kDrop}),
                                ample());
  EXPECT_THAT(observed.silent_layers(), SizeIs(1));
  observed.forward({rows({16, 4})});
  EXPECT_EQ(observed.num_rows_dropped(), 16);
  EXPECT_THAT(observed.silent_layers(), IsEmpty());
  EXPECT_THAT(observed.results().layers, IsEmpty()) << "whose width no row told";
}

TEST(ObservedQueueTest, UnderLoadEveryRowIsSeenOrDroppedAndWaitingDropsNone) {
  for (const WhenFull when_full : {WhenFull::kDrop, WhenFull::kWait}) {
    const ObservedModule observed(part("return torch.tanh(x)"), options_for({"."}, QueueOptions{4 * kOne, when_full}),
                                  ample());
    constexpr int kCallers = 4, kCalls = 300;
    std::atomic<bool> is_done = false;
    std::thread reader([&] {
      while (!is_done) {
        observed.holistic_results();
        observed.results();
      }
    });
    std::vector<std::thread> callers;
    for (int t = 0; t < kCallers; ++t) {
      callers.emplace_back([&] {
        const torch::NoGradGuard no_grad;
        // The last is larger than the queue.
        for (int k = 0; k < kCalls; ++k) observed.forward({rows({k % 10 == 9 ? 200 : 16, 4})});
      });
    }
    for (std::thread& caller : callers) caller.join();
    is_done = true;
    reader.join();
    const Results results = observed.results();
    const Resonance& layer = results.layers.at(0);
    EXPECT_EQ(layer.parts().num_samples_skipped, observed.num_rows_dropped());
    EXPECT_EQ(layer.num_samples_seen() + observed.num_rows_dropped(), kCallers * kCalls / 10 * (9 * 16 + 200));
    if (when_full == WhenFull::kWait) {
      EXPECT_EQ(observed.num_rows_dropped(), 0);
    }
  }
}

TEST(ObservedQueueTest, AnErrorOfCountingComesOutOfTheNextCallOrLookAndNamesItsLayer) {
  const at::NoGradGuard no_grad;
  const ObservedModule observed(part("return torch.tanh(x)"), options_for({"."}, kLarge), ample());
  const auto message = HasSubstr("[.: observe] every sample must have 4 numbers; got 5");
  observed.forward({rows({8, 4})});
  observed.forward({rows({8, 5})});
  EXPECT_THAT([&] { observed.results(); }, ThrowsMessage<Error>(message));
  EXPECT_EQ(num_seen(observed), 8) << "told once; what was counted stays";
  observed.forward({rows({8, 5})});
  observed.silent_layers();  // waits and throws nothing
  EXPECT_THAT([&] { observed.forward({rows({8, 4})}); }, ThrowsMessage<Error>(message));
  observed.forward({rows({8, 4})});
  EXPECT_EQ(num_seen(observed), 16);
}

TEST(ObservedQueueTest, AnErrorOfCountingTakesItsLayerOff) {
  const at::NoGradGuard no_grad;
  ObserveOptions options = options_for({"./tanh", "./relu"}, kLarge);
  options.on_error = OnError::kDetach;
  const ObservedModule observed(part("return torch.tanh(x), torch.relu(x[:, :4])"), options, ample());
  for (const std::int64_t width : {4, 5, 4}) observed.forward({rows({8, width})});
  const std::vector<Error> failures = observed.failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_THAT(failures[0].what(), HasSubstr("[./tanh: observe] every sample must have 4 numbers"));
  const Results results = observed.results();
  ASSERT_THAT(results.layers, SizeIs(2));
  EXPECT_EQ(results.layers[0].num_samples_seen(), 8);
  EXPECT_EQ(results.layers[1].num_samples_seen(), 24);
}

TEST(ObservedQueueTest, AModuleThatGoesWithAFullQueueCountsOrLeavesOutWhatWaits) {
  for (const OnClose on_close : {OnClose::kDrain, OnClose::kDrop}) {
    expect_to_end([&] {
      const at::NoGradGuard no_grad;
      std::shared_ptr<const Observer> observer;
      {
        ObserveOptions options = options_for({"."}, QueueOptions{1 << 22, WhenFull::kDrop, on_close});
        options.num_angles = 360;
        const ObservedModule observed(part("return torch.tanh(x)"), options, ample());
        for (int k = 0; k < 200; ++k) observed.forward({rows({128, 32})});
        observer = observed.observers().at(0);
      }
      const Resonance layer = observer->resonance().value();
      EXPECT_EQ(layer.num_samples_seen() + layer.parts().num_samples_skipped, 200 * 128);
      if (on_close == OnClose::kDrain) {
        EXPECT_EQ(layer.num_samples_seen(), 200 * 128);
      }
    });
  }
}

TEST(ObservedQueueTest, AModuleGoesWhileCallersWaitForRoomAndCountingFails) {
  for (int round = 0; round < 10; ++round) {
    expect_to_end([] {
      HookedModule hooked(part("return torch.tanh(x)"));
      auto observed = std::make_unique<ObservedModule>(
          hooked, options_for({"."}, QueueOptions{2 * kOne, WhenFull::kWait, OnClose::kDrop}), ample());
      std::atomic<bool> is_done = false;
      std::vector<std::thread> callers;
      for (std::int64_t t = 0; t < 3; ++t) {
        callers.emplace_back([&, t] {
          const torch::NoGradGuard no_grad;
          while (!is_done) {
            try {
              hooked.forward({rows({12, 4 + t % 2})});
            } catch (const Error&) {  // counted in the call, behind the queue's end
            }
          }
        });
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      observed.reset();
      is_done = true;
      for (std::thread& caller : callers) caller.join();
    });
  }
}

TEST(ObservedQueueTest, TheQueuesBytesAreTakenOutOfTheMemoryBudgetAndGoBack) {
  const at::NoGradGuard no_grad;
  const auto budget = ample();
  {
    const ObservedModule observed(part("return torch.tanh(x)"), options_for({"."}, kLarge), budget);
    EXPECT_EQ(budget->reserved_bytes(), kLarge.bytes);
    observed.forward({rows({12, 4})});
  }
  EXPECT_EQ(budget->reserved_bytes(), 0);
  EXPECT_THAT(
      [&] { ObservedModule(part("return x"), options_for({"."}, QueueOptions{std::int64_t{1} << 33}), budget); },
      ThrowsMessage<Error>(HasSubstr("the queue of rows")));
  EXPECT_THROW(ObservedModule(part("return x"), options_for({"nowhere"}, kLarge), budget), Error);
  EXPECT_EQ(budget->reserved_bytes(), 0);
}

TEST(ObservedQueueTest, WindowsAndResetsHoldTheCallsBefore) {
  const at::NoGradGuard no_grad;
  const ObservedModule observed(part("return torch.tanh(x)"), options_for({"."}, kLarge), ample());
  for (int k = 0; k < 20; ++k) observed.forward({rows({12, 4})});
  EXPECT_EQ(observed.take_windows().at(0).layer.whole->num_samples_seen(), 240);
  for (int k = 0; k < 20; ++k) observed.forward({rows({12, 4})});
  observed.reset();
  observed.forward({rows({12, 4})});
  EXPECT_EQ(num_seen(observed), 12);
}

TEST(ObservedQueueTest, CentringAndItsPassesAreThoseOfCountingInTheCalls) {
  const at::NoGradGuard no_grad;
  std::vector<std::string> bytes;
  for (const bool has_queue : {false, true}) {
    ObserveOptions options = options_for({"."}, has_queue ? std::optional(kLarge) : std::nullopt);
    options.centre = true;
    ObservedModule observed(part("return torch.tanh(x + 1)"), options, ample());
    for (int pass = 0; pass < 2; ++pass) {
      for (std::uint64_t k = 0; k < 20; ++k) observed.forward({rows({12, 4}, k)});
      observed.finish_pass();
    }
    bytes.push_back(to_bytes(observed.take_results()));
  }
  EXPECT_EQ(bytes[0], bytes[1]);
}

TEST(ObservedQueueTest, ASavedModelHoldsWhatWasQueuedAndAReleasedOneCountsInItsCalls) {
  const at::NoGradGuard no_grad;
  ObservedModule observed(part("return torch.tanh(x)"), options_for({"."}, kLarge), ample());
  for (int k = 0; k < 50; ++k) observed.forward({rows({12, 4})});
  std::stringstream file;
  observed.module().save(file);
  torch::jit::Module loaded = torch::jit::load(file);
  EXPECT_EQ(collect(loaded).layers.at(0).num_samples_seen(), 600);

  torch::jit::Module released = std::move(observed).release();
  EXPECT_EQ(collect(released).layers.at(0).num_samples_seen(), 600);
  for (torch::jit::Module* module : {&loaded, &released}) {
    module->forward({rows({12, 4})});
    EXPECT_EQ(collect(*module).layers.at(0).num_samples_seen(), 612);
  }
  EXPECT_THAT([] { instrument(part("return x"), options_for({"."}, kLarge)); },
              ThrowsMessage<Error>(HasSubstr("a queue")));
}

TEST(ObservedQueueTest, AModuleMovesWithItsQueue) {
  const at::NoGradGuard no_grad;
  ObservedModule first(part("return torch.tanh(x)"), options_for({"."}, kLarge), ample());
  first.forward({rows({12, 4})});
  const ObservedModule second = std::move(first);
  second.forward({rows({12, 4})});
  EXPECT_EQ(num_seen(second), 24);
  EXPECT_THAT(second.failures(), IsEmpty());
}

}  // namespace
}  // namespace srm
