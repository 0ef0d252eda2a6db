#include "srm/hooked_module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hooked_models.h"
#include "model_cases.h"

namespace srm {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;
using torch::jit::Module;

/// What goes in, of several arguments the first.
c10::IValue first_of(const c10::IValue& input) { return input.isTuple() ? input.toTupleRef().elements()[0] : input; }

class EveryModel : public ::testing::TestWithParam<SitesCase> {};

INSTANTIATE_TEST_SUITE_P(HookedModule, EveryModel, ::testing::ValuesIn(kModels),
                         [](const auto& model) { return model.param.model; });

// The executor profiles the first runs and then specialises: a hook that moved, or an operator that was fused
// differently around it, would show in one of them. Every place is hooked, what goes in as well as what comes out.
TEST_P(EveryModel, OutputsAreBitIdenticalToTheBareModelsRunByRun) {
  for (const bool training : {false, true}) {
    const at::AutoGradMode grad_mode(training);
    Module bare = load_model(GetParam().model);
    Module model = load_model(GetParam().model);
    bare.train(training);
    model.train(training);
    HookedModule hooked(model);
    const HookSet hooks = hooked.attach_at(every_place(hooked.sites()));
    Seen seen;
    keep_all(hooks, seen);
    for (int run = 0; run < 6; ++run) {
      const auto x = rows(GetParam().input_shape, static_cast<std::uint64_t>(run));
      torch::manual_seed(run);
      const auto expected = bare.forward({x.clone()});
      torch::manual_seed(run);
      const auto output = hooked.forward({x.clone()});
      EXPECT_TRUE(is_bit_equal(output, expected)) << "run " << run << " training " << training;
      EXPECT_TRUE(is_bit_equal(seen["."].back(), expected));
      EXPECT_TRUE(is_bit_equal(first_of(seen[".@input"].back()), x));
    }
  }
}

TEST_P(EveryModel, TheOriginalIsUntouched) {
  Module model = load_model(GetParam().model);
  const std::string before = model.dump_to_str(true, true, true);
  const auto x = rows(GetParam().input_shape);
  torch::manual_seed(1);
  const auto expected = model.forward({x.clone()});
  for (int round = 0; round < 3; ++round) {
    Hooked hooked(model);
    hooked.forward({x.clone()});
    EXPECT_EQ(model.dump_to_str(true, true, true), before);
    torch::manual_seed(1);
    EXPECT_TRUE(is_bit_equal(model.forward({x.clone()}), expected));
    for (std::size_t i = 0; i < hooked.hooks.size(); ++i) {
      EXPECT_LE(hooked.hook(i).num_calls(), hooked.addresses()[i] == "step" ? 2 : 1) << hooked.addresses()[i];
    }
  }
  torch::manual_seed(1);
  EXPECT_TRUE(is_bit_equal(model.forward({x.clone()}), expected));
}

// ---- What is seen ----

TEST(HookedModule, TellsModulesOfOneClassApart) {
  const torch::NoGradGuard no_grad;
  Module model = load_model("mlp_scripted");
  ASSERT_EQ(child(model, "encoder.0").type(), child(model, "encoder.2").type());
  Hooked hooked(model, {"encoder.2"});
  Seen seen;
  keep_all(hooked.hooks, seen);
  const auto x = rows({5, 6});
  hooked.forward({x});
  const auto expected = linear(child(model, "encoder.2"), torch::tanh(linear(child(model, "encoder.0"), x)));
  ASSERT_EQ(seen.at.size(), 1U);
  EXPECT_TRUE(is_bit_equal(seen["encoder.2"].at(0), expected));
}

TEST(HookedModule, SeesEachPlaceOfAModuleThatIsCalledAgain) {
  const torch::NoGradGuard no_grad;
  for (const std::string name : {"reused_scripted", "reused_traced"}) {
    Module model = load_model(name);
    Hooked hooked(model);
    Seen seen;
    keep_all(hooked.hooks, seen);
    const auto x = rows({5, 5});
    const auto output = hooked.forward({x});
    const Module layer = child(model, "layer");
    const auto first = linear(layer, x);
    EXPECT_TRUE(is_bit_equal(seen["layer#0"].at(0), first)) << name;
    EXPECT_TRUE(is_bit_equal(seen["layer#1"].at(0), linear(layer, torch::tanh(first)))) << name;
    EXPECT_TRUE(is_bit_equal(seen["layer#2"].at(0), output)) << name;
  }
}

TEST(HookedModule, SeesValuesBeforeAnInPlaceOperationChangesThem) {
  const torch::NoGradGuard no_grad;
  for (const std::string name : {"in_place_scripted", "in_place_traced"}) {
    Module model = load_model(name);
    Hooked hooked(model);
    Seen seen;
    keep_all(hooked.hooks, seen);
    const auto x = rows({5, 4});
    for (int run = 0; run < 6; ++run) {
      hooked.forward({x});
      const auto before = linear(child(model, "layer"), x);
      ASSERT_TRUE((before < 0).any().item<bool>());
      EXPECT_TRUE(is_bit_equal(seen["layer"].back(), before)) << name;
      EXPECT_TRUE(is_bit_equal(seen["activation"].back(), torch::relu(before))) << name;
      EXPECT_TRUE(is_bit_equal(seen["last"].back(), linear(child(model, "last"), torch::relu(before)))) << name;
    }
  }
}

TEST(HookedModule, FiresJustWhereCodeRuns) {
  Hooked hooked(load_model("branches_scripted"));
  const auto positive = torch::ones({5, 4});
  hooked.forward({positive});
  hooked.forward({positive, 5});
  hooked.forward({-positive}, {{"turns", 0}});
  ASSERT_THAT(hooked.addresses(), ElementsAre("positive", "negative", "step", "."));
  EXPECT_EQ(hooked.hook(0).num_calls(), 2);
  EXPECT_EQ(hooked.hook(1).num_calls(), 1);
  EXPECT_EQ(hooked.hook(2).num_calls(), 7);
  EXPECT_EQ(hooked.hook(3).num_calls(), 3);
}

TEST(HookedModule, HandsOverTuplesAndDicts) {
  Module model = load_model("structured_scripted");
  Hooked hooked(model, {"split", "join"});
  Seen seen;
  keep_all(hooked.hooks, seen);
  const auto x = rows({5, 4}), scale = rows({5, 2}, 8);
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}, {{"scale", scale}}), model.forward({x, scale})));
  ASSERT_TRUE(seen["split"].at(0).isTuple());
  EXPECT_EQ(seen["split"][0].toTupleRef().elements().size(), 2U);
  ASSERT_TRUE(seen["join"].at(0).isGenericDict());
  EXPECT_TRUE(seen["join"][0].toGenericDict().contains("difference"));
}

TEST(HookedModule, HandsOverWhateverPasses) {
  Module model("Model");
  for (const auto& [name, body] : std::map<std::string, std::string>{{"number", "return x.size(0)"},
                                                                     {"nothing", "return None"},
                                                                     {"list", "return [x, x]"},
                                                                     {"text", "return 'words'"}}) {
    Module part(name);
    part.define("def forward(self, x):\n  " + body + "\n");
    model.register_module(name, part);
  }
  model.define(R"(
    def forward(self, x):
      self.nothing.forward(x)
      return self.number.forward(x), self.list.forward(x), self.text.forward(x)
  )");
  Hooked hooked(model);
  Seen seen;
  keep_all(hooked.hooks, seen);
  hooked.forward({rows({5, 4})});
  EXPECT_EQ(seen["number"].at(0).toInt(), 5);
  EXPECT_TRUE(seen["nothing"].at(0).isNone());
  EXPECT_EQ(seen["list"].at(0).toTensorVector().size(), 2U);
  EXPECT_EQ(seen["text"].at(0).toStringRef(), "words");
}

// ---- The model stays itself ----

TEST(HookedModule, SharesWeightsAndModeWithTheOriginal) {
  Module model = load_model("mlp_scripted");
  Hooked hooked(model, {"decoder"});
  const auto x = rows({5, 6});
  const auto before = hooked.forward({x});
  {
    const torch::NoGradGuard no_grad;
    child(model, "decoder").attr("bias").toTensor().add_(1.0);
  }
  EXPECT_FALSE(is_bit_equal(hooked.forward({x}), before));
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}), model.forward({x})));

  Module wrapper = hooked.model.module();
  EXPECT_FALSE(wrapper.is_training());
  wrapper.train();
  EXPECT_TRUE(child(model, "encoder.3").is_training());
  EXPECT_FALSE(is_bit_equal(hooked.forward({x}), hooked.forward({x})));
  model.eval();
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}), hooked.forward({x})));
}

TEST(HookedModule, LeavesCopiesOfTheOriginalAlone) {
  Module model = load_model("mlp_scripted");
  const auto x = rows({5, 6});
  const auto expected = model.forward({x});
  Module copied_before = model.deepcopy();
  Hooked hooked(model);
  Module copied_while = model.deepcopy();
  Module cloned_while = model.clone();
  Seen seen;
  keep_all(hooked.hooks, seen);
  for (Module* copy : {&model, &copied_before, &copied_while, &cloned_while}) {
    EXPECT_TRUE(is_bit_equal(copy->forward({x}), expected));
  }
  EXPECT_THAT(seen.at, IsEmpty());
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}), expected));
}

TEST(HookedModule, IsIndependentOfOthersOnTheSameModel) {
  Module model = load_model("mlp_scripted");
  Hooked first(model, {"encoder.0"});
  Hooked second(model, {"encoder.0", "decoder"});
  first.forward({rows({5, 6})});
  EXPECT_EQ(first.hook(0).num_calls(), 1);
  EXPECT_EQ(second.hook(0).num_calls(), 0);
}

TEST(HookedModule, DroppingItFreesItsHooksAndNothingElse) {
  Module model = load_model("mlp_scripted");
  const auto x = rows({5, 6});
  const auto expected = model.forward({x});
  const auto uses = model._ivalue().use_count();
  const auto token = std::make_shared<int>(0);
  for (int round = 0; round < 200; ++round) {
    Hooked hooked(model);
    for (std::size_t i = 0; i < hooked.hooks.size(); ++i) {
      hooked.hook(i).set_receiver([token](const Passing&) { ++*token; });
    }
    if (round % 20 == 0) {
      EXPECT_TRUE(is_bit_equal(hooked.forward({x}), expected));
    }
  }
  EXPECT_EQ(*token, 10 * 7);
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(model._ivalue().use_count(), uses);
  EXPECT_TRUE(is_bit_equal(model.forward({x}), expected));
}

TEST(HookedModule, IsSeenThroughEachOfItsMethods) {
  Module model = load_model("methods_scripted");
  const Hooked hooked(model);
  const auto x = rows({5, 4});
  const auto expected = model.get_method("generate")({x});
  EXPECT_TRUE(is_bit_equal(hooked.model.run_method("generate", {x}), expected));
  EXPECT_TRUE(is_bit_equal(hooked.model.module().get_method("generate")({x}), expected));
  EXPECT_TRUE(is_bit_equal(hooked.model.run_method("generate", {x}, {{"shift", 2.0}, {"turns", 3}}),
                           model.get_method("generate")({x, 3, 2.0})));
  for (std::size_t k = 0; k < hooked.hooks.size(); ++k) {
    // forward runs 2 + 2 + 3 times in it.
    EXPECT_EQ(hooked.hook(k).num_calls(), hooked.addresses()[k] == ".!generate" ? 3 : 7) << hooked.addresses()[k];
  }
}

TEST(HookedModule, CountsExactlyUnderConcurrentCallers) {
  Module model = load_model("mlp_scripted");
  Hooked hooked(model);
  const auto x = rows({5, 6});
  const auto expected = model.forward({x});
  std::atomic<int> num_wrong = 0, num_received = 0;
  for (std::size_t i = 0; i < hooked.hooks.size(); ++i) {
    hooked.hook(i).set_receiver([&](const Passing&) { ++num_received; });
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int run = 0; run < 50; ++run) {
        num_wrong += is_bit_equal(hooked.forward({x}), expected) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(num_wrong, 0);
  EXPECT_EQ(num_received, 4 * 50 * 7);
  EXPECT_EQ(hooked.hook(6).num_calls(), 200);
}

TEST(HookedModule, AutogradSeesNothingOfTheReceiver) {
  Hooked hooked(load_model("mlp_scripted"), {"decoder"});
  bool requires_grad = true;
  hooked.hook(0).set_receiver(
      [&](const Passing& passing) { requires_grad = (passing.value.toTensor() * 2).requires_grad(); });
  EXPECT_TRUE(hooked.forward({rows({5, 6})}).toTensor().requires_grad());
  EXPECT_FALSE(requires_grad);
}

TEST(HookedModule, HookThatIsOffNeitherCountsNorCalls) {
  Hooked hooked(load_model("mlp_scripted"), {"decoder"});
  Seen seen;
  keep_all(hooked.hooks, seen);
  hooked.hook(0).set_enabled(false);
  hooked.forward({rows({5, 6})});
  EXPECT_EQ(hooked.hook(0).num_calls(), 0);
  hooked.hook(0).set_enabled(true);
  hooked.forward({rows({5, 6})});
  EXPECT_EQ(hooked.hook(0).num_calls(), 1);
  EXPECT_EQ(seen["decoder"].size(), 1U);
  EXPECT_THROW(hooked.hook(1), std::out_of_range);
}

// ---- What passes, place by place ----

TEST(HookedModule, SeesWhatGoesInAndWhatOperatorsGive) {
  const torch::NoGradGuard no_grad;
  Module model = load_model("mlp_scripted");
  const Hooked hooked(model, {"encoder.2@input", "encoder.1/tanh", "encoder.1/tanh@input", "decoder/linear@input"});
  Seen seen;
  keep_all(hooked.hooks, seen);
  const auto x = rows({5, 6});
  const auto before = linear(child(model, "encoder.0"), x);
  for (int run = 0; run < 4; ++run) {
    hooked.forward({x});
    EXPECT_TRUE(is_bit_equal(seen["encoder.1/tanh@input"].back(), before));
    EXPECT_TRUE(is_bit_equal(seen["encoder.1/tanh"].back(), torch::tanh(before)));
    EXPECT_TRUE(is_bit_equal(seen["encoder.2@input"].back(), torch::tanh(before)));
    EXPECT_TRUE(seen["decoder/linear@input"].back().isTensor()) << "weights are no data";
  }
}

TEST(HookedModule, SeesWhatGoesInBeforeTheCallChangesIt) {
  const torch::NoGradGuard no_grad;
  for (const std::string name : {"in_place_scripted", "in_place_traced"}) {
    Module model = load_model(name);
    const Hooked hooked(model, {"activation@input", "*/relu_@input", "*/relu_"});
    Seen seen;
    keep_all(hooked.hooks, seen);
    const auto x = rows({5, 4});
    for (int run = 0; run < 6; ++run) {
      hooked.forward({x});
      const auto before = linear(child(model, "layer"), x);
      EXPECT_TRUE(is_bit_equal(seen["activation@input"].back(), before)) << name;
      EXPECT_TRUE(is_bit_equal(seen["activation/relu_@input"].back(), before)) << name;
      EXPECT_TRUE(is_bit_equal(seen["activation/relu_"].back(), torch::relu(before))) << name;
    }
  }
}

TEST(HookedModule, SeesFunctionsAndClosedCalls) {
  const torch::NoGradGuard no_grad;
  Module model = load_model("opaque_scripted");
  const Hooked hooked(model, {"fn:clamp_twice", "fn:clamp_twice@input", "swapped", "swapped@input"});
  Seen seen;
  keep_all(hooked.hooks, seen);
  const auto x = rows({5, 4});
  const auto output = hooked.forward({x});
  EXPECT_TRUE(is_bit_equal(seen["fn:clamp_twice"].at(0), output));
  EXPECT_TRUE(is_bit_equal(seen["fn:clamp_twice@input"].at(0), linear(child(model, "layer"), x + 1)));
  EXPECT_TRUE(is_bit_equal(seen["swapped@input"].at(0), x));
  EXPECT_TRUE(is_bit_equal(seen["swapped"].at(0), x + 1));
}

TEST(HookedModule, BringsTheTurnOfTheLoopsAround) {
  Module model("Model");
  model.define(R"(
    def forward(self, x, n: int):
      for i in range(n):
        for j in range(i):
          x = torch.tanh(x)
      return x
  )");
  HookedModule hooked(model);
  const HookSet hooks = hooked.attach({"./tanh[*]"});
  std::vector<std::vector<std::int64_t>> turns;
  hooks.hook(0).set_receiver([&](const Passing& passing) { turns.push_back(passing.iteration); });
  for (int run = 0; run < 3; ++run) {
    turns.clear();
    hooked.forward({rows({2, 2}), 3});
    EXPECT_THAT(turns, ElementsAre(ElementsAre(1, 0), ElementsAre(2, 0), ElementsAre(2, 1)));
  }
}

TEST(HookedModule, BringsTheMaskAndTheTurnIntoForksToo) {
  const auto x = rows({5, 3, 4});
  HookedModule hooked(load_model("masked_scripted"));
  const auto mask = torch::ones({5, 3});
  {
    const HookSet named = hooked.attach({"left[*]", "right[*]"}, {}, "mask");
    std::mutex mutex;
    std::vector<std::int64_t> turns;
    int num_masked = 0;
    for (std::size_t k = 0; k < named.size(); ++k) {
      named.hook(k).set_receiver([&](const Passing& passing) {
        const std::lock_guard lock(mutex);
        num_masked += passing.mask.is_same(mask) ? 1 : 0;
        turns.insert(turns.end(), passing.iteration.begin(), passing.iteration.end());
      });
    }
    hooked.forward({x, mask});
    EXPECT_EQ(num_masked, 4);
    EXPECT_THAT(turns, ::testing::UnorderedElementsAre(0, 0, 1, 1));
  }
  const HookSet plain = hooked.attach({"left", "right"});
  std::atomic<int> num_masked = 0;
  for (std::size_t k = 0; k < plain.size(); ++k) {
    plain.hook(k).set_receiver([&](const Passing& passing) { num_masked += passing.mask.defined() ? 1 : 0; });
  }
  hooked.forward({x, mask});
  EXPECT_EQ(num_masked, 0);
  {
    const MaskGuard guard(mask);
    hooked.forward({x, mask});
    EXPECT_EQ(num_masked, 4);
  }
  hooked.forward({x, mask});
  EXPECT_EQ(num_masked, 4);
  EXPECT_THAT([&] { hooked.attach({"left"}, {}, "padding"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("'padding'"), HasSubstr("forward takes x, mask"))));
}

// ---- Several observers ----

TEST(HookedModule, ObserversComeAndGoInAnyOrderAndEachRemovalTakesOnlyItsOwn) {
  Module model = load_model("mlp_scripted");
  const auto x = rows({5, 6});
  const auto expected = model.forward({x});
  HookedModule hooked(model);
  HookSet first = hooked.attach({"encoder.0"});
  HookSet second = hooked.attach({"encoder.0", "decoder"});
  HookSet third = hooked.attach({"*"});
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}), expected));
  const auto detach = [](HookSet& set) { HookSet gone = std::move(set); };
  detach(second);
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}), expected));
  detach(first);
  HookSet fourth = hooked.attach({"."});
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}), expected));
  EXPECT_EQ(third.hook(0).num_calls(), 3);
  EXPECT_EQ(fourth.hook(0).num_calls(), 1);
  detach(third);
  detach(fourth);
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}), expected));
}

TEST(HookedModule, ObserversComeAndGoWhileCallersRun) {
  Module model = load_model("mlp_scripted");
  const auto x = rows({5, 6});
  const auto expected = model.forward({x});
  HookedModule hooked(model);
  const HookSet steady = hooked.attach({"decoder"});
  std::atomic<bool> is_over = false;
  std::atomic<int> num_wrong = 0, num_runs = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t) {
    callers.emplace_back([&] {
      while (!is_over) {
        num_wrong += is_bit_equal(hooked.forward({x}), expected) ? 0 : 1;
        ++num_runs;
      }
    });
  }
  for (int round = 0; round < 40; ++round) {
    HookSet passing = hooked.attach({round % 2 == 0 ? "encoder.*" : "decoder"});
    const auto token = std::make_shared<std::atomic<int>>(0);
    passing.hook(0).set_receiver([token](const Passing&) { ++*token; });
    if (round % 3 == 0) passing.set_enabled(false);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  is_over = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(num_wrong, 0);
  EXPECT_EQ(steady.hook(0).num_calls(), num_runs) << "a call that ran while hooks changed was seen once";
}

// ---- Number types and gradients ----

TEST(HookedModule, OutputsAreBitIdenticalInEveryFloatingType) {
  for (const std::string name : {"mlp_scripted", "mlp_traced", "attention_traced", "in_place_scripted"}) {
    for (const at::ScalarType type : {at::kDouble, at::kHalf, at::kBFloat16}) {
      const auto shape = name.starts_with("attention")  ? std::vector<std::int64_t>{3, 5, 16}
                         : name.starts_with("in_place") ? std::vector<std::int64_t>{5, 4}
                                                        : std::vector<std::int64_t>{5, 6};
      Module bare = load_model(name), model = load_model(name);
      bare.to(type);
      model.to(type);
      bare.eval();
      model.eval();
      HookedModule hooked(model);
      const HookSet hooks = hooked.attach_at(every_place(hooked.sites()));
      for (int run = 0; run < 5; ++run) {
        const auto x = rows(shape, static_cast<std::uint64_t>(run)).to(type);
        EXPECT_TRUE(is_bit_equal(hooked.forward({x.clone()}), bare.forward({x.clone()})))
            << name << " " << c10::toString(type) << " run " << run;
      }
    }
  }
}

TEST(HookedModule, OutputsAreBitIdenticalUnderAutocast) {
  Module bare = load_model("mlp_scripted"), model = load_model("mlp_scripted");
  bare.eval();
  model.eval();
  HookedModule hooked(model);
  const HookSet hooks = hooked.attach_at(every_place(hooked.sites()));
  at::ScalarType seen = at::kFloat;
  hooks.hook(1).set_receiver([&](const Passing& passing) {
    if (passing.value.isTensor()) seen = passing.value.toTensor().scalar_type();
  });
  at::autocast::set_autocast_enabled(at::kCPU, true);
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  for (int run = 0; run < 5; ++run) {
    const auto x = rows({5, 6}, static_cast<std::uint64_t>(run));
    const auto expected = bare.forward({x});
    EXPECT_TRUE(is_bit_equal(hooked.forward({x}), expected)) << "run " << run;
    EXPECT_EQ(expected.toTensor().scalar_type(), at::kBFloat16);
  }
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_EQ(seen, at::kBFloat16);
}

std::vector<torch::Tensor> gradients_of(const std::function<c10::IValue(const torch::Tensor&)>& run,
                                        const Module& model, const torch::Tensor& x) {
  std::vector<torch::Tensor> parameters;
  for (const auto& parameter : model.parameters()) parameters.push_back(parameter);
  const auto loss = run(x).toTensor().pow(2).sum();
  return torch::autograd::grad({loss}, parameters, {}, {}, {}, /*allow_unused=*/true);
}

/// The largest difference of two lists of gradients.
double difference(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  double largest = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_EQ(a[k].defined(), b[k].defined());
    if (a[k].defined()) largest = std::max(largest, (a[k] - b[k]).abs().max().item<double>());
  }
  return largest;
}

TEST(HookedModule, GradientsAreBitIdenticalWithoutTheGraphOptimiser) {
  const bool was_on = torch::jit::getGraphExecutorOptimize();
  torch::jit::setGraphExecutorOptimize(false);
  for (const std::string name : {"mlp_scripted", "attention_traced", "attention_scripted"}) {
    Module bare = load_model(name), model = load_model(name);
    bare.eval();
    model.eval();
    HookedModule hooked(model);
    const HookSet hooks = hooked.attach_at(every_place(hooked.sites()));
    const auto x = name == "mlp_scripted" ? rows({5, 6}) : rows({3, 5, 16});
    for (int run = 0; run < 4; ++run) {
      const auto expected = gradients_of([&](const auto& input) { return bare.forward({input}); }, bare, x);
      const auto got = gradients_of([&](const auto& input) { return hooked.forward({input}); }, model, x);
      EXPECT_EQ(difference(got, expected), 0) << name << " run " << run;
    }
  }
  torch::jit::setGraphExecutorOptimize(was_on);
}

// With the graph optimiser on the bare model's own gradients change from the first run to the later ones.
TEST(HookedModule, GradientsStayWithinTheBareModelsOwnSpread) {
  for (const std::string name : {"mlp_scripted", "attention_scripted"}) {
    Module bare = load_model(name), model = load_model(name);
    bare.eval();
    model.eval();
    HookedModule hooked(model);
    const HookSet hooks = hooked.attach_at(every_place(hooked.sites()));
    const auto x = name == "mlp_scripted" ? rows({5, 6}) : rows({3, 5, 16});
    double spread = 0, largest = 0;
    std::vector<torch::Tensor> first;
    for (int run = 0; run < 6; ++run) {
      const auto expected = gradients_of([&](const auto& input) { return bare.forward({input}); }, bare, x);
      const auto got = gradients_of([&](const auto& input) { return hooked.forward({input}); }, model, x);
      if (run == 0) first = expected;
      spread = std::max(spread, difference(expected, first));
      largest = std::max(largest, difference(got, first));
    }
    RecordProperty(name + "_spread", std::to_string(spread));
    RecordProperty(name + "_hooked", std::to_string(largest));
    // Equal spreads up to one rounding of numbers of order one.
    EXPECT_LE(largest, spread + 1e-6) << name;
  }
}

// ---- Freezing, saving, copying ----

TEST(HookedModule, FrozenAfterAttachingItGivesTheUnfrozenModelsOutputs) {
  Module model = load_model("mlp_scripted");
  model.eval();
  const auto x = rows({5, 6});
  const Hooked hooked(model);
  Module frozen = torch::jit::freeze(hooked.model.module());
  for (int run = 0; run < 4; ++run) EXPECT_TRUE(is_bit_equal(frozen.forward({x}), model.forward({x})));
  EXPECT_EQ(hooked.hook(0).num_calls(), 4) << "freezing keeps the hooks, and they are the same";
}

// ---- Exceptions ----

// The whole text, traceback and all: the hooked graph has the calls inlined, which must not show.
TEST(HookedModule, ExceptionsOfTheModelPassUnchanged) {
  Module model = load_model("failing_scripted");
  Hooked hooked(model);
  for (int run = 0; run < 4; ++run) {
    const auto message = message_of([&] { hooked.forward({rows({5, 3})}); });
    EXPECT_THAT(message, HasSubstr("mat1 and mat2"));
    EXPECT_EQ(message, message_of([&] { model.forward({rows({5, 3})}); }));
  }
  EXPECT_EQ(message_of([&] { hooked.forward({}); }), message_of([&] { model.forward({}); }));
  EXPECT_EQ(message_of([&] { hooked.forward({"text"}); }), message_of([&] { model.forward({"text"}); }));
  EXPECT_TRUE(is_bit_equal(hooked.forward({rows({5, 4})}), model.forward({rows({5, 4})})));
}

TEST(HookedModule, ExceptionsOfAReceiverNameTheSite) {
  const auto x = rows({5, 4});
  for (const std::string address : {"left", "right.0"}) {  // right runs in a fork
    Hooked hooked(load_model("forked_scripted"), {address});
    const auto forward = [&] { hooked.forward({x}); };
    for (int run = 0; run < 4; ++run) {
      hooked.hook(0).set_receiver([](const Passing&) { throw Error("observe", "rule", "this", "do that"); });
      EXPECT_THAT(forward, ThrowsMessage<Error>("[" + address + ": observe] rule; got this; do that"));
      hooked.hook(0).set_receiver([](const Passing&) { throw std::runtime_error("no room"); });
      EXPECT_THAT(forward, ThrowsMessage<Error>(AllOf(HasSubstr("[" + address + "]"), HasSubstr("got no room;"))));
      hooked.hook(0).set_receiver(
          [](const Passing& passing) { torch::matmul(passing.value.toTensor(), torch::ones({9})); });
      EXPECT_THAT(forward, ThrowsMessage<Error>(AllOf(HasSubstr("[" + address + "]"), HasSubstr("size mismatch"))));
      EXPECT_THAT(message_of([&] { Module(hooked.model.module()).forward({x}); }), HasSubstr("[" + address + "]"));
    }
    hooked.hook(0).set_receiver({});
    EXPECT_NO_THROW(forward());
  }
}

}  // namespace
}  // namespace srm
