// Models that other people designed or trained, against what Python's forward hooks saw of the eager ones. They are no
// part of the repository: see models/exporters/README.md.
#include "real_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hooked_models.h"
#include "srm/hooked_module.h"
#include "srm/observer.h"

namespace srm {
namespace {

using namespace test;
using ::testing::ContainerEq;
using ::testing::Contains;
using ::testing::StartsWith;

/// The hooks of Python saw `arguments` given by position, of all modules `all`; a traced module takes no None, and what
/// was given by name, then by its caller's position, behind the others.
void expect_inputs(const IValue& arguments, const IValue& passed, const Calls& all, bool takes_names) {
  Values given, came{passed};
  for (const IValue& argument : arguments.toTupleRef().elements()) {
    if (!argument.isNone()) given.push_back(argument);
  }
  if (passed.isTuple()) came = passed.toTupleRef().elements().vec();
  ASSERT_GE(came.size(), given.size());
  EXPECT_TRUE(std::equal(given.begin(), given.end(), came.begin(), is_bit_equal));
  for (std::size_t k = given.size(); k < came.size(); ++k) {
    EXPECT_TRUE(takes_names && std::any_of(all.begin(), all.end(),
                                           [&](const auto& entry) {
                                             const auto& others = entry.second.front().toTupleRef().elements();
                                             return std::any_of(others.begin(), others.end(), [&](const IValue& v) {
                                               return is_bit_equal(v, came[k]);
                                             });
                                           }))
        << k;
  }
}

const auto kNameOf = [](const auto& model) { return model.param.name + "_" + model.param.form; };
const auto kWithModules = ::testing::Values(
    RealModel{"sentence_encoder", "traced"}, RealModel{"resnet18", "scripted"}, RealModel{"resnet18", "traced"},
    RealModel{"mobilenet_v2", "scripted"}, RealModel{"mobilenet_v2", "traced"}, RealModel{"densenet121", "scripted"},
    RealModel{"densenet121", "traced"}, RealModel{"vision_transformer", "scripted"},
    RealModel{"vision_transformer", "traced"}, RealModel{"googlenet", "scripted"}, RealModel{"ssdlite", "scripted"});

class RealModels : public Real<::testing::TestWithParam<RealModel>> {};
INSTANTIATE_TEST_SUITE_P(Each, RealModels, kWithModules, kNameOf);

// Every place is hooked. Modules that only Python lists (lists of modules, dropout left out by attention, auxiliary
// heads) are called neither there nor here.
TEST_P(RealModels, GiveAtEachModuleWhatPythonHooksSaw) {
  const auto& [name, form] = GetParam();
  const Calls outputs = recorded(name + ".hooks");
  const Calls inputs = name == "sentence_encoder" || name == "resnet18" ? recorded(name + ".hook_inputs") : Calls();
  HookedModule hooked(GetParam().load());
  const HookSet hooks = hooked.attach_at(every_place(hooked.sites()));
  Passed passed;
  keep_modules(hooks, passed);
  int num_values = 0;
  expect_same_outputs(GetParam().load(), hooked, inputs_of(name), [&](int run, const IValue&) {
    const Passed seen = std::exchange(passed, {});
    if (run == 1) return;
    ASSERT_THAT(num_calls(seen.outputs), ContainerEq(num_calls(outputs)));
    ASSERT_THAT(num_calls(seen.inputs), ContainerEq(num_calls(outputs)));
    for (const auto& [path, values] : outputs) {
      for (std::size_t k = 0; k < values.size(); ++k, ++num_values) {
        const IValue& value = seen.outputs.at(path)[k];
        EXPECT_TRUE(agree(form == "traced" ? traced(values[k]) : values[k], value)) << path << " call " << k;
      }
    }
    for (const auto& [path, values] : inputs) {
      for (std::size_t k = 0; k < values.size(); ++k, ++num_values) {
        const ::testing::ScopedTrace trace(__FILE__, __LINE__, path + "@input");
        expect_inputs(values[k], seen.inputs.at(path)[k], inputs, name == "sentence_encoder");
      }
    }
  });
  RecordProperty("hooks", static_cast<int>(hooks.size()));
  RecordProperty("values", num_values);
}

class RealModelsAddresses : public Real<::testing::Test> {};

TEST_F(RealModelsAddresses, AModulesForwardHasItsPath) {
  for (const char* name : {"densenet121", "googlenet", "ssdlite"}) {
    for (const CallSite& site : call_sites(RealModel{name, "scripted"}.load())) {
      if (site.kind != SiteKind::kModule || !site.method.starts_with("forward")) continue;
      EXPECT_EQ(site.address.substr(0, site.address.find('#')), site.module_path) << name;
    }
  }
}

TEST_F(RealModelsAddresses, TheTwoCallsOfAReluOfResnet18AreTwoPlacesInCallOrder) {
  const Calls outputs = recorded("resnet18.hooks");
  for (const char* form : {"scripted", "traced"}) {
    const Hooked hooked(RealModel{"resnet18", form}.load(), {"layer*.relu"});
    ASSERT_EQ(hooked.hooks.size(), 16U) << form;
    Seen seen;
    keep_all(hooked.hooks, seen);
    hooked.forward(inputs_of("resnet18"));
    for (const auto& [path, values] : outputs) {
      for (std::size_t k = 0; values.size() == 2 && k < 2; ++k) {
        const std::string address = path + "#" + std::to_string(k);
        ASSERT_EQ(seen[address].size(), 1U) << address;
        EXPECT_TRUE(is_bit_equal(seen[address][0], values[k])) << address << " " << form;
      }
    }
  }
}

class FrozenFiles : public Real<::testing::TestWithParam<RealModel>> {};
INSTANTIATE_TEST_SUITE_P(Each, FrozenFiles,
                         ::testing::Values(RealModel{"sentence_encoder", "frozen"}, RealModel{"resnet18", "frozen"},
                                           RealModel{"mobilenet_v2", "frozen"}, RealModel{"densenet121", "frozen"},
                                           RealModel{"vision_transformer", "frozen"}, RealModel{"googlenet", "frozen"},
                                           RealModel{"ssdlite", "frozen"}),
                         kNameOf);

// Folded batch norms round otherwise than the eager model's, so that the bare frozen model is what counts.
TEST_P(FrozenFiles, GiveTheBareModelsOutputsWithEveryOperatorHooked) {
  HookedModule hooked(GetParam().load());
  const HookSet hooks = hooked.attach_at(every_place(hooked.sites()));
  Passed passed;
  keep_modules(hooks, passed);
  expect_same_outputs(GetParam().load(), hooked, inputs_of(GetParam().name), [&](int run, const IValue& expected) {
    EXPECT_TRUE(is_bit_equal(passed.outputs["."].at(run), expected)) << "run " << run;
  });
  RecordProperty("hooks", static_cast<int>(hooks.size()));
}

class FrozenHere : public Real<::testing::TestWithParam<RealModel>> {};
INSTANTIATE_TEST_SUITE_P(Each, FrozenHere, kWithModules, kNameOf);

// Of a model that is frozen in this process LibTorch remembers of each operator by which attributes its modules were
// called: that is the whole path unless a list of modules is on the way, whose name is lost, or a loop, which loses all
// that leads to it. The box coder of ssdlite is an attribute, too, but an object of a script class.
TEST_P(FrozenHere, AddressesKeepThePathsOfModules) {
  const auto& [name, form] = GetParam();
  struct Kept {
    std::string node, module;  // whose value that node has: a folded convolution gives the batch norm's
    double tolerance;
  };
  const std::map<std::string, Kept> kept = {
      {"sentence_encoder", {"transformer.embeddings.LayerNorm/layer_norm", "transformer.embeddings.LayerNorm", 0}},
      {"resnet18", {"layer1.0.conv1/", "layer1.0.bn1", 1e-4}},
      {"mobilenet_v2", {"features.1.conv.0.0/", "features.1.conv.0.1", 1e-4}},
      {"densenet121", {"features.denseblock1.denselayer1.relu1/relu_", "features.denseblock1.denselayer1.relu1", 1e-4}},
      {"vision_transformer", {"encoder.layers.encoder_layer_0.mlp.0/", "encoder.layers.encoder_layer_0.mlp.0", 0}},
      {"googlenet", {"inception3a.branch2.1.conv/", "inception3a.branch2.1.bn", 1e-4}},
      {"ssdlite", {"backbone", "", 0}}};
  HookedModule hooked(torch::jit::freeze(GetParam().load()));
  const HookSet hooks = hooked.attach_at(every_place(hooked.sites()));
  const auto [node, module, tolerance] = kept.at(name);
  const Calls outputs = recorded(name + ".hooks");
  std::vector<at::Tensor> passed;
  for (std::size_t k = 0; k < hooks.size(); ++k) {
    const CallSite& site = hooks.place(k).site;
    const bool has_list = name == "ssdlite" || site.address.starts_with("transformer.encoder.");
    EXPECT_TRUE(has_list ? std::any_of(outputs.begin(), outputs.end(),
                                       [&](const auto& of) { return is_part_of(site.module_path, of.first); })
                         : outputs.contains(site.module_path))
        << site.address;
    if (module.empty() || !site.address.starts_with(node) || hooks.place(k).takes_input()) continue;
    hooks.hook(k).set_receiver([&](const Passing& p) { passed.push_back(p.value.toTensor().clone()); });
  }
  EXPECT_THAT(addresses_of(hooked.sites()), Contains(StartsWith(node)));
  expect_same_outputs(torch::jit::freeze(GetParam().load()), hooked, inputs_of(name), [](int, const IValue&) {});
  if (module.empty()) return;
  ASSERT_EQ(passed.size(), 3U);
  EXPECT_TRUE(torch::allclose(passed[0], outputs.at(module).at(0).toTensor(), tolerance, tolerance));
}

// ---- Counts ----

class ObservedRealModels : public Real<::testing::Test> {
 protected:
  /// Few angles and one epsilon: tables of 5 MB for a layer of width 384.
  ObserveOptions options_{.epsilon = {0.3}, .num_angles = 8};

  /// Counts are those of the activation that Python's hook saw.
  void expect_counts_of(const IValue& activation, const Resonance& layer, const at::Tensor& mask = {}) {
    Observer observer(layer.address(), options_, Layout::kAuto, std::make_shared<MemoryBudget>());
    observer.observe(activation, mask);
    const auto expected = observer.take_resonance();
    EXPECT_GT(layer.parts().scores.num_hits.at(0), 0) << layer.address();
    EXPECT_TRUE(layer.parts().counts == expected->parts().counts) << layer.address();
    EXPECT_EQ(layer.parts().scores, expected->parts().scores) << layer.address();
  }
};

// 91 layers of width 384, without those of 1536, whose tables are 16 times as large, and without the position
// embeddings, (1, 32, 384) whatever the batch: no rows that the mask could fit.
TEST_F(ObservedRealModels, SentenceEncoderCountsTheTokensThatAreNoPadding) {
  options_.layers = {"*", "!*.intermediate", "!*.intermediate.*"};
  options_.mask_input = "attention_mask";
  const Values inputs = inputs_of("sentence_encoder");
  const at::Tensor mask = inputs.at(1).toTensor();
  ObservedModule model(RealModel{"sentence_encoder", "traced"}.load(), options_);
  model.forward(inputs);
  const Results results = model.take_results();
  // Position embeddings are (1, T, n) for any batch: no mask of a batch fits them.
  const auto left_out = model.left_out();
  ASSERT_EQ(left_out.size(), 1U);
  EXPECT_EQ(left_out[0].first, "transformer.embeddings.position_embeddings");
  EXPECT_EQ(results.layers.size(), 91U);
  const auto num_tokens = mask.sum().item<std::int64_t>();
  const Calls outputs = recorded("sentence_encoder.hooks");
  for (const Resonance& layer : results) {
    EXPECT_EQ(layer.num_samples_seen(), num_tokens) << layer.address();
    EXPECT_EQ(layer.parts().num_samples_skipped, mask.numel() - num_tokens) << layer.address();
    if (layer.address().ends_with(".5")) expect_counts_of(outputs.at(layer.address()).at(0), layer, mask);
  }
}

TEST_F(ObservedRealModels, Resnet18CountsEveryPixelOfItsConvolutions) {
  options_.layers = {"type:Conv2d"};
  options_.epsilon = {0.2};
  ObservedModule model(RealModel{"resnet18", "scripted"}.load(), options_);
  model.forward(inputs_of("resnet18"));
  const Results results = model.take_results();
  EXPECT_EQ(results.layers.size(), 20U);
  const Calls outputs = recorded("resnet18.hooks");
  for (const Resonance& layer : results) {
    const at::Tensor output = outputs.at(layer.address()).at(0).toTensor();
    EXPECT_EQ(layer.num_samples_seen(), output.numel() / output.size(1)) << layer.address();
    EXPECT_EQ(layer.dim(), output.size(1)) << layer.address();
    if (layer.dim() < 512) expect_counts_of(output, layer);
  }
}

}  // namespace
}  // namespace srm
