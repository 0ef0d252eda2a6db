#include "srm/activation_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hooked_models.h"
#include "srm/error.h"

namespace srm {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using torch::jit::Module;

CallSite site_at(const Module& model, const std::string& address) {
  for (const CallSite& site : call_sites(model)) {
    if (site.address == address) return site;
  }
  throw std::out_of_range(address + " in " + ::testing::PrintToString(addresses_of(call_sites(model))));
}

std::optional<ActivationFunction> function_at(const Module& model, const std::string& address) {
  return activation_function_at(model, site_at(model, address));
}

std::string name_at(const Module& model, const std::string& address) {
  const auto function = function_at(model, address);
  return function ? function->name : "none";
}

/// A model whose forward is `expression` of x.
Module model_of(const std::string& expression, const std::string& class_name = "Model") {
  Module model(class_name);
  model.define("def forward(self, x):\n  return " + expression + "\n");
  return model;
}

Module load_shipped(const std::string& name) {
  return torch::jit::load(std::string(TORCHSRM_SOURCE_DIR) + "/models/" + name + ".pt");
}

torch::Tensor wide_rows(c10::ScalarType type, std::int64_t width = 7) { return (rows({9, width}) * 3).to(type); }

/// The function at an address gives what passes there, of what goes in there, bit by bit, and changes nothing.
void expect_gives_what_passes(const Module& model, const std::string& address, const std::vector<c10::IValue>& inputs) {
  SCOPED_TRACE(address);
  const auto sites = call_sites(model);
  const auto chosen = select_call_sites(sites, {address});
  ASSERT_EQ(chosen.size(), 1U);
  const auto function = activation_function_at(model, sites[chosen[0].site]);
  ASSERT_TRUE(function);
  HookedModule hooked(model);
  const HookSet hooks = hooked.attach_at({input_of(*function, sites, chosen[0]), chosen[0]});
  Seen seen;
  keep_all(hooks, seen);
  hooked.forward(inputs);
  const auto& before = seen[hooks.place(0).address];
  const auto& after = seen[hooks.place(1).address];
  ASSERT_FALSE(after.empty());
  ASSERT_EQ(before.size(), after.size());
  const auto& element = hooks.place(0).selections.at(0).element;
  for (std::size_t k = 0; k < after.size(); ++k) {
    const torch::Tensor x = find_element(before[k], element).value().toTensor();
    const torch::Tensor kept = x.clone();
    EXPECT_TRUE(is_bit_equal(function->function(x), after[k]));
    EXPECT_TRUE(is_bit_equal(x, kept)) << "its argument stays as it is";
  }
}

void expect_gives_what_passes(const Module& model, const std::string& address) {
  for (const auto type : {torch::kFloat32, torch::kFloat64}) {
    expect_gives_what_passes(model, address, {wide_rows(type)});
  }
}

// ---- Operators ----

struct OperatorCase {
  std::string expression, address, name;
};
void PrintTo(const OperatorCase& c, std::ostream* out) { *out << c.expression; }

const OperatorCase kOperators[] = {
    {"torch.relu(x)", "./relu", "relu"},
    {"torch.relu_(x * 2)", "./relu_", "relu"},
    {"torch.relu6(x)", "./relu6", "relu6"},
    {"torch.tanh(x)", "./tanh", "tanh"},
    {"x.tanh_()", "./tanh_", "tanh"},
    {"torch.sigmoid(x)", "./sigmoid", "sigmoid"},
    {"torch.gelu(x)", "./gelu", "gelu"},
    {"torch.gelu(x, approximate='tanh')", "./gelu", "gelu-tanh"},
    {"torch.silu(x)", "./silu", "silu"},
    {"torch.mish(x)", "./mish", "mish"},
    {"torch.elu(x)", "./elu", "elu"},
    {"torch.elu(x, 0.5)", "./elu", "elu(0.5, 1, 1)"},
    {"torch.elu_(x * 2, 0.5)", "./elu_", "elu(0.5, 1, 1)"},
    {"torch.celu(x, 0.5)", "./celu", "celu(0.5)"},
    {"torch.selu(x)", "./selu", "selu"},
    {"torch.leaky_relu(x)", "./leaky_relu", "leaky-relu"},
    {"torch.leaky_relu(x, 0.2)", "./leaky_relu", "leaky-relu(0.2)"},
    {"torch.leaky_relu_(x * 2, 0.2)", "./leaky_relu_", "leaky-relu(0.2)"},
    {"torch.hardtanh(x)", "./hardtanh", "hardtanh"},
    {"torch.hardtanh(x, -0.5, 2)", "./hardtanh", "hardtanh(-0.5, 2)"},
    {"torch.hardsigmoid(x)", "./hardsigmoid", "hardsigmoid"},
    {"torch.hardswish(x)", "./hardswish", "hardswish"},
    {"torch.softplus(x, 2, 3)", "./softplus", "softplus(2, 3)"},
    {"torch.log_sigmoid(x)", "./log_sigmoid", "log-sigmoid"},
    {"torch.hardshrink(x, 0.7)", "./hardshrink", "hardshrink(0.7)"},
    {"torch.softshrink(x, 0.7)", "./softshrink", "softshrink(0.7)"},
    {"torch.threshold(x, 0.1, -20)", "./threshold", "threshold(0.1, -20)"},
    {"torch.clamp(x, 0)", "./clamp", "clamp(0, none)"},
    {"torch.clamp(x, -1.5 / 3, max=2 + 1)", "./clamp", "clamp(-0.5, 3)"},
    {"torch.exp(x)", "./exp", "exp"},
    {"torch.pow(x, 2)", "./pow", "pow(2)"},
    {"torch.pow(2, x)", "./pow", "pow(2, x)"},
    {"x * x", "./mul", "mul(x, x)"},
};

class Operators : public ::testing::TestWithParam<OperatorCase> {};
INSTANTIATE_TEST_SUITE_P(ActivationFunction, Operators, ::testing::ValuesIn(kOperators));

TEST_P(Operators, AreKnownWithTheirConstants) {
  const auto& [expression, address, name] = GetParam();
  const Module model = model_of(expression);
  EXPECT_EQ(name_at(model, address), name);
  expect_gives_what_passes(model, address);
}

// ---- What is none ----

struct NoneCase {
  std::string expression, address;
};
void PrintTo(const NoneCase& c, std::ostream* out) { *out << c.expression; }

const NoneCase kNone[] = {
    {"torch.softmax(x, 1)", "./softmax"},
    {"torch.layer_norm(x, [7])", "./layer_norm"},
    {"torch.max_pool1d(x, 2)", "./max_pool1d"},
    {"torch.glu(x)", "./glu"},
    {"torch.cumsum(x, 1)", "./cumsum"},
    {"torch.max(x)", "./max"},
    {"torch.prelu(x, torch.ones([7]))", "./prelu"},
    {"torch.rrelu(x)", "./rrelu"},
    {"torch.dropout(x, 0.5, False)", "./dropout"},
    {"torch.dropout(x, 0.5, False)", "."},
    {"torch.matmul(x, x.t())", "./matmul"},
    {"torch.clamp(x, float(x.size(0)))", "./clamp"},  // a number that depends on what goes in
    {"torch.clamp(x, float(torch.min(x)))", "./clamp"},
    {"torch.tanh(x, out=x * 2)", "./tanh"},
    {"torch.tanh(x) + x.mean()", "."},
    {"x + 1", "./add"},  // affine
    {"(2 * x - 3) / 4", "."},
    {"-x + x", "."},
    {"x > 0", "./gt"},
    {"x", "."},
    {"torch.tanh(x) * torch.tensor([1., 2., 3., 4., 5., 6., 7.])", "."},
    {"torch.where(x > 0)[0]", "./where"},
    {"torch.tanh(x), x", "."},
};

class NoFunction : public ::testing::TestWithParam<NoneCase> {};
INSTANTIATE_TEST_SUITE_P(ActivationFunction, NoFunction, ::testing::ValuesIn(kNone));

TEST_P(NoFunction, WhereItDoesNotActOnEachCoordinateAlone) {
  EXPECT_EQ(name_at(model_of(GetParam().expression), GetParam().address), "none");
}

TEST(ActivationFunctionAt, TwoTensorsThatGoInAreNone) {
  Module model("Model");
  model.define("def forward(self, x, y):\n  return torch.relu(x) * y\n");
  EXPECT_EQ(name_at(model, "./mul"), "none");
  EXPECT_EQ(name_at(model, "."), "none");
  EXPECT_EQ(name_at(model, "./relu"), "relu");
}

TEST(ActivationFunctionAt, SiteOfAnotherModelIsRefused) {
  const CallSite site = site_at(model_of("torch.tanh(x)"), "./tanh");
  EXPECT_THAT([&] { activation_function_at(model_of("torch.relu(x)"), site); },
              ThrowsMessage<Error>(HasSubstr("must be one of the model's; got './tanh'")));
}

// ---- Put together ----

TEST(ActivationFunctionAt, OperatorsPutTogetherAreOneFunction) {
  const std::string gelu_new = "0.5 * x * (1.0 + torch.tanh(0.7978845608 * (x + 0.044715 * torch.pow(x, 3.0))))";
  for (const std::string& expression :
       {gelu_new, std::string("x * torch.sigmoid(1.702 * x)"), std::string("torch.square(torch.relu(x))"),
        std::string("torch.where(x > 0, x, x * 0.1)"), std::string("torch.relu(x).tanh_().add_(1)")}) {
    const Module model = model_of(expression, "Squashed");
    EXPECT_EQ(name_at(model, "."), "Squashed") << expression;
    expect_gives_what_passes(model, ".");
  }
  const Module softsign = model_of("x / (x.abs() + 1)");
  EXPECT_EQ(name_at(softsign, "."), "softsign");
  expect_gives_what_passes(softsign, ".");
  EXPECT_EQ(name_at(model_of("x - x.tanh()"), "."), "tanhshrink");
}

// What an operation in place wrote to has the new value under every name.
TEST(ActivationFunctionAt, OperationsInPlaceAreFollowed) {
  Module model("Model");
  model.define("def forward(self, x):\n  y = x\n  torch.relu_(y)\n  torch.tanh(x)\n  return x\n");
  EXPECT_EQ(name_at(model, "."), "relu");
  expect_gives_what_passes(model, ".");
}

// ---- Modules ----

/// What torch.nn's modules are when they are scripted: a function with the flag that chooses, after a check.
Module scripted_leaky_relu(double slope, bool inplace) {
  Module module("LeakyReLU");
  module.register_attribute("negative_slope", c10::FloatType::get(), slope);
  module.register_attribute("inplace", c10::BoolType::get(), inplace);
  module.define(R"(
def leaky_relu(self, input, negative_slope: float, inplace: bool):
    assert negative_slope < 5
    if inplace:
        return torch.leaky_relu_(input, negative_slope)
    return torch.leaky_relu(input, negative_slope)

def forward(self, input):
    return self.leaky_relu(input, self.negative_slope, self.inplace)
)");
  return module;
}

Module around(const Module& activation) {
  Module model("Model");
  model.register_module("act", activation);
  model.define("def forward(self, x):\n  return self.act.forward(x * 2) + 1\n");
  return model;
}

TEST(ActivationFunctionAt, ScriptedModulesAreReadWithTheirAttributes) {
  for (const bool inplace : {false, true}) {
    Module model = around(scripted_leaky_relu(0.3, inplace));
    EXPECT_EQ(name_at(model, "act"), "leaky-relu(0.3)");
    expect_gives_what_passes(model, "act");
    EXPECT_EQ(name_at(model, "act!leaky_relu"), "leaky-relu(0.3)");
    child(model, "act").setattr("negative_slope", 0.4);
    EXPECT_EQ(name_at(model, "act"), "leaky-relu(0.4)") << "what the model holds when it is asked";
    expect_gives_what_passes(model, "act");
  }
}

TEST(ActivationFunctionAt, AttributeThatAMethodSetsIsNotKnown) {
  Module model = around(scripted_leaky_relu(0.3, false));
  child(model, "act").define("def steepen(self):\n  self.negative_slope = 1.\n");
  EXPECT_EQ(name_at(model, "act"), "none");
}

TEST(ActivationFunctionAt, ParametersAreNotKnownUntilFrozen) {
  Module swish("Swish");
  swish.register_attribute("training", c10::BoolType::get(), false);
  swish.register_parameter("beta", torch::tensor(1.5), false);
  swish.define("def forward(self, x):\n  return x * torch.sigmoid(self.beta * x)\n");
  EXPECT_EQ(name_at(swish, "."), "none");
  const Module frozen = torch::jit::freeze(swish);
  EXPECT_EQ(name_at(frozen, "."), "Swish");
  expect_gives_what_passes(frozen, ".");
}

TEST(ActivationFunctionAt, BranchThatTheTrainingFlagChoosesIsTheOneOfTheMoment) {
  Module noisy("Noisy");
  noisy.register_attribute("training", c10::BoolType::get(), true);
  noisy.define(R"(
def forward(self, x):
    if self.training:
        x = x + torch.randn_like(x)
    return torch.tanh(x)
)");
  EXPECT_EQ(function_at(noisy, ".")->address, "./tanh");
  noisy.eval();
  EXPECT_EQ(function_at(noisy, ".")->address, ".");
}

TEST(ActivationFunctionAt, ArgumentIsTheTensorAmongWhatGoesIn) {
  Module act("Act");
  act.define(R"(
def forward(self, mask: Optional[Tensor], x: Tensor, steep: bool = False):
    if mask is not None:
        x = x * mask
    if steep:
        x = x * 2
    return torch.tanh(x)
)");
  Module model("Model");
  model.register_module("act", act);
  model.define("def forward(self, x):\n  return self.act.forward(None, x)\n");
  const auto function = function_at(model, "act");
  ASSERT_TRUE(function);
  EXPECT_EQ(function->name, "tanh");
  EXPECT_EQ(function->argument, 1U);
  expect_gives_what_passes(model, "act");
}

TEST(ActivationFunctionAt, MethodsThatComeByMustAgree) {
  const auto with = [](const std::string& slope) {
    Module codec("Codec");
    codec.define("def act(self, x, slope: float):\n  return torch.leaky_relu(x, slope)\n");
    Module model("Model");
    model.register_module("codec", codec);
    model.define("def forward(self, x):\n  return self.codec.act(x, 0.1)\n");
    model.define("def generate(self, x):\n  return self.codec.act(x, " + slope + ")\n");
    return model;
  };
  for (const std::string address : {"codec!act", "codec/leaky_relu"}) {
    EXPECT_EQ(name_at(with("0.1"), address), "leaky-relu(0.1)");
    EXPECT_EQ(name_at(with("0.2"), address), "none");
  }
}

TEST(ActivationFunctionAt, ModuleThatEndsWithAnActivationGivesItsOutput) {
  Module block("Block");
  block.register_module("act", scripted_leaky_relu(0.3, false));
  block.define("def forward(self, x):\n  return self.act.forward(x * 2 + x.mean())\n");
  Module model("Model");
  model.register_module("block", block);
  model.define("def forward(self, x):\n  return self.block.forward(x).sum(0)\n");
  const auto function = function_at(model, "block");
  ASSERT_TRUE(function);
  EXPECT_EQ(function->name, "leaky-relu(0.3)");
  EXPECT_EQ(function->address, "block.act");
  EXPECT_EQ(function_at(model, "block.act")->address, "block.act");
  expect_gives_what_passes(model, "block");
  EXPECT_EQ(name_at(model, "."), "none");
}

// What passes is then no longer what the function gave.
TEST(ActivationFunctionAt, OutputThatIsChangedInPlaceAfterwardsIsNone) {
  Module model("Model");
  model.define("def forward(self, x):\n  y = torch.tanh(x @ x.t())\n  y.mul_(x.mean())\n  return y\n");
  EXPECT_EQ(name_at(model, "./tanh"), "tanh");
  EXPECT_EQ(name_at(model, "."), "none");
}

TEST(ActivationFunctionAt, TurnsOfALoopAreTakenOnBothSides) {
  Module model("Model");
  model.define("def forward(self, x):\n  for k in range(3):\n    x = torch.tanh(x * k)\n  return x\n");
  const auto sites = call_sites(model);
  const Selection output = select_call_sites(sites, {"./tanh[2]"}).at(0);
  const auto function = activation_function_at(model, sites[output.site]);
  ASSERT_TRUE(function);
  EXPECT_EQ(address_of(input_of(*function, sites, output), sites), "./tanh@input[2]:0");
  expect_gives_what_passes(model, "./tanh");
}

TEST(ActivationFunctionAt, FunctionByNameActsAtNoSite) {
  const auto sites = call_sites(model_of("torch.relu(x)"));
  EXPECT_THAT([&] { input_of(activation_function_named("relu").value(), sites, {}); },
              ThrowsMessage<Error>(HasSubstr("must act at a call site of the model; got relu at ''")));
}

TEST(ActivationFunctionAt, BodiesOfForksAreReadToo) {
  const Module model = load_model("forked_scripted");
  EXPECT_EQ(name_at(model, "right.1"), "tanh");
  expect_gives_what_passes(model, "right.1", {rows({5, 4})});
}

TEST(ActivationFunctionAt, ModulesThatPythonMadeAreRead) {
  for (const std::string name : {"mlp_scripted", "mlp_traced"}) {
    const Module model = load_model(name);
    expect_gives_what_passes(model, "encoder.1", {rows({5, 6})});
    EXPECT_EQ(name_at(model, "encoder.1"), "tanh");
    for (const std::string address : {"encoder.0", "encoder.3", "encoder", "."}) {
      EXPECT_EQ(name_at(model, address), "none") << address;
    }
  }
  for (const std::string name : {"in_place_scripted", "in_place_traced"}) {
    const Module model = load_model(name);
    EXPECT_EQ(name_at(model, "activation"), "relu");
    expect_gives_what_passes(model, "activation", {rows({5, 4})});
  }
  EXPECT_EQ(name_at(load_model("mlp_frozen"), "./tanh"), "tanh");
  expect_gives_what_passes(load_model("mlp_frozen"), "./tanh", {rows({5, 6})});
  Module model = load_model("mlp_scripted");
  model.eval();
  EXPECT_EQ(name_at(torch::jit::freeze(model), "encoder.1/tanh"), "tanh");
  EXPECT_EQ(name_at(load_model("opaque_scripted"), "swapped"), "none") << "a call whose inside is not seen";
  EXPECT_NE(name_at(load_model("opaque_scripted"), "fn:clamp_twice"), "none");
}

TEST(ActivationFunctionAt, FunctionsOfTheShippedModels) {
  const std::string address = "encoder.bottleneck_activation";
  for (const std::string name : {"tanh", "relu"}) {
    const Module model = load_shipped(name);
    EXPECT_EQ(name_at(model, address), name);
    expect_gives_what_passes(model, address, {rows({20, 64})});
  }
  for (const std::string name : {"isotropic", "tanh_rotated"}) {
    EXPECT_EQ(name_at(load_shipped(name), address), "none") << name;
  }
}

TEST(ActivationFunctionAt, AllSitesAreReadAtOnce) {
  const Module model = load_shipped("tanh");
  const auto sites = call_sites(model);
  const auto functions = activation_functions_at(model, sites);
  ASSERT_EQ(functions.size(), sites.size());
  for (std::size_t k = 0; k < sites.size(); ++k) {
    const auto one = activation_function_at(model, sites[k]);
    EXPECT_EQ(functions[k] ? functions[k]->name : "none", one ? one->name : "none") << sites[k].address;
  }
}

TEST(ActivationFunctionAt, SeveralThreadsMayCallIt) {
  const Module model = model_of("torch.relu(x * torch.sigmoid(x)).tanh_()");
  const auto function = function_at(model, ".");
  ASSERT_TRUE(function);
  const torch::Tensor x = rows({200, 30}), expected = function->function(x);
  std::vector<int> num_equal(4);
  std::vector<std::thread> threads;
  for (int& equal : num_equal) {
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) equal += is_bit_equal(function->function(x), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(num_equal, ::testing::Each(50));
}

TEST(ActivationFunctionAt, OutlivesTheModel) {
  const auto function = [] { return function_at(around(scripted_leaky_relu(0.3, true)), "act"); }();
  EXPECT_TRUE(torch::equal(function->function(torch::tensor({-10., 2.})), torch::tensor({-3., 2.})));
}

// ---- By name ----

TEST(ActivationFunctionNamed, EachNameGivesTheFunctionOfThatName) {
  for (const std::string& name : activation_function_names()) {
    const auto function = activation_function_named(name);
    ASSERT_TRUE(function) << name;
    EXPECT_EQ(function->name, name);
    for (const auto type : {torch::kFloat32, torch::kFloat64}) {
      const torch::Tensor x = wide_rows(type), y = function->function(x);
      EXPECT_EQ(y.sizes(), x.sizes()) << name;
      EXPECT_EQ(y.scalar_type(), type) << name;
      EXPECT_FALSE(torch::equal(x, y)) << name;
    }
  }
  const torch::Tensor x = wide_rows(torch::kFloat64);
  const auto apply = [&](const std::string& name) { return activation_function_named(name)->function(x); };
  EXPECT_TRUE(torch::equal(apply("relu"), torch::relu(x)));
  EXPECT_TRUE(torch::equal(apply("gelu"), torch::gelu(x, "none")));
  EXPECT_TRUE(torch::equal(apply("gelu-tanh"), torch::gelu(x, "tanh")));
  EXPECT_TRUE(torch::equal(apply("softsign"), x / (x.abs() + 1)));
}

TEST(ActivationFunctionNamed, ConstantsMayStandBehindTheName) {
  const torch::Tensor x = wide_rows(torch::kFloat64);
  EXPECT_TRUE(torch::equal(activation_function_named("leaky-relu(0.2)")->function(x), torch::leaky_relu(x, 0.2)));
  EXPECT_TRUE(torch::equal(activation_function_named("hardtanh(-0.5, 2)")->function(x), torch::hardtanh(x, -0.5, 2)));
  EXPECT_EQ(activation_function_named("elu(0.5)")->name, "elu(0.5, 1, 1)");
  EXPECT_EQ(activation_function_named("hardtanh(-0.5,2)")->name, "hardtanh(-0.5, 2)");
}

TEST(ActivationFunctionNamed, WhatIsNoFunctionIsNone) {
  for (const std::string name :
       {"", "softmax", "Relu", "relu ", "relu()", "relu(1)", "gelu(1)", "gelu-tanh(1)", "softsign(1)", "leaky-relu(0.2",
        "leaky-relu(x)", "leaky-relu(0.2,)", "leaky-relu(0.2, 1)", "leaky-relu(0.2 1)", "(1)"}) {
    EXPECT_FALSE(activation_function_named(name)) << name;
  }
}

}  // namespace
}  // namespace srm
