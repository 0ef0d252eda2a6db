#include "srm/hook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace srm {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::ThrowsMessage;
using torch::jit::Module;

Module load_model(const std::string& name) {
  return torch::jit::load(std::string(TORCHSRM_TEST_DATA) + "/models/" + name + ".pt");
}

torch::Tensor rows(at::IntArrayRef shape, std::uint64_t seed = 7) {
  return torch::randn(shape, at::detail::createCPUGenerator(seed));
}

std::vector<std::string> addresses_of(const std::vector<CallSite>& sites) {
  std::vector<std::string> addresses;
  for (const CallSite& site : sites) {
    addresses.push_back(site.address);
  }
  return addresses;
}

/// Equal types, sizes and bits, through tuples, lists and dicts.
bool is_bit_equal(const c10::IValue& a, const c10::IValue& b) {
  if (a.isTensor() && b.isTensor()) {
    const auto x = a.toTensor(), y = b.toTensor();
    return x.dtype() == y.dtype() && x.sizes() == y.sizes() && torch::equal(x, y);
  }
  if (a.isTuple() && b.isTuple()) {
    const auto x = a.toTupleRef().elements().vec(), y = b.toTupleRef().elements().vec();
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), is_bit_equal);
  }
  if (a.isGenericDict() && b.isGenericDict()) {
    const auto x = a.toGenericDict(), y = b.toGenericDict();
    return x.size() == y.size() && std::all_of(x.begin(), x.end(), [&](const auto& entry) {
             return y.contains(entry.key()) && is_bit_equal(entry.value(), y.at(entry.key()));
           });
  }
  return false;
}

/// What passed at each address, copied at that moment.
using Seen = std::map<std::string, std::vector<c10::IValue>>;

/// Makes every hook keep a copy of what it sees, in `seen`.
void keep_all(HookedModule& hooked, Seen& seen) {
  for (std::size_t i = 0; i < hooked.sites().size(); ++i) {
    hooked.hook(i).set_receiver([&seen, address = hooked.sites()[i].address](const c10::IValue& value) {
      seen[address].push_back(value.deepcopy());
    });
  }
}

// ---- Call sites ----

struct SitesCase {
  std::string model;
  std::vector<std::int64_t> input_shape;
  std::vector<std::string> addresses;
};

void PrintTo(const SitesCase& c, std::ostream* out) { *out << c.model; }

/// The addresses of attention_traced.pt; the scripted form also calls a helper of each attention.
std::vector<std::string> attention_addresses(bool scripted) {
  std::vector<std::string> addresses;
  for (const std::string layer : {"encoder.layers.0", "encoder.layers.1"}) {
    if (scripted) {
      addresses.push_back(layer + ".self_attn!merge_masks");
    }
    for (const char* name : {"self_attn", "dropout1", "norm1", "linear1", "dropout", "linear2", "dropout2", "norm2"}) {
      addresses.push_back(layer + "." + name);
    }
    addresses.push_back(layer);
  }
  addresses.insert(addresses.end(), {"encoder", "head", "."});
  return addresses;
}

const SitesCase kModels[] = {
    {"mlp_scripted", {5, 6}, {"encoder.0", "encoder.1", "encoder.2", "encoder.3", "encoder", "decoder", "."}},
    {"mlp_traced", {5, 6}, {"encoder.0", "encoder.1", "encoder.2", "encoder.3", "encoder", "decoder", "."}},
    {"mlp_frozen", {5, 6}, {"."}},
    {"linear_scripted", {5, 4}, {"."}},
    {"reused_scripted", {5, 5}, {"layer#0", "layer#1", "first", "second", "layer#2", "."}},
    {"reused_traced", {5, 5}, {"layer#0", "layer#1", "first#0", "first#1", "layer#2", "."}},
    {"in_place_scripted", {5, 4}, {"layer", "activation", "last", "."}},
    {"in_place_traced", {5, 4}, {"layer", "activation", "last", "."}},
    {"containers_scripted", {5, 4}, {"blocks.0", "blocks.1", "blocks.2", "heads.left", "heads.right", "."}},
    {"branches_scripted", {5, 4}, {"positive", "negative", "step", "."}},
    {"structured_scripted", {5, 4}, {"split.left", "split.right", "split", "join", "."}},
    {"forked_scripted", {5, 4}, {"right.0", "right.1", "right", "left", "."}},
    {"methods_scripted", {5, 4}, {"codec.inner#0", "codec!encode", "codec.inner#1", "codec", "."}},
    {"opaque_scripted", {5, 4}, {"layer", "."}},
    {"failing_scripted", {5, 4}, {"body.0", "body", "."}},
    {"recurrent_scripted", {2, 5, 4}, {"gru", "head", "."}},
    {"attention_traced", {3, 5, 16}, attention_addresses(false)},
    {"attention_scripted", {3, 5, 16}, attention_addresses(true)},
};

class EveryModel : public ::testing::TestWithParam<SitesCase> {};

std::string case_name(const ::testing::TestParamInfo<SitesCase>& info) { return info.param.model; }

INSTANTIATE_TEST_SUITE_P(Hook, EveryModel, ::testing::ValuesIn(kModels), case_name);

TEST_P(EveryModel, CallSitesAreInTheOrderInWhichOutputsPass) {
  EXPECT_EQ(addresses_of(call_sites(load_model(GetParam().model))), GetParam().addresses);
}

// The executor profiles the first runs and then specialises: a hook that moved, or an operator that was fused
// differently around it, would show in one of them.
TEST_P(EveryModel, OutputsAreBitIdenticalToTheBareModelsRunByRun) {
  for (const bool training : {false, true}) {
    const at::AutoGradMode grad_mode(training);
    Module bare = load_model(GetParam().model);
    Module model = load_model(GetParam().model);
    bare.train(training);
    model.train(training);
    HookedModule hooked(model);
    Seen seen;
    keep_all(hooked, seen);
    for (int run = 0; run < 6; ++run) {
      const auto x = rows(GetParam().input_shape, static_cast<std::uint64_t>(run));
      torch::manual_seed(run);
      const auto expected = bare.forward({x.clone()});
      torch::manual_seed(run);
      const auto output = hooked.forward({x.clone()});
      EXPECT_TRUE(is_bit_equal(output, expected)) << "run " << run << " training " << training;
      EXPECT_TRUE(is_bit_equal(seen["."].back(), expected));
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
    HookedModule hooked(model);
    hooked.forward({x.clone()});
    EXPECT_EQ(model.dump_to_str(true, true, true), before);
    torch::manual_seed(1);
    EXPECT_TRUE(is_bit_equal(model.forward({x.clone()}), expected));
    for (std::size_t i = 0; i < hooked.sites().size(); ++i) {
      EXPECT_LE(hooked.hook(i).num_calls(), hooked.sites()[i].address == "step" ? 2 : 1) << hooked.sites()[i].address;
    }
  }
  torch::manual_seed(1);
  EXPECT_TRUE(is_bit_equal(model.forward({x.clone()}), expected));
}

TEST(CallSites, TellTypeMethodAndPath) {
  const auto scripted = call_sites(load_model("mlp_scripted"));
  EXPECT_EQ(scripted[0].module_type, "Linear");
  EXPECT_EQ(scripted[4].module_type, "Sequential");
  EXPECT_EQ(scripted.back().module_type, "Mlp");
  EXPECT_EQ(scripted.back().module_path, ".");
  const auto traced = call_sites(load_model("reused_traced"));
  EXPECT_EQ(traced[1].module_type, "Linear");
  EXPECT_EQ(traced[1].module_path, "layer");
  EXPECT_EQ(traced[1].method, "forward1");
  const auto methods = call_sites(load_model("methods_scripted"));
  EXPECT_EQ(methods[1].module_path, "codec");
  EXPECT_EQ(methods[1].method, "encode");
}

TEST(CallSites, ModelWithoutForwardIsRefused) {
  Module model("Encoder");
  model.define("def encode(self, x):\n  return x + 1\n");
  EXPECT_THAT([&] { call_sites(model); }, ThrowsMessage<Error>(AllOf(HasSubstr("forward"), HasSubstr("encode"))));
  EXPECT_THAT([&] { HookedModule{model}; }, ThrowsMessage<Error>(HasSubstr("forward")));
}

// ---- Selectors ----

struct SelectorsCase {
  std::vector<std::string> selectors;
  std::vector<std::string> chosen;
};

void PrintTo(const SelectorsCase& c, std::ostream* out) { *out << ::testing::PrintToString(c.selectors); }

class Selectors : public ::testing::TestWithParam<SelectorsCase> {};

const SelectorsCase kSelections[] = {
    {{"a"}, {"a"}},
    {{"a.*"}, {"a.0", "a.0.fc#0", "a.0.fc#1"}},
    {{"a*"}, {"a.0", "a.0.fc#0", "a.0.fc#1", "a"}},
    {{"a.?"}, {"a.0"}},
    {{"*fc"}, {"a.0.fc#0", "a.0.fc#1", "b.fc"}},
    {{"a.0.fc"}, {"a.0.fc#0", "a.0.fc#1"}},
    {{"a.0.fc#1"}, {"a.0.fc#1"}},
    {{"*#0"}, {"a.0.fc#0"}},
    {{"*"}, {"a.0", "a.0.fc#0", "a.0.fc#1", "a", "b.fc", "b"}},
    {{"."}, {"."}},
    {{"*", "."}, {"a.0", "a.0.fc#0", "a.0.fc#1", "a", "b.fc", "b", "."}},
    {{"b", "a"}, {"a", "b"}},
    {{"a", "a"}, {"a"}},
    {{"*", "!a*"}, {"b.fc", "b"}},
    {{"!a*", "*"}, {"b.fc", "b"}},
    {{"!a*"}, {"b.fc", "b"}},
    {{"!a.0.fc#0", "!b"}, {"a.0", "a.0.fc#1", "a", "b.fc"}},
    {{"*", "!nothing.like.it"}, {"a.0", "a.0.fc#0", "a.0.fc#1", "a", "b.fc", "b"}},
    {{"b!mask"}, {"b!mask"}},
    {{"b!*"}, {"b!mask"}},
    {{"*!mask", "b"}, {"b!mask", "b"}},
};

std::vector<CallSite> sites_with(const std::vector<std::string>& addresses) {
  std::vector<CallSite> sites;
  for (const auto& address : addresses) {
    sites.push_back({address, address, "Linear", "forward"});
  }
  return sites;
}

const std::vector<CallSite> kSites = sites_with({"a.0", "a.0.fc#0", "a.0.fc#1", "a", "b!mask", "b.fc", "b", "."});

INSTANTIATE_TEST_SUITE_P(Hook, Selectors, ::testing::ValuesIn(kSelections));

TEST_P(Selectors, Choose) {
  std::vector<std::string> chosen;
  for (const std::size_t i : select_call_sites(kSites, GetParam().selectors)) {
    chosen.push_back(kSites[i].address);
  }
  EXPECT_EQ(chosen, GetParam().chosen);
}

TEST(SelectorErrors, ListTheNearestAddresses) {
  EXPECT_THAT(
      [] {
        select_call_sites(kSites, {"*", "b.fx"});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("'b.fx'"), HasSubstr("nearest are b.fc"), HasSubstr("a.0.fc#1"))));
  std::vector<std::string> many = {"decoder.out"};
  for (int i = 0; i < 30; ++i) {
    many.push_back("encoder." + std::to_string(i));
  }
  EXPECT_THAT([&] { select_call_sites(sites_with(many), {"decodr.out"}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("nearest are decoder.out, "), HasSubstr("31 addresses"),
                                         Not(HasSubstr("encoder.29")))));
}

TEST(SelectorErrors, NothingLeftOrNothingGiven) {
  EXPECT_THAT([] { select_call_sites(kSites, {"a", "!a*"}); }, ThrowsMessage<Error>(HasSubstr("'a' '!a*'")));
  EXPECT_THAT([] { select_call_sites(kSites, {}); }, ThrowsMessage<Error>(HasSubstr("at least one selector")));
}

TEST(SelectorErrors, SayThatAModelIsFrozen) {
  EXPECT_THAT([] { HookedModule(load_model("mlp_frozen"), {"encoder.0"}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("frozen"), HasSubstr("'encoder.0'"), HasSubstr("before freezing"))));
  EXPECT_THAT([] { HookedModule(load_model("linear_scripted"), {"*"}); },
              ThrowsMessage<Error>(HasSubstr("single layer has the address '.'")));
  HookedModule frozen(load_model("mlp_frozen"), {"."});
  frozen.forward({rows({5, 6})});
  EXPECT_EQ(frozen.hook(0).num_calls(), 1);
}

// ---- What is seen ----

torch::Tensor linear(const Module& layer, const torch::Tensor& x) {
  return torch::linear(x, layer.attr("weight").toTensor(), layer.attr("bias").toTensor());
}

Module child(const Module& model, const std::string& path) {
  for (const auto& named : model.named_modules()) {
    if (named.name == path) {
      return named.value;
    }
  }
  throw std::out_of_range(path);
}

TEST(HookedModule, TellsModulesOfOneClassApart) {
  const torch::NoGradGuard no_grad;
  Module model = load_model("mlp_scripted");
  ASSERT_EQ(child(model, "encoder.0").type(), child(model, "encoder.2").type());
  HookedModule hooked(model, {"encoder.2"});
  Seen seen;
  keep_all(hooked, seen);
  const auto x = rows({5, 6});
  hooked.forward({x});
  const auto expected = linear(child(model, "encoder.2"), torch::tanh(linear(child(model, "encoder.0"), x)));
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(is_bit_equal(seen["encoder.2"].at(0), expected));
}

TEST(HookedModule, SeesEachPlaceOfAModuleThatIsCalledAgain) {
  const torch::NoGradGuard no_grad;
  for (const std::string name : {"reused_scripted", "reused_traced"}) {
    Module model = load_model(name);
    HookedModule hooked(model);
    Seen seen;
    keep_all(hooked, seen);
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
    HookedModule hooked(model);
    Seen seen;
    keep_all(hooked, seen);
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
  HookedModule hooked(load_model("branches_scripted"));
  const auto positive = torch::ones({5, 4});
  hooked.forward({positive});
  hooked.forward({positive, 5});
  hooked.forward({-positive}, {{"turns", 0}});
  ASSERT_THAT(addresses_of(hooked.sites()), ElementsAre("positive", "negative", "step", "."));
  EXPECT_EQ(hooked.hook(0).num_calls(), 2);
  EXPECT_EQ(hooked.hook(1).num_calls(), 1);
  EXPECT_EQ(hooked.hook(2).num_calls(), 7);
  EXPECT_EQ(hooked.hook(3).num_calls(), 3);
}

TEST(HookedModule, HandsOverTuplesAndDicts) {
  Module model = load_model("structured_scripted");
  HookedModule hooked(model, {"split", "join"});
  Seen seen;
  keep_all(hooked, seen);
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
  HookedModule hooked(model);
  Seen seen;
  keep_all(hooked, seen);
  hooked.forward({rows({5, 4})});
  EXPECT_EQ(seen["number"].at(0).toInt(), 5);
  EXPECT_TRUE(seen["nothing"].at(0).isNone());
  EXPECT_EQ(seen["list"].at(0).toTensorVector().size(), 2U);
  EXPECT_EQ(seen["text"].at(0).toStringRef(), "words");
}

// ---- The model stays itself ----

TEST(HookedModule, SharesWeightsAndModeWithTheOriginal) {
  Module model = load_model("mlp_scripted");
  HookedModule hooked(model, {"decoder"});
  const auto x = rows({5, 6});
  const auto before = hooked.forward({x});
  {
    const torch::NoGradGuard no_grad;
    child(model, "decoder").attr("bias").toTensor().add_(1.0);
  }
  EXPECT_FALSE(is_bit_equal(hooked.forward({x}), before));
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}), model.forward({x})));

  Module wrapper = hooked.module();
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
  HookedModule hooked(model);
  Module copied_while = model.deepcopy();
  Module cloned_while = model.clone();
  Seen seen;
  keep_all(hooked, seen);
  for (Module* copy : {&model, &copied_before, &copied_while, &cloned_while}) {
    EXPECT_TRUE(is_bit_equal(copy->forward({x}), expected));
  }
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_TRUE(is_bit_equal(hooked.forward({x}), expected));
}

TEST(HookedModule, IsIndependentOfOthersOnTheSameModel) {
  Module model = load_model("mlp_scripted");
  HookedModule first(model, {"encoder.0"});
  HookedModule second(model, {"encoder.0", "decoder"});
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
    HookedModule hooked(model);
    for (std::size_t i = 0; i < hooked.sites().size(); ++i) {
      hooked.hook(i).set_receiver([token](const c10::IValue&) { ++*token; });
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

TEST(HookedModule, RunsTheOtherMethodsAsTheyAre) {
  Module model = load_model("methods_scripted");
  HookedModule hooked(model);
  const auto x = rows({5, 4});
  const auto generate = hooked.module().get_method("generate");
  EXPECT_TRUE(is_bit_equal(generate({x}), model.get_method("generate")({x})));
  EXPECT_TRUE(is_bit_equal(generate({x}, {{"shift", 2.0}, {"turns", 3}}), model.get_method("generate")({x, 3, 2.0})));
  EXPECT_EQ(hooked.hook(0).num_calls(), 0);
}

TEST(HookedModule, CountsExactlyUnderConcurrentCallers) {
  Module model = load_model("mlp_scripted");
  HookedModule hooked(model);
  const auto x = rows({5, 6});
  const auto expected = model.forward({x});
  std::atomic<int> num_wrong = 0, num_received = 0;
  for (std::size_t i = 0; i < hooked.sites().size(); ++i) {
    hooked.hook(i).set_receiver([&](const c10::IValue&) { ++num_received; });
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
  HookedModule hooked(load_model("mlp_scripted"), {"decoder"});
  bool requires_grad = true;
  hooked.hook(0).set_receiver(
      [&](const c10::IValue& value) { requires_grad = (value.toTensor() * 2).requires_grad(); });
  EXPECT_TRUE(hooked.forward({rows({5, 6})}).toTensor().requires_grad());
  EXPECT_FALSE(requires_grad);
}

TEST(HookedModule, HookThatIsOffNeitherCountsNorCalls) {
  HookedModule hooked(load_model("mlp_scripted"), {"decoder"});
  Seen seen;
  keep_all(hooked, seen);
  hooked.hook(0).set_enabled(false);
  hooked.forward({rows({5, 6})});
  EXPECT_EQ(hooked.hook(0).num_calls(), 0);
  hooked.hook(0).set_enabled(true);
  hooked.forward({rows({5, 6})});
  EXPECT_EQ(hooked.hook(0).num_calls(), 1);
  EXPECT_EQ(seen["decoder"].size(), 1U);
  EXPECT_THROW(hooked.hook(1), std::out_of_range);
}

// ---- Exceptions ----

std::string message_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& exception) {
    return exception.what();
  }
  return "";
}

// The whole text, traceback and all: the hooked graph has the calls inlined, which must not show.
TEST(HookedModule, ExceptionsOfTheModelPassUnchanged) {
  Module model = load_model("failing_scripted");
  HookedModule hooked(model);
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
    HookedModule hooked(load_model("forked_scripted"), {address});
    const auto forward = [&] { hooked.forward({x}); };
    for (int run = 0; run < 4; ++run) {
      hooked.hook(0).set_receiver([](const c10::IValue&) { throw Error("observe", "rule", "this", "do that"); });
      EXPECT_THAT(forward, ThrowsMessage<Error>("[" + address + ": observe] rule; got this; do that"));
      hooked.hook(0).set_receiver([](const c10::IValue&) { throw std::runtime_error("no room"); });
      EXPECT_THAT(forward, ThrowsMessage<Error>(AllOf(HasSubstr("[" + address + "]"), HasSubstr("got no room;"))));
      hooked.hook(0).set_receiver([](const c10::IValue& value) { torch::matmul(value.toTensor(), torch::ones({9})); });
      EXPECT_THAT(forward, ThrowsMessage<Error>(AllOf(HasSubstr("[" + address + "]"), HasSubstr("size mismatch"))));
      EXPECT_THAT(message_of([&] { Module(hooked.module()).forward({x}); }), HasSubstr("[" + address + "]"));
    }
    hooked.hook(0).set_receiver({});
    EXPECT_NO_THROW(forward());
  }
}

}  // namespace
}  // namespace srm
