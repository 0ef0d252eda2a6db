#include "srm/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <sstream>
#include <thread>

#include "brute_force.h"
#include "hooked_models.h"
#include "srm/error.h"

namespace srm {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAre;
using torch::jit::Module;

std::shared_ptr<MemoryBudget> ample() { return std::make_shared<MemoryBudget>(std::int64_t{1} << 32); }

ObserveOptions options_for(std::vector<std::string> layers) {
  return {.layers = std::move(layers), .epsilon = {0.9, 0.4}, .num_angles = 36};
}

ResonanceParts accumulated(const at::Tensor& rows, const ObserveOptions& options, std::vector<double> mean = {}) {
  const at::Tensor wide = rows.to(at::kDouble).contiguous();
  AccumulatorOptions accumulator_options;
  accumulator_options.epsilon.clear();
  for (const EpsilonChoice& choice : options.epsilon) accumulator_options.epsilon.push_back(choice.number);
  accumulator_options.grid = AngleGrid(options.num_angles, options.grid);
  accumulator_options.mean = std::move(mean);
  const double* data = wide.const_data_ptr<double>();
  return test::accumulate({data, data + wide.numel()}, Basis::standard(wide.size(1)), accumulator_options).parts();
}

std::vector<std::string> addresses_of(const Results& results) {
  std::vector<std::string> addresses;
  for (const Resonance& layer : results) addresses.push_back(layer.address());
  return addresses;
}

ResonanceParts layer_of(const Results& results, const std::string& address) {
  for (const Resonance& layer : results) {
    if (layer.address() == address) return layer.parts();
  }
  throw std::out_of_range(address);
}

/// The layers are what hooks alone see at the same places, counted by the numerics alone.
void expect_counts_of(const Seen& seen, const Results& results, const ObserveOptions& options) {
  for (const Resonance& layer : results) {
    const std::string place = layer.address().substr(0, layer.address().find(':'));
    std::vector<std::string> element;
    std::istringstream path(layer.address().substr(std::min(place.size() + 1, layer.address().size())));
    for (std::string key; std::getline(path, key, ':');) element.push_back(key);
    std::vector<at::Tensor> passed;
    for (const c10::IValue& value : seen.at.at(place)) {
      passed.push_back(to_rows(find_element(value, element)->toTensor(), Layout::kAuto, place));
    }
    const ResonanceParts expected = accumulated(at::cat(passed), options);
    EXPECT_EQ(layer.parts().counts, expected.counts) << layer.address();
    EXPECT_EQ(layer.parts().scores.quartic_sum, expected.scores.quartic_sum) << layer.address();
    EXPECT_EQ(layer.parts().scores.cosine_sum, expected.scores.cosine_sum) << layer.address();
    EXPECT_EQ(layer.num_samples_seen(), expected.num_samples_seen) << layer.address();
    EXPECT_EQ(layer.parts().num_calls, std::ssize(passed)) << layer.address();
  }
}

/// What the srm::Error of a call says, "" when there is none.
std::string refusal(const ObservedModule& observed, std::vector<c10::IValue> inputs) {
  try {
    observed.forward(std::move(inputs));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

Module part(const std::string& name, const std::string& body) {
  Module module(name);
  module.define("def forward(self, x):\n  " + body + "\n");
  return module;
}

// ---- What is counted ----

TEST(ObservedModuleTest, CountsAreThoseOfTheLayersOutputsAndOutputsAreTheModelsOwn) {
  const at::NoGradGuard no_grad;
  const std::vector<std::tuple<std::string, std::vector<std::int64_t>, std::size_t>> cases = {
      {"mlp_scripted", {50, 6}, 7},       {"mlp_traced", {50, 6}, 7},        {"in_place_scripted", {9, 4}, 4},
      {"reused_traced", {9, 5}, 6},       {"forked_scripted", {9, 4}, 5},    {"attention_traced", {3, 5, 16}, 21},
      {"structured_scripted", {9, 4}, 8}, {"memory_scripted", {2, 5, 4}, 7}, {"boxes_scripted", {9, 4}, 5},
      {"quantised_scripted", {9, 4}, 7},  {"awaited_scripted", {9, 4}, 2}};
  for (const auto& [name, shape, num_layers] : cases) {
    Module bare = load_model(name);
    bare.eval();
    HookedModule hooked(bare);
    const ObserveOptions options = options_for({"*", "."});
    Seen seen;
    const HookSet hooks = hooked.attach(options.layers);
    keep_all(hooks, seen);
    const ObservedModule observed(hooked, options, ample());
    for (std::uint64_t run = 0; run < 3; ++run) {
      const auto x = rows(shape, run);
      EXPECT_TRUE(is_bit_equal(observed.forward({x}), bare.forward({x}))) << name;
    }
    EXPECT_EQ(observed.results().layers.size(), num_layers) << name;
    EXPECT_THAT(observed.silent_layers(), IsEmpty());
    expect_counts_of(seen, observed.results(), options);
  }
}

TEST(ObservedModuleTest, CentringEqualsCountingRowsWhoseMeanWasTakenOff) {
  const Module model = load_model("linear_scripted");
  const auto x = rows({40, 4}) + 2;
  ObserveOptions options = options_for({"."});
  options.centre = true;
  ObservedModule observed(model, options, ample());
  const at::NoGradGuard no_grad;
  for (const auto& batch : x.split(7)) observed.forward({batch});
  EXPECT_TRUE(observed.results().layers.empty()) << "the first pass only takes the mean";
  observed.finish_pass();
  std::vector<at::Tensor> outputs;
  for (const auto& batch : x.split(7)) outputs.push_back(observed.forward({batch}).toTensor());
  const Results results = observed.results();
  ASSERT_EQ(results.layers.size(), 1U);
  const ResonanceParts& parts = results.layers[0].parts();
  EXPECT_TRUE(parts.centred);
  EXPECT_EQ(parts.num_calls, 6);
  const at::Tensor mean = at::cat(outputs).to(at::kDouble).mean(0);
  ASSERT_EQ(std::ssize(parts.mean), mean.size(0));
  for (std::int64_t k = 0; k < mean.size(0); ++k) {
    EXPECT_NEAR(parts.mean[static_cast<std::size_t>(k)], mean[k].item<double>(), 1e-12);
  }
  EXPECT_EQ(parts.counts, accumulated(at::cat(outputs), options, parts.mean).counts);
}

TEST(ObservedModuleTest, LayoutsGoToTheLayersTheyNameAndMustNameOne) {
  const Module model = load_model("mlp_scripted");
  ObserveOptions options = options_for({"encoder.0", "decoder"});
  options.layouts = {{"no_such_layer", Layout::kFlatten}};
  EXPECT_THROW(ObservedModule(model, options, ample()), Error);
  options.layouts = {{"", Layout::kChannels}, {"decoder", Layout::kFlatten}, {"type:Tanh", Layout::kLast}};
  const ObservedModule observed(model, options, ample());
  observed.forward({rows({2, 3, 6})});
  EXPECT_EQ(layer_of(observed.results(), "encoder.0").num_samples_seen, 12) << "(2, 3, 6) by its channels";
  EXPECT_EQ(layer_of(observed.results(), "decoder").dim, 9);
}

TEST(ObservedModuleTest, AStructureIsOneLayerForEachTensorAndSelectorsChooseAmongThem) {
  const auto observe = [](const std::vector<std::string>& layers) {
    const ObservedModule observed(load_model("structured_scripted"), options_for(layers), ample());
    EXPECT_EQ(observed.silent_layers(), observed.addresses());
    observed.forward({rows({9, 4})});
    EXPECT_THAT(observed.silent_layers(), IsEmpty());
    EXPECT_EQ(observed.num_calls(observed.addresses().at(0)), 1);
    return addresses_of(observed.results());
  };
  EXPECT_THAT(observe({"split", "join"}), ElementsAre("split:0", "split:1", "join:sum", "join:difference"));
  EXPECT_THAT(observe({"join:sum"}), ElementsAre("join:sum"));
  EXPECT_THAT(observe({"split:1", "split"}), ElementsAre("split:1", "split:0")) << "each once";
  EXPECT_THAT(observe({"split", "!split:0", "join:difference"}), ElementsAre("split:1", "join:difference"));
  EXPECT_THAT(observe({"!*:0", "!join"}), ElementsAre("split.left", "split.right", "split:1"));
}

TEST(ObservedModuleTest, AnElementThatIsNotThereIsAnErrorByNameAndLeftOutByPattern) {
  const Module model = load_model("structured_scripted");
  const ObservedModule named(model, options_for({"join:product"}), ample());
  EXPECT_THAT(refusal(named, {rows({9, 4})}),
              AllOf(HasSubstr("[join: observe]"), HasSubstr("'join:product' must be in")));
  const ObservedModule pattern(model, options_for({"j*:product", "split"}), ample());
  pattern.forward({rows({9, 4})});
  EXPECT_THAT(pattern.left_out(), ElementsAre(Pair("join:product", HasSubstr("not in GenericDict"))));
  EXPECT_THAT(addresses_of(pattern.results()), ElementsAre("split:0", "split:1"));
  EXPECT_EQ(pattern.num_calls("join"), 1) << "the place";
  EXPECT_THAT(message_of([&] { pattern.num_calls("decoder"); }),
              HasSubstr("got decoder; observed are split, join:product"));
}

TEST(ObservedModuleTest, WhatHasNoRowsIsLeftOutByPatternAndRefusedByName) {
  Module model("Model");
  for (const auto& [name, body] : std::map<std::string, std::string>{{"number", "return x.size(0)"},
                                                                     {"index", "return x.argmax(1)"},
                                                                     {"nothing", "return None"},
                                                                     {"text", "return 'words'"},
                                                                     {"flat", "return x.sum(1)"},
                                                                     {"mixed", "return (x.argmax(1), x * 2, 3)"}}) {
    model.register_module(name, part(name, body));
  }
  model.define(R"(
    def forward(self, x):
      self.nothing.forward(x)
      return self.number.forward(x), self.index.forward(x), self.text.forward(x), self.flat.forward(x), self.mixed.forward(x)
  )");
  const ObservedModule observed(model, options_for({"*"}), ample());
  for (int run = 0; run < 2; ++run) observed.forward({rows({5, 4})});
  EXPECT_THAT(addresses_of(observed.results()), ElementsAre("mixed:1"));
  EXPECT_THAT(observed.left_out(),
              UnorderedElementsAre(Pair("number", "Int"), Pair("index", "Long (5)"), Pair("nothing", "None"),
                                   Pair("text", "String"), Pair("flat", "Float (5)"), Pair("mixed:0", "Long (5)"),
                                   Pair("mixed:2", "Int")));
  EXPECT_THAT(observed.silent_layers(), IsEmpty());
  for (const auto& [name, words] : std::map<std::string, std::string>{{"number", "tensors of floating point; got Int"},
                                                                      {"index", "floating point; got Long (5)"},
                                                                      {"flat", "2 to 5 dimensions; got Float (5)"},
                                                                      {"mixed:0", "floating point; got Long (5)"}}) {
    const ObservedModule named(model, options_for({name}), ample());
    EXPECT_THAT(refusal(named, {rows({5, 4})}), HasSubstr(words)) << name;
  }
}

TEST(ObservedModuleTest, TurnsOfALoopAreLayersApartAndAddUpToTheWhole) {
  const Module model = load_model("branches_scripted");
  const ObservedModule observed(model, options_for({"step", "step[*]"}), ample());
  const ObservedModule second(model, options_for({"step[1]"}), ample());
  for (const int turns : {3, 1, 2}) {
    observed.forward({rows({7, 4}), turns});
    second.forward({rows({7, 4}), turns});
  }
  const Results results = observed.results();
  EXPECT_THAT(addresses_of(results), ElementsAre("step", "step[0]", "step[1]", "step[2]"));
  std::vector<std::int64_t> sum(layer_of(results, "step").counts.size());
  for (const std::string turn : {"step[0]", "step[1]", "step[2]"}) {
    const auto counts = layer_of(results, turn).counts;
    std::transform(sum.begin(), sum.end(), counts.begin(), sum.begin(), std::plus<>());
  }
  EXPECT_EQ(layer_of(results, "step").counts, sum);
  EXPECT_EQ(layer_of(results, "step[2]").num_samples_seen, 7);
  EXPECT_THAT(addresses_of(second.results()), ElementsAre("step[1]"));
  EXPECT_EQ(layer_of(second.results(), "step[1]").counts, layer_of(results, "step[1]").counts);
  EXPECT_EQ(second.num_calls("step[1]"), 6) << "of the place";
}

TEST(ObservedModuleTest, WhatTheMeansDidNotMeetIsLeftOutForItWouldBeCountedUncentred) {
  ObserveOptions options = options_for({"step[*]", "negative"});
  options.centre = true;
  ObservedModule observed(load_model("branches_scripted"), options, ample());
  const auto x = rows({7, 4}).abs();
  observed.forward({x, 1});
  observed.finish_pass();
  observed.forward({x, 2});
  observed.forward({-x, 1});
  EXPECT_THAT(addresses_of(observed.results()), ElementsAre("step[0]"));
  EXPECT_EQ(layer_of(observed.results(), "step[0]").num_samples_seen, 14);
  EXPECT_THAT(observed.left_out(), ElementsAre(Pair("negative", HasSubstr("in the pass before")),
                                               Pair("step[1]", HasSubstr("in the pass before"))));
}

TEST(ObservedModuleTest, WhatGoesInIsALayerTooAndArgumentsGoByTheirNames) {
  const Module model = load_model("structured_scripted");
  HookedModule hooked(model);
  const ObservedModule observed(hooked, options_for({"join@input", "split.left@input", "split"}), ample());
  const ObservedModule one(hooked, options_for({"join@input:b"}), ample());
  const ObservedModule less(hooked, options_for({"join@input", "!join@input:b"}), ample());
  hooked.forward({rows({9, 4})});
  const Results results = observed.results();
  EXPECT_THAT(addresses_of(results),
              ElementsAre("split.left@input", "split:0", "split:1", "join@input:a", "join@input:b"));
  EXPECT_EQ(layer_of(results, "split.left@input").counts, accumulated(rows({9, 4}), options_for({})).counts);
  EXPECT_EQ(layer_of(results, "join@input:a").counts, layer_of(results, "split:0").counts);
  EXPECT_EQ(layer_of(results, "join@input:b").counts, layer_of(results, "split:1").counts);
  EXPECT_THAT(addresses_of(one.results()), ElementsAre("join@input:b"));
  EXPECT_THAT(addresses_of(less.results()), ElementsAre("join@input:a"));
}

// ---- Masks ----

TEST(ObservedModuleTest, MasksOfAnArgumentOrOfAGuardLeaveOutPadding) {
  Module model("Model");
  model.register_module("body", part("Body", "return x * 2"));
  model.register_module("pool", part("Pool", "return x.mean(1)"));
  model.define("def forward(self, x, mask):\n  return self.pool.forward(self.body.forward(x)) + mask.sum()\n");
  const auto x = rows({3, 5, 4}), mask = rows({3, 5}, 9) > 0;
  ObserveOptions options = options_for({"body", "pool"});
  const ObservedModule guarded(model, options, ample());
  {
    const MaskGuard guard(mask);
    guarded.forward({x, mask});
  }
  options.mask_input = "mask";
  const ObservedModule named(model, options, ample());
  named.forward({x, mask});
  const auto kept = (x * 2).reshape({15, 4}).index({mask.reshape({-1})});
  for (const Results& results : {guarded.results(), named.results()}) {
    const ResonanceParts body = layer_of(results, "body");
    EXPECT_EQ(body.counts, accumulated(kept, options).counts);
    EXPECT_EQ(body.num_samples_seen, kept.size(0));
    EXPECT_EQ(body.num_samples_seen + body.num_samples_skipped, 15);
    EXPECT_EQ(layer_of(results, "pool").num_samples_seen, 3);
    EXPECT_EQ(layer_of(results, "pool").num_samples_skipped, 0);
  }
  EXPECT_THAT(refusal(named, {x, mask.slice(1, 0, 4)}),
              AllOf(HasSubstr("[body: observe]"), HasSubstr("(3, 4) for samples (3, 5)")));
  options.mask_input = "padding";
  EXPECT_THAT([&] { ObservedModule(model, options, ample()); }, ThrowsMessage<Error>(HasSubstr("'padding'")));
}

TEST(ObservedModuleTest, MasksReachForksAndTurns) {
  const Module model = load_model("masked_scripted");
  ObserveOptions options = options_for({"left", "right", "right[1]"});
  options.mask_input = "mask";
  const ObservedModule observed(model, options, ample());
  const auto mask = (rows({3, 5}, 9) > 0).to(at::kFloat);
  observed.forward({rows({3, 5, 4}), mask});
  const auto num_kept = mask.sum().item<std::int64_t>();
  EXPECT_EQ(layer_of(observed.results(), "left").num_samples_seen, 2 * num_kept);
  EXPECT_EQ(layer_of(observed.results(), "right").num_samples_seen, 2 * num_kept);
  EXPECT_EQ(layer_of(observed.results(), "right[1]").num_samples_seen, num_kept);
}

// ---- Errors ----

TEST(ObservedModuleTest, AnErrorIsThrownOrTakesOffItsLayerAlone) {
  Module model = load_model("mlp_scripted");
  ObserveOptions options = options_for({"encoder.0", "decoder"});
  options.basis = std::make_shared<const Basis>(Basis::standard(6));  // the decoder gives 3 numbers
  const ObservedModule throws(model, options, ample());
  EXPECT_THAT(refusal(throws, {rows({5, 6})}),
              AllOf(HasSubstr("[decoder: observe]"), HasSubstr("as wide as the samples, 3")));
  EXPECT_THAT(throws.failures(), IsEmpty());
  options.on_error = OnError::kDetach;
  const ObservedModule detaches(model, options, ample());
  for (std::uint64_t run = 0; run < 3; ++run) {
    EXPECT_TRUE(is_bit_equal(detaches.forward({rows({5, 6}, run)}), model.forward({rows({5, 6}, run)})));
  }
  ASSERT_EQ(detaches.failures().size(), 1U);
  EXPECT_THAT(detaches.failures()[0].what(), AllOf(HasSubstr("[decoder: observe]"), HasSubstr("vectors of 6")));
  EXPECT_THAT(addresses_of(detaches.results()), ElementsAre("encoder.0"));
  EXPECT_EQ(layer_of(detaches.results(), "encoder.0").num_calls, 3);
  EXPECT_EQ(detaches.num_calls("decoder"), 1);
}

TEST(ObservedModuleTest, ExceptionsOfTheModelPassUnchangedAndLeaveWholeCounts) {
  Module model("Model");
  model.register_module("first", part("First", "return x * 2"));
  model.register_module("second", part("Second", "return x + 1"));
  model.define(R"(
    def forward(self, x):
      y = self.first.forward(x)
      assert x.size(0) < 6, "too many"
      return self.second.forward(y)
  )");
  const ObservedModule observed(model, options_for({"*"}), ample());
  std::vector<at::Tensor> passed;
  for (const std::int64_t batch : {4, 6, 5, 7}) {
    const auto x = rows({batch, 4}, static_cast<std::uint64_t>(batch));
    passed.push_back(x * 2);
    EXPECT_EQ(message_of([&] { observed.forward({x}); }), message_of([&] { model.forward({x}); }));
  }
  const ResonanceParts first = layer_of(observed.results(), "first");
  EXPECT_EQ(first.counts, accumulated(at::cat(passed), options_for({})).counts);
  EXPECT_EQ(first.num_calls, 4);
  EXPECT_EQ(layer_of(observed.results(), "second").num_samples_seen, 9);
  EXPECT_EQ(observed.num_calls("second"), 2);
}

// ---- Several observers, threads, methods ----

TEST(ObservedModuleTest, FiveObserversOfAModelEachCountWhatPassesWhileTheyAreThere) {
  const Module model = load_model("structured_scripted");
  const HookedModule hooked(model);
  std::vector<std::unique_ptr<ObservedModule>> observers(5);
  std::vector<std::vector<std::uint64_t>> runs(5);
  std::uint64_t run = 0;
  const auto forward = [&] {
    EXPECT_TRUE(is_bit_equal(hooked.forward({rows({6, 4}, run)}), Module(model).forward({rows({6, 4}, run)})));
    for (std::size_t k = 0; k < 5; ++k) {
      if (observers[k]) runs[k].push_back(run);
    }
    ++run;
  };
  const auto expect_exact = [&](std::size_t k) {
    const ObservedModule alone(model, options_for({"split", "join:sum"}), ample());
    for (const std::uint64_t seed : runs[k]) alone.forward({rows({6, 4}, seed)});
    const Results results = observers[k]->results(), expected = alone.results();
    ASSERT_EQ(addresses_of(results), addresses_of(expected));
    for (const Resonance& layer : expected) {
      EXPECT_EQ(layer_of(results, layer.address()).counts, layer.parts().counts);
      EXPECT_EQ(layer_of(results, layer.address()).num_calls, std::ssize(runs[k]));
    }
  };
  for (std::size_t k = 0; k < 5; ++k) {
    observers[k] = std::make_unique<ObservedModule>(hooked, options_for({"split", "join:sum"}), ample());
    forward();
  }
  for (const std::size_t k : {2, 0, 4, 1, 3}) {
    expect_exact(k);
    observers[k].reset();
    forward();
  }
}

TEST(ObservedModuleTest, ObserversComeAndGoInAnyOrderWhileThreadsRunTheModel) {
  constexpr int kThreads = 3, kRuns = 60;
  const Module model = load_model("structured_scripted");
  const HookedModule hooked(model);
  const ObserveOptions options = options_for({"split", "join", "split.left"});
  const auto survivor = std::make_unique<ObservedModule>(hooked, options, ample());
  const ObservedModule alone(model, options, ample());
  std::vector<c10::IValue> expected;
  for (std::uint64_t run = 0; run < kRuns; ++run) expected.push_back(alone.forward({rows({6, 4}, run)}));
  std::atomic<int> num_running = kThreads, num_wrong = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (std::uint64_t run = 0; run < kRuns; ++run) {
        num_wrong += is_bit_equal(hooked.forward({rows({6, 4}, run)}), expected[run]) ? 0 : 1;
      }
      --num_running;
    });
  }
  std::vector<std::unique_ptr<ObservedModule>> others(3);
  for (std::size_t round = 0; num_running > 0; ++round) {
    others[round * 2 % 3] = std::make_unique<ObservedModule>(hooked, options_for({"*"}), ample());
    if (round % 4 == 3) others[round % 3].reset();
    for (const Resonance& layer : survivor->results()) EXPECT_EQ(layer.num_samples_seen() % 6, 0);
  }
  threads.clear();
  others.clear();
  EXPECT_EQ(num_wrong, 0);
  const Results results = survivor->results();
  for (const Resonance& layer : alone.results()) {
    std::vector<std::int64_t> counts = layer.parts().counts;
    for (std::int64_t& count : counts) count *= kThreads;
    EXPECT_EQ(layer_of(results, layer.address()).counts, counts) << layer.address();
    EXPECT_EQ(layer_of(results, layer.address()).num_calls, kThreads * kRuns);
  }
}

TEST(ObservedModuleTest, OtherMethodsAreObservedWhereTheyAreChosen) {
  const Module model = load_model("methods_scripted");
  HookedModule hooked(model);
  const ObserveOptions options = options_for({"codec!encode", "codec", "codec.inner#1", ".!generate"});
  Seen seen;
  const HookSet hooks = hooked.attach(options.layers);
  keep_all(hooks, seen);
  const ObservedModule observed(hooked, options, ample());
  const auto x = rows({5, 4});
  EXPECT_TRUE(is_bit_equal(observed.run_method("generate", {x}, {{"turns", 3}}),
                           model.get_method("generate")({x}, {{"turns", 3}})));
  observed.forward({x});
  EXPECT_EQ(observed.num_calls("codec!encode"), 4);
  EXPECT_EQ(observed.num_calls(".!generate"), 1);
  EXPECT_EQ(observed.results().layers.size(), 4U);
  expect_counts_of(seen, observed.results(), options);
}

TEST(ObservedModuleTest, NothingIsSeenWhileItIsOffAndLayersThatNothingCameFromAreNamed) {
  ObservedModule observed(load_model("mlp_scripted"), options_for({"encoder.0", "decoder"}), ample());
  EXPECT_THAT(observed.silent_layers(), ElementsAre("encoder.0", "decoder"));
  observed.set_enabled(false);
  observed.forward({rows({5, 6})});
  EXPECT_EQ(observed.silent_layers().size(), 2U);
  EXPECT_TRUE(observed.results().layers.empty());
  observed.set_enabled(true);
  observed.forward({rows({5, 6})});
  EXPECT_EQ(layer_of(observed.take_results(), "decoder").num_samples_seen, 5);
  EXPECT_TRUE(observed.results().layers.empty()) << "taken";
  Module released = std::move(observed).release();
  EXPECT_TRUE(is_bit_equal(released.forward({rows({5, 6})}), load_model("mlp_scripted").forward({rows({5, 6})})));
}

TEST(ObservedModuleTest, ResetForgetsAndLookingDoesNot) {
  ObservedModule observed(load_model("mlp_scripted"), options_for({"*"}), ample());
  const torch::NoGradGuard no_grad;
  observed.forward({rows({7, 6})});
  observed.forward({rows({4, 6}, 1)});
  const Results before = observed.results(), looked = observed.holistic_results();
  ASSERT_EQ(addresses_of(looked), addresses_of(before));
  for (std::size_t k = 0; k < looked.layers.size(); ++k) {
    EXPECT_EQ(looked.layers[k].parts().holistic_counts, before.layers[k].parts().holistic_counts);
    EXPECT_EQ(looked.layers[k].num_planes(), 0);
  }
  observed.reset();
  for (const Resonance& layer : observed.holistic_results()) EXPECT_EQ(layer.num_samples_seen(), 0);
  observed.forward({rows({4, 6}, 1)});
  ObservedModule fresh(load_model("mlp_scripted"), options_for({"*"}), ample());
  fresh.forward({rows({4, 6}, 1)});
  const Results again = observed.results(), expected = fresh.results();
  ASSERT_EQ(again.layers.size(), expected.layers.size());
  for (std::size_t k = 0; k < again.layers.size(); ++k) {
    EXPECT_EQ(again.layers[k].parts().counts, expected.layers[k].parts().counts);
    EXPECT_EQ(again.layers[k].parts().num_calls, 1);
  }
}

}  // namespace
}  // namespace srm
