#include "srm/activation_function.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "hook/call_graph.h"
#include "hook/graph_constants.h"
#include "hook/pointwise_program.h"
#include "hook/site_reader.h"
#include "srm/error.h"

namespace srm {
namespace {

using internal::GraphConstants;
using internal::GraphSite;
using internal::Operand;
using internal::PointwiseProgram;
using internal::Reading;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

/// "relu" is the operator aten::relu; these are put together of several.
struct Composed {
  const char* name;
  PointwiseProgram program;
  std::size_t result;
};

const c10::FunctionSchema& schema_of(const std::string& name, const std::string& overload = "") {
  return c10::Dispatcher::singleton().findSchemaOrThrow(("aten::" + name).c_str(), overload.c_str()).schema();
}

const std::vector<Composed>& composed_functions() {
  static const auto functions = [] {
    const Operand x{0, {}};
    PointwiseProgram softsign, tanhshrink;
    const auto magnitude = softsign.append(schema_of("abs"), {x});
    const auto denominator = softsign.append(schema_of("add", "Scalar"), {{magnitude, {}}, {{}, 1}, {{}, 1}});
    const auto quotient = softsign.append(schema_of("div", "Tensor"), {x, {denominator, {}}});
    const auto tanh = tanhshrink.append(schema_of("tanh"), {x});
    const auto difference = tanhshrink.append(schema_of("sub", "Tensor"), {x, {tanh, {}}, {{}, 1}});
    return std::vector<Composed>{{"softsign", std::move(softsign), quotient.value()},
                                 {"tanhshrink", std::move(tanhshrink), difference.value()}};
  }();
  return functions;
}

ActivationFunction function_of(std::string name, PointwiseProgram program, std::size_t result) {
  return {std::move(name),
          [program = std::move(program), result](const at::Tensor& x) { return program.run(x, result); }};
}

std::string name_of(const Reading& reading, const CallSite& site) {
  if (const auto name = reading.program.operator_name(reading.result)) return *name;
  const std::string text = reading.program.text();
  for (const Composed& known : composed_functions()) {
    if (known.result == reading.result && known.program.text() == text) return known.name;
  }
  return site.kind == SiteKind::kNode ? text : site.type;
}

/// A place in a graph, with its address.
struct Place {
  const GraphSite* found;
  const CallSite* site;
};
using PlaceOfMark = std::unordered_map<const Node*, Place>;

/// An activation function, and where it acts.
struct Acting {
  Reading reading;
  Place place;
  bool is_same(const Acting& other) const {
    return place.site == other.place.site && reading.argument == other.reading.argument &&
           reading.result == other.reading.result && reading.program.text() == other.reading.program.text();
  }
};

/// At the place itself or, where it only hands on what a place inside gave last, at that.
std::optional<Acting> acting_at(const Place& outer, const PlaceOfMark& ends, const GraphConstants& constants) {
  const Node* const end = outer.found->after;
  for (const Node* node = end; node != outer.found->before; node = node->prev()) {
    const auto inner = ends.find(node);
    if (inner != ends.end() && node->inputs().equals(end->inputs())) {
      if (auto reading = internal::read_site(*inner->second.found, constants))
        return {{*std::move(reading), inner->second}};
    }
    if (!internal::does_nothing(*node)) break;
  }
  return std::nullopt;
}

/// What all the places of one address give, where they agree.
std::optional<ActivationFunction> common_function(const std::vector<Place>& places, const PlaceOfMark& ends,
                                                  const GraphConstants& constants) {
  std::optional<Acting> common;
  for (const Place& place : places) {
    auto acting = acting_at(place, ends, constants);
    if (!acting || (common && !common->is_same(*acting))) return std::nullopt;
    common = std::move(acting);
  }
  if (!common) return std::nullopt;
  auto& [reading, place] = *common;
  std::string name = name_of(reading, *place.site);
  ActivationFunction function = function_of(std::move(name), std::move(reading.program), reading.result);
  function.address = place.site->address;
  function.argument = reading.argument;
  return function;
}

/// The constants in "leaky-relu(0.2)"; none where they cannot be read.
std::optional<std::vector<double>> read_constants(std::string_view text) {
  std::vector<double> constants;
  while (!text.empty()) {
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt;
    constants.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    if (text.empty()) break;
    if (!text.starts_with(',') || text.size() == 1) return std::nullopt;
    text.remove_prefix(std::min(text.find_first_not_of(' ', 1), text.size()));
  }
  return constants;
}

/// The operator with `constants` in place of the first of its usual ones.
std::optional<ActivationFunction> operator_with(const std::string& name, const std::vector<double>& constants,
                                                const std::optional<std::string>& variant) {
  const auto& arguments = schema_of(name).arguments();
  if (constants.size() + 1 > arguments.size()) return std::nullopt;
  std::vector<Operand> operands = {{0, {}}};
  for (std::size_t k = 1; k < arguments.size(); ++k) {
    const c10::IValue usual = arguments[k].default_value().value();
    if (k <= constants.size() && !usual.isScalar()) return std::nullopt;
    operands.push_back({{}, k <= constants.size() ? c10::IValue(constants[k - 1]) : variant ? *variant : usual});
  }
  PointwiseProgram program;
  const std::size_t result = program.append(schema_of(name), std::move(operands)).value();
  const std::string full_name = program.operator_name(result).value();
  return function_of(full_name, std::move(program), result);
}

}  // namespace

std::vector<std::optional<ActivationFunction>> activation_functions_at(const torch::jit::Module& model,
                                                                       std::span<const CallSite> sites) {
  std::vector<std::shared_ptr<Graph>> graphs;
  std::vector<std::pair<std::string, std::vector<GraphSite>>> methods;
  GraphConstants constants(model);
  for (const torch::jit::GraphFunction* function : internal::methods_of(model)) {
    graphs.push_back(function->graph()->copy());
    Value* const self = graphs.back()->inputs().at(0);
    methods.emplace_back(function->name(),
                         internal::lay_open_calls(*graphs.back(), self, function->name(), {self, {}, {}}));
    constants.add(*graphs.back());
  }
  const internal::NamedSites named = internal::name_sites(methods);
  std::unordered_map<std::string, std::vector<Place>> places;
  PlaceOfMark ends;
  for (std::size_t m = 0; m < methods.size(); ++m) {
    for (std::size_t k = 0; k < methods[m].second.size(); ++k) {
      const Place place{&methods[m].second[k], &named.sites[named.index[m][k]]};
      places[place.site->address].push_back(place);
      ends.emplace(place.found->after, place);
    }
  }
  std::vector<std::optional<ActivationFunction>> functions;
  for (const CallSite& site : sites) {
    const auto found = places.find(site.address);
    if (found == places.end()) {
      throw Error("hook", "a call site must be one of the model's", fmt::format("'{}'", site.address),
                  "take it from call_sites() of the same model");
    }
    functions.push_back(common_function(found->second, ends, constants));
  }
  return functions;
}

std::optional<ActivationFunction> activation_function_at(const torch::jit::Module& model, const CallSite& site) {
  return activation_functions_at(model, {&site, 1}).front();
}

Selection input_of(const ActivationFunction& function, const std::vector<CallSite>& sites, const Selection& output) {
  const auto site = std::find_if(sites.begin(), sites.end(),
                                 [&](const CallSite& candidate) { return candidate.address == function.address; });
  if (site == sites.end()) {
    throw Error("hook", "an activation function must act at a call site of the model",
                fmt::format("{} at '{}'", function.name, function.address),
                "take it from activation_function_at() of the same model");
  }
  Selection input = output;
  input.site = static_cast<std::size_t>(site - sites.begin());
  input.takes_input = true;
  input.element = {std::to_string(function.argument)};
  return input;
}

std::optional<ActivationFunction> activation_function_named(std::string_view name) {
  const std::size_t bracket = std::min(name.find('('), name.size());
  const bool has_constants = bracket < name.size();
  if (has_constants && !name.ends_with(')')) return std::nullopt;
  std::string base(name.substr(0, bracket));
  const auto& names = activation_function_names();
  const auto constants =
      has_constants ? read_constants(name.substr(bracket + 1, name.size() - bracket - 2)) : std::vector<double>{};
  if (!constants || (has_constants && constants->empty()) ||
      std::find(names.begin(), names.end(), base) == names.end()) {
    return std::nullopt;
  }
  for (const Composed& known : composed_functions()) {
    if (base != known.name) continue;
    return has_constants ? std::nullopt : std::optional(function_of(base, known.program, known.result));
  }
  if (base == "gelu-tanh") {
    return has_constants ? std::nullopt : operator_with("gelu", {}, "tanh");
  }
  std::replace(base.begin(), base.end(), '-', '_');
  return operator_with(base, *constants, std::nullopt);
}

const std::vector<std::string>& activation_function_names() {
  static const std::vector<std::string> names = {
      "relu",      "gelu",     "gelu-tanh",   "tanh",     "sigmoid",    "silu",       "relu6",
      "elu",       "celu",     "selu",        "mish",     "leaky-relu", "hardtanh",   "hardsigmoid",
      "hardswish", "softplus", "log-sigmoid", "softsign", "hardshrink", "softshrink", "tanhshrink"};
  return names;
}

}  // namespace srm
