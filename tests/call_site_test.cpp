#include "srm/call_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "hooked_models.h"
#include "model_cases.h"
#include "srm/error.h"

namespace srm {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;
using torch::jit::Module;

class EveryModel : public ::testing::TestWithParam<SitesCase> {};

std::string case_name(const ::testing::TestParamInfo<SitesCase>& info) { return info.param.model; }

INSTANTIATE_TEST_SUITE_P(Hook, EveryModel, ::testing::ValuesIn(kModels), case_name);

TEST_P(EveryModel, CallSitesAreInTheOrderInWhichOutputsPass) {
  std::vector<std::string> modules;
  for (const CallSite& site : call_sites(load_model(GetParam().model))) {
    if (site.kind == SiteKind::kModule) modules.push_back(site.address);
  }
  EXPECT_EQ(modules, GetParam().addresses);
}

// An address that stood twice would hook two places where one was meant.
TEST_P(EveryModel, EachAddressStandsOnceAndSelectsItsPlace) {
  const auto sites = call_sites(load_model(GetParam().model));
  for (std::size_t k = 0; k < sites.size(); ++k) {
    const auto chosen = select_call_sites(sites, {sites[k].address});
    ASSERT_EQ(chosen.size(), 1U) << sites[k].address;
    EXPECT_EQ(chosen[0].site, k) << sites[k].address;
    EXPECT_TRUE(chosen[0].is_named);
  }
}

const CallSite& site_at(const std::vector<CallSite>& sites, const std::string& address) {
  const auto found =
      std::find_if(sites.begin(), sites.end(), [&](const CallSite& site) { return site.address == address; });
  if (found == sites.end()) throw std::out_of_range(address + " in " + ::testing::PrintToString(addresses_of(sites)));
  return *found;
}

TEST(CallSites, TellTypeMethodAndPath) {
  const auto scripted = call_sites(load_model("mlp_scripted"));
  EXPECT_EQ(site_at(scripted, "encoder.0").type, "Linear");
  EXPECT_EQ(site_at(scripted, "encoder").type, "Sequential");
  EXPECT_EQ(site_at(scripted, ".").type, "Mlp");
  EXPECT_EQ(site_at(scripted, ".").module_path, ".");
  const auto traced = call_sites(load_model("reused_traced"));
  EXPECT_EQ(site_at(traced, "layer#1").type, "Linear");
  EXPECT_EQ(site_at(traced, "layer#1").module_path, "layer");
  EXPECT_EQ(site_at(traced, "layer#1").method, "forward1");
  const auto methods = call_sites(load_model("methods_scripted"));
  EXPECT_EQ(site_at(methods, "codec!encode").module_path, "codec");
  EXPECT_EQ(site_at(methods, "codec!encode").method, "encode");
}

TEST(CallSites, TellOperatorsAndScriptFunctionsInTheModuleThatRunsThem) {
  const auto sites = call_sites(load_model("opaque_scripted"));
  EXPECT_EQ(site_at(sites, "fn:clamp_twice").kind, SiteKind::kFunction);
  EXPECT_EQ(site_at(sites, "fn:clamp_twice").module_path, ".");
  EXPECT_THAT(site_at(sites, "fn:clamp_twice").input_names, ElementsAre("x"));
  EXPECT_EQ(site_at(sites, "./clamp#1").kind, SiteKind::kNode);
  EXPECT_EQ(site_at(sites, "./clamp#1").type, "aten::clamp");
  EXPECT_EQ(site_at(sites, "layer/linear").module_path, "layer");
  EXPECT_TRUE(site_at(sites, "swapped").is_closed) << "a call through an interface";
  EXPECT_FALSE(site_at(sites, "layer").is_closed);
  // Of a module that is called again each place has operators of its own.
  const auto reused = call_sites(load_model("reused_traced"));
  EXPECT_EQ(site_at(reused, "layer/linear#2").module_path, "layer");
  EXPECT_EQ(site_at(reused, "./tanh#0").type, "aten::tanh");
}

TEST(CallSites, TellLoopsAndMethods) {
  const auto branches = call_sites(load_model("branches_scripted"));
  EXPECT_EQ(site_at(branches, "step").num_loops, 1);
  EXPECT_EQ(site_at(branches, "positive").num_loops, 0);
  EXPECT_THAT(site_at(branches, ".").input_names, ElementsAre("x", "turns"));
  const auto methods = call_sites(load_model("methods_scripted"));
  EXPECT_THAT(site_at(methods, "codec").methods, ElementsAre("forward", "generate"));
  EXPECT_THAT(site_at(methods, "./mul").methods, ElementsAre("generate"));
  EXPECT_THAT(site_at(methods, ".").methods, ElementsAre("forward", "generate"));
}

TEST(CallSites, OfAModelFrozenInThisProcessKeepTheirModulesPaths) {
  Module model = load_model("mlp_scripted");
  model.eval();
  const auto frozen = call_sites(torch::jit::freeze(model));
  EXPECT_EQ(site_at(frozen, "encoder.0/linear").kind, SiteKind::kNode);
  EXPECT_EQ(site_at(frozen, "encoder.1/tanh").module_path, "encoder.1");
  EXPECT_EQ(site_at(frozen, "decoder/linear").type, "aten::linear");
  // After saving and loading only the operators are left.
  EXPECT_EQ(site_at(call_sites(load_model("mlp_frozen")), "./tanh").type, "aten::tanh");
}

TEST(CallSites, CallsOfScriptClassesAndModulesOfUnknownPathAreFunctions) {
  Module model("Model");
  model.define("def forward(self, x):\n  return self.helper(x) + 1\n\ndef helper(self, x):\n  return x * 2\n");
  const auto sites = call_sites(model);
  EXPECT_EQ(site_at(sites, ".!helper").method, "helper") << "a call of its own method is a place too";
  EXPECT_EQ(site_at(sites, "./mul").module_path, ".");
}

TEST(CallSites, ModelWithoutForwardIsSeenThroughItsMethods) {
  Module model("Encoder");
  EXPECT_THAT([&] { call_sites(model); }, ThrowsMessage<Error>(HasSubstr("must have a method")));
  model.define("def encode(self, x):\n  return x + 1\n");
  EXPECT_THAT(addresses_of(call_sites(model)), ElementsAre("./add", ".!encode"));
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
    // Operators and functions stay out of globs that do not ask for them.
    {{"a.0/tanh"}, {"a.0/tanh#0", "a.0/tanh#1"}},
    {{"a.0/tanh#1"}, {"a.0/tanh#1"}},
    {{"*/tanh"}, {"a.0/tanh#0", "a.0/tanh#1", "./tanh"}},
    {{"/tanh"}, {"./tanh"}},
    {{"./*"}, {"./tanh"}},
    {{"*/*", "!a*/*"}, {"./tanh"}},
    {{"fn:pad"}, {"fn:pad"}},
    {{"fn:*"}, {"fn:pad"}},
    {{"fn:*", "b"}, {"b", "fn:pad"}},
    {{"re:a\\.0(\\.fc#1)?"}, {"a.0", "a.0.fc#1"}},
    {{"re:.*", "!re:a.*"}, {"b!mask", "b.fc", "b"}},
    {{"re:.*/tanh#[0-9]"}, {"a.0/tanh#0", "a.0/tanh#1"}},
    {{"re:fn:p.d"}, {"fn:pad"}},
    {{"type:Linear"}, {"a.0.fc#0", "a.0.fc#1", "b.fc"}},
    {{"type:L*", "!b*"}, {"a.0.fc#0", "a.0.fc#1"}},
    {{"*", "!type:Linear"}, {"a.0", "a", "b"}},
    // What stands behind an address.
    {{"b.fc@input"}, {"b.fc@input"}},
    {{"b.fc@input", "b.fc"}, {"b.fc@input", "b.fc"}},
    {{"type:Linear@input", "!a*"}, {"b.fc@input"}},
    {{"*@input", "*", "!a*", "!b.fc@input"}, {"b.fc", "b@input", "b"}},
    {{"@input"}, {".@input"}},
    {{":0"}, {".:0"}},
    {{"b@input:query"}, {"b@input:0"}},
    {{"b@input:key:1"}, {"b@input:1:1"}},
    {{"b.fc@input:x"}, {"b.fc@input"}},
    {{"b:1:key"}, {"b:1:key"}},
    {{"b", "b:1"}, {"b", "b:1"}},
    {{"b:0", "b:1", "!b:1"}, {"b:0"}},
    {{"a.0[*]"}, {"a.0[*]"}},
    {{"a.0[2]"}, {"a.0[2]"}},
    {{"*[1,0]"}, {"a.0[1,0]"}},
    {{"a.0@input[3]:0"}, {"a.0@input[3]:0"}},
};

std::vector<CallSite> sites_with(const std::vector<std::string>& addresses) {
  std::vector<CallSite> sites;
  for (const auto& address : addresses) {
    const bool is_linear = address.find("fc") != std::string::npos;
    sites.push_back({address, address, is_linear ? "Linear" : "Block", "forward"});
    CallSite& site = sites.back();
    const auto slash = address.find('/');
    if (slash != std::string::npos) site.kind = SiteKind::kNode;
    if (address.starts_with("fn:")) site.kind = SiteKind::kFunction;
    site.module_path = slash == std::string::npos ? address : address.substr(0, slash);
    site.input_names = {"x"};
    if (address == "b") site.input_names = {"query", "key"};
    if (address == "a.0") site.num_loops = 2;
  }
  return sites;
}

const std::vector<CallSite> kSites = sites_with(
    {"a.0", "a.0/tanh#0", "a.0/tanh#1", "a.0.fc#0", "a.0.fc#1", "a", "b!mask", "b.fc", "b", "fn:pad", "./tanh", "."});

INSTANTIATE_TEST_SUITE_P(Hook, Selectors, ::testing::ValuesIn(kSelections));

TEST_P(Selectors, Choose) {
  std::vector<std::string> chosen;
  for (const Selection& selection : select_call_sites(kSites, GetParam().selectors)) {
    chosen.push_back(address_of(selection, kSites));
  }
  EXPECT_EQ(chosen, GetParam().chosen);
}

TEST(SelectorsToo, TakeElementsAwayFromWhatIsWhole) {
  const auto chosen = select_call_sites(kSites, {"b", "!b:1:0"});
  ASSERT_EQ(chosen.size(), 1U);
  EXPECT_THAT(chosen[0].without, ElementsAre(ElementsAre("1", "0")));
}

TEST(SelectorsToo, TellWhatWasNamedFromWhatAPatternChose) {
  EXPECT_FALSE(select_call_sites(kSites, {"b*"}).at(0).is_named);
  EXPECT_FALSE(select_call_sites(kSites, {"type:Linear"}).at(0).is_named);
  EXPECT_TRUE(select_call_sites(kSites, {"b.fc"}).at(0).is_named);
  EXPECT_TRUE(select_call_sites(kSites, {"*", "b.fc"}).at(4).is_named);
}

TEST(SelectorErrors, ListTheNearestAddresses) {
  EXPECT_THAT(
      [] {
        select_call_sites(kSites, {"*", "b.fx"});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("'b.fx'"), HasSubstr("nearest are b.fc"), HasSubstr("a.0.fc#1"))));
  EXPECT_THAT([] { select_call_sites(kSites, {"a.0/tan"}); },
              ThrowsMessage<Error>(HasSubstr("nearest are a.0/tanh#0")));
  EXPECT_THAT([] { select_call_sites(kSites, {"fn:padd"}); }, ThrowsMessage<Error>(HasSubstr("nearest are fn:pad")));
  EXPECT_THAT([] { select_call_sites(kSites, {"type:Conv*"}); },
              ThrowsMessage<Error>(HasSubstr("there are Block, Linear")));
  EXPECT_THAT([] { select_call_sites(kSites, {"re:c+"}); }, ThrowsMessage<Error>(HasSubstr("'re:c+'")));
  std::vector<std::string> many = {"decoder.out"};
  for (int i = 0; i < 30; ++i) {
    many.push_back("encoder." + std::to_string(i));
  }
  EXPECT_THAT([&] { select_call_sites(sites_with(many), {"decodr.out"}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("nearest are decoder.out, "), HasSubstr("31 addresses"),
                                         Not(HasSubstr("encoder.29")))));
}

TEST(SelectorErrors, SayWhatCannotBeRead) {
  for (const auto& [selector, words] : std::map<std::string, std::string>{
           {"re:(", "regular expression"},
           {"b[x]", "a number from 0"},
           {"b[-1]", "a number from 0"},
           {"b[1", "end with ]"},
           {"b[0]", "in a loop"},
           {"b@output", "only @input, [turn] and :element"},
           {"b::0", "only @input, [turn] and :element"},
           {"b:", "only @input, [turn] and :element"},
       }) {
    const std::vector<std::string> selectors = {selector};
    const std::string name = "'" + selector + "'";
    EXPECT_THAT([&] { select_call_sites(kSites, selectors); },
                ThrowsMessage<Error>(AllOf(HasSubstr(words), HasSubstr(name))));
  }
  const std::vector<std::string> turn = {"*", "!a.0[1]"};
  EXPECT_THAT([&] { select_call_sites(kSites, turn); }, ThrowsMessage<Error>(HasSubstr("taken away")));
}

TEST(SelectorErrors, NothingLeftOrNothingGiven) {
  EXPECT_THAT([] { select_call_sites(kSites, {"a", "!a*"}); }, ThrowsMessage<Error>(HasSubstr("'a' '!a*'")));
  EXPECT_THAT([] { select_call_sites(kSites, {}); }, ThrowsMessage<Error>(HasSubstr("at least one selector")));
}

TEST(SelectorErrors, SayThatAModelIsFrozen) {
  EXPECT_THAT([] { Hooked(load_model("mlp_frozen"), {"encoder.0"}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("frozen"), HasSubstr("'encoder.0'"), HasSubstr("before freezing"),
                                         HasSubstr("its operators: nearest are"), HasSubstr("./linear#0"))));
  EXPECT_THAT([] { Hooked(load_model("linear_scripted"), {"*"}); },
              ThrowsMessage<Error>(HasSubstr("single layer has the address '.'")));
  const Hooked frozen(load_model("mlp_frozen"), {"./tanh", "."});
  frozen.forward({rows({5, 6})});
  EXPECT_EQ(frozen.hook(0).num_calls(), 1);
  EXPECT_EQ(frozen.hook(1).num_calls(), 1);
}

// ---- Elements ----

TEST(Elements, AreFoundInTuplesListsDictsAndTensors) {
  const torch::Tensor x = torch::ones({2});
  c10::impl::GenericDict dict(c10::StringType::get(), c10::AnyType::get());
  dict.insert("key", x);
  c10::impl::GenericDict numbered(c10::IntType::get(), c10::TensorType::get());
  numbered.insert(7, x);
  const c10::IValue value = c10::ivalue::Tuple::create({c10::List<at::Tensor>({x, x}), dict, numbered, x, 3});
  for (const std::vector<std::string>& path :
       std::vector<std::vector<std::string>>{{"0", "1"}, {"1", "key"}, {"2", "7"}, {"3"}, {"3", "0"}}) {
    ASSERT_TRUE(find_element(value, path)) << ::testing::PrintToString(path);
    EXPECT_TRUE(find_element(value, path)->toTensor().is_same(x));
  }
  EXPECT_EQ(find_element(value, {"4"})->toInt(), 3);
  EXPECT_TRUE(find_element(value, {})->isTuple());
  for (const std::vector<std::string>& path : std::vector<std::vector<std::string>>{
           {"5"}, {"0", "2"}, {"0", "x"}, {"1", "no"}, {"2", "8"}, {"3", "1"}, {"4", "0"}, {"-1"}}) {
    EXPECT_FALSE(find_element(value, path)) << ::testing::PrintToString(path);
  }
}

}  // namespace
}  // namespace srm
