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

const std::vector<std::string> kAttentionScripted = {
    "encoder.layers.0.self_attn.out_proj",
};

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
    {"attention_traced", {3, 5, 16}, {}},
    {"attention_scripted", {3, 5, 16}, {}},
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
    for (const bool grad : {false, true}) {
      const at::AutoGradMode grad_mode(grad);
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
        EXPECT_TRUE(is_bit_equal(output, expected)) << "run " << run << " training " << training << " grad " << grad;
        EXPECT_TRUE(is_bit_equal(seen["."].back(), expected));
        for (const auto& entry : seen) {
          for (const auto& value : entry.second) {
            EXPECT_FALSE(value.isTensor() && value.toTensor().requires_grad()) << entry.first;
          }
        }
      }
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

}  // namespace
}  // namespace srm
