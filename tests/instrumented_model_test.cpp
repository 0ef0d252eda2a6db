#include "srm/instrumented_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/cuda.h>

#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "hooked_models.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using torch::jit::Module;

std::shared_ptr<MemoryBudget> ample() { return std::make_shared<MemoryBudget>(std::int64_t{1} << 32); }

Module eval_model(const std::string& name) {
  Module model = load_model(name);
  model.eval();
  return model;
}

ObserveOptions options_for(std::vector<std::string> layers) {
  ObserveOptions options;
  options.layers = std::move(layers);
  options.epsilon = {0.5, -0.2};
  options.num_angles = 36;
  return options;
}

Module through_a_file(const Module& model) {
  std::stringstream file;
  model.save(file);
  return torch::jit::load(file);
}

/// Settings and layers, equal to the last bit of the file.
void expect_same(const Results& a, const Results& b) {
  EXPECT_TRUE(to_bytes(a) == to_bytes(b)) << a.layers.size() << " and " << b.layers.size() << " layers";
}

/// What an ObservedModule counts on these inputs.
Results observed(const Module& model, const ObserveOptions& options, const std::vector<torch::Tensor>& inputs) {
  ObservedModule observing(model, options, ample());
  for (const auto& x : inputs) observing.forward({x});
  return observing.results();
}

std::vector<torch::Tensor> batches(int count, at::IntArrayRef shape = {5, 6}) {
  std::vector<torch::Tensor> all;
  for (int k = 0; k < count; ++k) all.push_back(rows(shape, static_cast<std::uint64_t>(k)));
  return all;
}

TEST(InstrumentedModel, CountsWhatAnObserverWouldAndGivesTheModelsOutputs) {
  const torch::NoGradGuard no_grad;
  Module model = eval_model("mlp_scripted");
  const auto options = options_for({"encoder.*", "decoder@input", "encoder.1/tanh"});
  Module carrier = instrument(model, options, ample());
  const auto inputs = batches(4);
  for (const auto& x : inputs) EXPECT_TRUE(is_bit_equal(carrier.forward({x}), model.forward({x})));
  expect_same(collect(carrier), observed(model, options, inputs));
}

TEST(InstrumentedModel, SavingKeepsWhatWasCountedAndLoadingGoesOn) {
  const torch::NoGradGuard no_grad;
  Module model = eval_model("mlp_scripted");
  auto options = options_for({"*"});
  options.every = 2;
  options.fraction = 0.5;
  options.seed = 7;
  options.limit = 11;
  const auto inputs = batches(8);
  Module carrier = instrument(model, options, ample());
  for (int k = 0; k < 8; ++k) {
    carrier.forward({inputs[static_cast<std::size_t>(k)]});
    if (k % 3 == 2) {
      const Results before = collect(carrier);
      carrier = through_a_file(carrier);
      expect_same(collect(carrier), before);
    }
  }
  const Results whole = observed(model, options, inputs);
  expect_same(collect(carrier), whole);
  EXPECT_LE(whole.layers.at(0).num_samples_seen(), 11);
  EXPECT_EQ(observers_of(carrier).at(0)->num_calls(), 8);
}

// torch::jit::load brings every tensor of a file to the device, those that hold an observer's counts and basis too.
TEST(InstrumentedModel, LoadedOntoADeviceItGoesOnOrSaysWhyNot) {
  const torch::NoGradGuard no_grad;
  Module model = eval_model("mlp_scripted");
  auto options = options_for({"encoder.0"});
  options.basis =
      std::make_shared<const Basis>(Basis::from_vectors("pair", 2, 6, {1, 1, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0}));
  Module carrier = instrument(model, options, ample());
  carrier.forward({rows({5, 6})});
  std::stringstream file;
  carrier.save(file);
  EXPECT_THAT([&] { torch::jit::load(file, at::kMeta); },
              ThrowsMessage<std::exception>(AllOf(HasSubstr("meta device"), HasSubstr("strip"))));
  if (!torch::cuda::is_available()) return;
  file.seekg(0);
  Module loaded = torch::jit::load(file, at::kCUDA);
  expect_same(collect(loaded), collect(carrier));
  loaded.forward({rows({5, 6}).to(at::kCUDA)});
  EXPECT_EQ(collect(loaded).layers.at(0).num_samples_seen(), 10);
}

TEST(InstrumentedModel, EveryOptionGoesThroughTheFile) {
  const torch::NoGradGuard no_grad;
  Module model = eval_model("mlp_scripted");
  auto options = options_for({"encoder.0", "encoder.1"});
  options.grid = GridEnds::kInclusive;
  options.sense = Sense::kReference;
  options.pairs = Pairs::kPermutation;
  options.degenerate = DegeneratePlanes::kKeptAsZeros;
  options.layouts = {{"", Layout::kLast}, {"encoder.1", Layout::kFlatten}};
  options.on_error = OnError::kDetach;
  options.basis = std::make_shared<const Basis>(
      Basis::from_vectors("skew", 2, 6, {1, 1, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0}, VectorLengths::kKept));
  const auto inputs = batches(3);
  Module carrier = through_a_file(instrument(model, options, ample()));
  for (const auto& x : inputs) carrier.forward({x});
  expect_same(collect(carrier), observed(model, options, inputs));
}

TEST(InstrumentedModel, ElementsAndTurnsGoThroughTheFile) {
  const torch::NoGradGuard no_grad;
  Module memory = eval_model("memory_scripted");
  const auto options = options_for({"lstm:0", "lstm:1:1", "embedding", "tokens@input"});
  Module carrier = through_a_file(instrument(memory, options, ample()));
  const auto inputs = batches(2, {2, 5, 4});
  for (const auto& x : inputs) carrier.forward({x});
  expect_same(collect(carrier), observed(memory, options, inputs));

  Module loops = eval_model("branches_scripted");
  const auto turns = options_for({"step[*]"});
  Module turning = through_a_file(instrument(loops, turns, ample()));
  for (const auto& x : batches(2, {5, 4})) turning.forward({x});
  std::vector<std::string> addresses;
  for (const Resonance& layer : collect(turning)) addresses.push_back(layer.address());
  EXPECT_THAT(addresses, ElementsAre("step[0]", "step[1]"));
}

TEST(InstrumentedModel, AMaskIsTakenFromTheModelsArgument) {
  const torch::NoGradGuard no_grad;
  Module model = eval_model("masked_scripted");
  auto options = options_for({"left", "right"});
  options.mask_input = "mask";
  Module carrier = through_a_file(instrument(model, options, ample()));
  auto mask = torch::ones({5, 3});
  mask.index_put_({0}, 0);
  carrier.forward({rows({5, 3, 4}), mask});
  for (const Resonance& layer : collect(carrier)) {
    EXPECT_EQ(layer.num_samples_seen(), 2 * 12) << layer.address();
    EXPECT_EQ(layer.parts().num_samples_skipped, 2 * 3) << layer.address();
  }
}

TEST(InstrumentedModel, ADeepCopyHasObserversOfItsOwn) {
  const torch::NoGradGuard no_grad;
  Module model = eval_model("mlp_scripted");
  Module carrier = instrument(model, options_for({"*"}), ample());
  carrier.forward({rows({5, 6})});
  Module copy = carrier.deepcopy();
  expect_same(collect(copy), collect(carrier));
  copy.forward({rows({5, 6}, 8)});
  copy.forward({rows({5, 6}, 9)});
  EXPECT_EQ(collect(carrier).layers.at(0).num_samples_seen(), 5);
  EXPECT_EQ(collect(copy).layers.at(0).num_samples_seen(), 15);
}

TEST(InstrumentedModel, FreezingAndOptimisingKeepTheHooks) {
  const torch::NoGradGuard no_grad;
  Module model = eval_model("mlp_scripted");
  const auto options = options_for({"*", "encoder.1/tanh"});
  const auto inputs = batches(4);
  for (const bool optimise : {false, true}) {
    Module carrier = instrument(model, options, ample());
    Module frozen = torch::jit::freeze(carrier);
    if (optimise) frozen = torch::jit::optimize_for_inference(frozen);
    for (const auto& x : inputs) {
      const auto output = frozen.forward({x});
      if (!optimise) {
        EXPECT_TRUE(is_bit_equal(output, model.forward({x})));
      }
    }
    const Results results = collect(frozen), expected = observed(model, options, inputs);
    if (!optimise) {
      expect_same(results, expected);
      expect_same(collect(through_a_file(frozen)), results);
    }
    // What is optimised rounds differently, so only the places and rows are the same.
    ASSERT_EQ(results.layers.size(), expected.layers.size());
    for (std::size_t k = 0; k < results.layers.size(); ++k) {
      EXPECT_EQ(results.layers[k].address(), expected.layers[k].address());
      EXPECT_EQ(results.layers[k].num_samples_seen(), 20);
    }
    EXPECT_THAT([&] { strip(frozen); }, ThrowsMessage<Error>(HasSubstr("frozen since")));
  }
}

TEST(InstrumentedModel, StrippingGivesTheModelItself) {
  Module model = eval_model("mlp_scripted");
  Module carrier = instrument(model, options_for({"*"}), ample());
  EXPECT_EQ(strip(carrier)._ivalue(), model._ivalue());
  Module plain = strip(through_a_file(carrier));
  const auto x = rows({5, 6});
  EXPECT_TRUE(is_bit_equal(plain.forward({x}), model.forward({x})));
  EXPECT_TRUE(observers_of(plain).empty());
  std::stringstream file;
  plain.save(file);
  EXPECT_EQ(file.str().find("srm"), std::string::npos) << "the plain file asks for no plugin";
}

TEST(InstrumentedModel, TrainingModeAndParametersAreTheModels) {
  Module model = eval_model("mlp_scripted");
  Module carrier = through_a_file(instrument(model, options_for({"decoder"}), ample()));
  EXPECT_FALSE(carrier.is_training());
  carrier.train();
  EXPECT_TRUE(strip(carrier).is_training());
  EXPECT_EQ(carrier.parameters().size(), model.parameters().size());
}

TEST(InstrumentedModel, AnErrorTakesTheLayerOffAndIsKept) {
  const torch::NoGradGuard no_grad;
  Module model = eval_model("mlp_scripted");
  auto options = options_for({"encoder.0", "decoder"});
  options.on_error = OnError::kDetach;
  options.layouts = {{"encoder.0", Layout::kFlatten}};
  options.basis = std::make_shared<const Basis>(Basis::from_vectors("narrow", 1, 3, {1, 0, 0}));
  Module carrier = instrument(model, options, ample());
  const auto x = rows({5, 6});
  for (int run = 0; run < 3; ++run) EXPECT_TRUE(is_bit_equal(carrier.forward({x}), model.forward({x})));
  for (const Module& each : {carrier, through_a_file(carrier)}) {
    const auto observers = observers_of(each);
    ASSERT_EQ(observers.size(), 2U);
    ASSERT_TRUE(observers[0]->failure());
    EXPECT_THAT(observers[0]->failure()->what(), AllOf(HasSubstr("encoder.0"), HasSubstr("narrow")));
    EXPECT_FALSE(observers[0]->is_enabled());
    EXPECT_FALSE(observers[1]->failure());
    const Results results = collect(each);
    EXPECT_TRUE(results.partial);
    ASSERT_EQ(results.layers.size(), 1U);
    EXPECT_EQ(results.layers[0].num_samples_seen(), 15);
  }
}

TEST(InstrumentedModel, CountsExactlyUnderConcurrentCallers) {
  const torch::NoGradGuard no_grad;
  Module model = eval_model("mlp_scripted");
  const auto options = options_for({"*"});
  const auto inputs = batches(40);
  Module carrier = instrument(model, options, ample());
  std::vector<std::thread> callers;
  for (std::size_t t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      const torch::NoGradGuard none;
      Module own = carrier;
      for (std::size_t k = t; k < inputs.size(); k += 4) own.forward({inputs[k]});
    });
  }
  // A reading while they run is whole in each layer.
  for (int reading = 0; reading < 5; ++reading) {
    for (const Resonance& layer : collect(carrier)) EXPECT_EQ(layer.num_samples_seen() % 5, 0);
  }
  for (std::thread& caller : callers) caller.join();
  expect_same(collect(carrier), observed(model, options, inputs));
}

TEST(InstrumentedModel, WhatCannotBeIsRefusedWithWords) {
  Module model = eval_model("mlp_scripted");
  auto options = options_for({"*"});
  Module carrier = instrument(model, options, ample());
  EXPECT_THAT([&] { instrument(carrier, options_for({"*"})); }, ThrowsMessage<Error>(HasSubstr("torchsrm strip")));
  options.centre = true;
  EXPECT_THAT([&] { instrument(model, options); }, ThrowsMessage<Error>(HasSubstr("look at data before it counts")));
  EXPECT_THAT([&] { collect(model); }, ThrowsMessage<Error>(HasSubstr("torchsrm instrument")));
  EXPECT_THAT([&] { strip(model); }, ThrowsMessage<Error>(HasSubstr("must carry observers")));
}

}  // namespace
}  // namespace srm
