#include "srm/instrumented_model.h"

#include <fmt/format.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "hook/observe_operator.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

using nlohmann::json;

constexpr const char* kWhere = "instrumented model";
constexpr int kVersion = 1;

// Models that come from files share one budget: it is the process that has the memory.
std::shared_ptr<MemoryBudget> budget_of_process() {
  static const auto budget = std::make_shared<MemoryBudget>();
  return budget;
}

json to_json(const PlaneChoice& planes) {
  json listed = json::array();
  for (const auto& [i, j] : planes.listed) listed.push_back({i, j});
  return {{"kind", static_cast<int>(planes.kind)},
          {"num_planes", planes.num_planes},
          {"seed", planes.seed},
          {"listed", listed}};
}

PlaneChoice to_plane_choice(const json& value) {
  PlaneChoice planes;
  const int kind = value.at("kind");
  if (kind < 0 || kind > static_cast<int>(PlaneChoice::Kind::kNone)) {
    throw Error(kWhere, "a choice of planes must be of a known kind", std::to_string(kind),
                "instrument the model again");
  }
  planes.kind = static_cast<PlaneChoice::Kind>(kind);
  value.at("num_planes").get_to(planes.num_planes);
  value.at("seed").get_to(planes.seed);
  for (const json& plane : value.at("listed")) planes.listed.push_back({plane.at(0), plane.at(1)});
  return planes;
}

json to_json(const ObserveOptions& options) {
  json epsilons = json::array();
  for (const EpsilonChoice& choice : options.epsilon) epsilons.push_back(to_string(choice));
  json layouts = json::array();
  for (const auto& [selector, layout] : options.layouts) layouts.push_back({selector, to_string(layout)});
  return {{"layers", options.layers},
          {"epsilon", epsilons},
          {"planes", to_json(options.planes)},
          {"signed", options.is_signed},
          {"row_sums", options.row_sums},
          {"num_angles", options.num_angles},
          {"inclusive", options.grid == GridEnds::kInclusive},
          {"reference_sense", options.sense == Sense::kReference},
          {"permutation", options.pairs == Pairs::kPermutation},
          {"keeps_degenerate", options.degenerate == DegeneratePlanes::kKeptAsZeros},
          {"basis_name", options.basis ? options.basis->name() : ""},
          {"basis_lengths_kept", options.basis && options.basis->lengths() == VectorLengths::kKept},
          {"layouts", layouts},
          {"mask_input", options.mask_input},
          {"every", options.every},
          {"fraction", options.fraction},
          {"seed", options.seed},
          {"limit", options.limit ? json(*options.limit) : json()},
          {"detach", options.on_error == OnError::kDetach},
          {"num_threads", options.num_threads}};
}

Layout layout_of(const std::string& name) {
  for (const Layout layout : {Layout::kAuto, Layout::kLast, Layout::kChannels, Layout::kFlatten}) {
    if (name == to_string(layout)) return layout;
  }
  throw Error(kWhere, "a layout must be auto, last, channels or flatten", name, "instrument the model again");
}

ObserveOptions to_options(const json& value, const at::Tensor& basis) {
  ObserveOptions options;
  value.at("layers").get_to(options.layers);
  options.epsilon.clear();
  for (const json& choice : value.at("epsilon")) {
    options.epsilon.push_back(choice.is_number() ? EpsilonChoice(choice.get<double>())
                                                 : to_epsilon_choice(choice.get<std::string>()));
  }
  // Models of the first release have none of these two.
  if (value.contains("planes")) options.planes = to_plane_choice(value.at("planes"));
  if (value.contains("signed")) value.at("signed").get_to(options.is_signed);
  if (value.contains("row_sums")) value.at("row_sums").get_to(options.row_sums);
  value.at("num_angles").get_to(options.num_angles);
  options.grid = value.at("inclusive") ? GridEnds::kInclusive : GridEnds::kExclusive;
  options.sense = value.at("reference_sense") ? Sense::kReference : Sense::kNatural;
  options.pairs = value.at("permutation") ? Pairs::kPermutation : Pairs::kCombination;
  options.degenerate = value.at("keeps_degenerate") ? DegeneratePlanes::kKeptAsZeros : DegeneratePlanes::kLeftOut;
  if (basis.dim() == 2) {
    const double* data = basis.const_data_ptr<double>();
    options.basis = std::make_shared<const Basis>(Basis::from_vectors(
        value.at("basis_name").get<std::string>(), basis.size(0), basis.size(1), {data, data + basis.numel()},
        value.at("basis_lengths_kept") ? VectorLengths::kKept : VectorLengths::kNormalised));
  }
  for (const json& layout : value.at("layouts")) {
    options.layouts.emplace_back(layout.at(0).get<std::string>(), layout_of(layout.at(1).get<std::string>()));
  }
  value.at("mask_input").get_to(options.mask_input);
  value.at("every").get_to(options.every);
  value.at("fraction").get_to(options.fraction);
  value.at("seed").get_to(options.seed);
  if (!value.at("limit").is_null()) options.limit = value.at("limit").get<std::int64_t>();
  options.on_error = value.at("detach") ? OnError::kDetach : OnError::kThrow;
  value.at("num_threads").get_to(options.num_threads);
  return options;
}

json to_json(const HookPlace& place) {
  json selections = json::array();
  for (const Selection& s : place.selections) {
    selections.push_back({{"site", s.site},
                          {"input", s.takes_input},
                          {"named", s.is_named},
                          {"splits", s.splits_iterations},
                          {"iteration", s.iteration},
                          {"element", s.element},
                          {"without", s.without}});
  }
  return {{"address", place.address}, {"input_names", place.site.input_names}, {"selections", selections}};
}

HookPlace to_place(const json& value) {
  HookPlace place{value.at("address").get<std::string>(), {}, {}};
  value.at("input_names").get_to(place.site.input_names);
  for (const json& s : value.at("selections")) {
    place.selections.push_back({.site = s.at("site"),
                                .takes_input = s.at("input"),
                                .is_named = s.at("named"),
                                .splits_iterations = s.at("splits"),
                                .iteration = s.at("iteration").get<std::vector<std::int64_t>>(),
                                .element = s.at("element").get<std::vector<std::string>>(),
                                .without = s.at("without").get<std::vector<std::vector<std::string>>>()});
  }
  if (place.selections.empty()) {
    throw Error(kWhere, "an observer must take something", "nothing", "instrument the model again");
  }
  return place;
}

// What an observer is in a file: its settings as JSON, its counts as the bytes of a result file, its basis.
using State = std::tuple<std::string, at::Tensor, at::Tensor>;

at::Tensor as_tensor(const std::string& bytes) {
  at::Tensor tensor = at::empty({static_cast<std::int64_t>(bytes.size())}, at::kByte);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(tensor.data_ptr()));
  return tensor;
}

State state_of(const SiteObserver& observer) {
  observer.wait();
  Results results{settings_of(observer.options()), {}, false};
  json positions = json::array();
  for (const auto& part : observer.observers()) {
    auto [resonance, position] = part->snapshot();
    if (!resonance) continue;
    results.layers.push_back(std::move(*resonance));
    positions.push_back({position.num_calls, position.num_rows, position.num_taken, position.num_samples});
  }
  const auto failure = observer.failure();
  const json settings = {{"version", kVersion},
                         {"place", to_json(observer.place())},
                         {"options", to_json(observer.options())},
                         {"layout", to_string(observer.layout())},
                         {"num_calls", observer.num_calls()},
                         {"positions", positions},
                         {"failure", failure ? json(failure->what()) : json()}};
  const auto& basis = observer.options().basis;
  at::Tensor vectors = at::empty({0}, at::kDouble);
  if (basis) vectors = at::tensor(basis->vectors(), at::kDouble).reshape({basis->num_vectors(), basis->dim()});
  return {settings.dump(), as_tensor(to_bytes(results)), vectors};
}

// A model that is loaded onto a device brings all its tensors there, those of an observer too.
at::Tensor on_cpu(const at::Tensor& tensor) {
  if (tensor.is_meta()) {
    throw Error(kWhere, "what was counted must be read", "a model that is loaded onto the meta device, without numbers",
                "load it onto a device that computes, or strip it first");
  }
  return tensor.to(at::kCPU).contiguous();
}

c10::intrusive_ptr<SiteObserver> to_observer(const State& state) {
  const auto& [text, bytes, basis] = state;
  json settings;
  try {
    settings = json::parse(text);
    if (settings.at("version") > kVersion) {
      throw Error(kWhere, fmt::format("its version must be {} or less for this plugin", kVersion),
                  settings.at("version").dump(), "load the plugin that wrote it, or a newer one");
    }
    auto observer = c10::make_intrusive<SiteObserver>(
        to_place(settings.at("place")), to_options(settings.at("options"), on_cpu(basis)),
        layout_of(settings.at("layout").get<std::string>()), budget_of_process());
    const at::Tensor counted = on_cpu(bytes);
    Results results = results_from_bytes(
        {reinterpret_cast<const char*>(counted.const_data_ptr()), static_cast<std::size_t>(counted.numel())}, kWhere);
    std::vector<std::pair<Resonance, StreamPosition>> parts;
    for (std::size_t k = 0; k < results.layers.size(); ++k) {
      const json& position = settings.at("positions").at(k);
      const std::int64_t num_samples = position.size() > 3 ? position.at(3).get<std::int64_t>() : 0;
      parts.emplace_back(std::move(results.layers[k]),
                         StreamPosition{position.at(0), position.at(1), position.at(2), num_samples});
    }
    std::optional<Error> failure;
    if (!settings.at("failure").is_null()) failure = Error::from_text(settings.at("failure").get<std::string>());
    observer->resume(settings.at("num_calls"), std::move(failure), std::move(parts));
    return observer;
  } catch (const json::exception& error) {
    throw Error(kWhere, "an observer's settings must be whole", error.what(), "instrument the model again");
  }
}

TORCH_LIBRARY_FRAGMENT(srm, library) {
  library.class_<SiteObserver>("Observer")
      .def("address", [](const c10::intrusive_ptr<SiteObserver>& self) { return self->address(); })
      .def("num_calls", [](const c10::intrusive_ptr<SiteObserver>& self) { return self->num_calls(); })
      .def("set_enabled",
           [](const c10::intrusive_ptr<SiteObserver>& self, bool enabled) { self->set_enabled(enabled); })
      .def("is_enabled", [](const c10::intrusive_ptr<SiteObserver>& self) { return self->is_enabled(); })
      .def_pickle([](const c10::intrusive_ptr<SiteObserver>& self) { return state_of(*self); },
                  [](const State& state) { return to_observer(state); });
}
const torch::jit::RegisterOperators register_observe(internal::observe_operators<SiteObserver>("Observer"));

void add_observer(const c10::IValue& value, std::vector<c10::intrusive_ptr<SiteObserver>>& observers) {
  if (!value.isCustomClass() || value.type() != c10::getCustomClassType<c10::intrusive_ptr<SiteObserver>>()) {
    return;
  }
  auto observer = value.toCustomClass<SiteObserver>();
  if (std::find(observers.begin(), observers.end(), observer) == observers.end()) observers.push_back(observer);
}

// Freezing may turn an attribute into a constant of the graph.
void find_constants(const torch::jit::Block& block, std::vector<c10::intrusive_ptr<SiteObserver>>& observers) {
  for (const torch::jit::Node* node : block.nodes()) {
    if (node->kind() == c10::prim::Constant && node->hasAttribute(c10::attr::value) &&
        node->kindOf(c10::attr::value) == torch::jit::AttributeKind::ival) {
      add_observer(node->ival(c10::attr::value), observers);
    }
    if (node->hasAttribute(c10::attr::Subgraph)) find_constants(*node->g(c10::attr::Subgraph)->block(), observers);
    for (const torch::jit::Block* inner : node->blocks()) find_constants(*inner, observers);
  }
}

[[noreturn]] void refuse_plain() {
  throw Error(kWhere, "the model must carry observers", "none",
              "give a model that `torchsrm instrument` or srm::instrument made");
}

}  // namespace

torch::jit::Module instrument(const torch::jit::Module& model, const ObserveOptions& options,
                              std::shared_ptr<MemoryBudget> budget) {
  if (passes_of(options).size() > 1 || options.basis_rule.make) {
    throw Error(
        "instrument",
        "an instrumented model cannot look at data before it counts, as centring, epsilon auto:data, top planes "
        "and bases that follow a layer need",
        options.centre ? "centre" : "one of these", "observe the model with torchsrm observe");
  }
  if (options.by_class || options.num_nearest || !options.density_planes.empty() || options.num_test_rows != 0) {
    throw Error("instrument", "an instrumented model counts curves alone", "classes, neurons, densities or tests",
                "observe the model with torchsrm observe");
  }
  if (options.max_overhead || options.queue) {
    throw Error("instrument", "an instrumented model counts in its calls, of which nobody measures the time",
                options.queue ? "a queue" : "a budget of overhead", "observe the model with srm::ObservedModule");
  }
  if (!observers_of(model).empty()) {
    throw Error("instrument", "the model must be a plain one", "one that carries observers already",
                "take them out with torchsrm strip, or srm::strip");
  }
  return ObservedModule(model, options, std::move(budget)).release();
}

std::vector<c10::intrusive_ptr<SiteObserver>> observers_of(const torch::jit::Module& model) {
  std::vector<c10::intrusive_ptr<SiteObserver>> observers;
  for (const auto& attribute : model.named_attributes(/*recurse=*/false)) add_observer(attribute.value, observers);
  if (observers.empty()) {
    for (const auto& method : model.get_methods()) {
      const auto* function = torch::jit::tryToGraphFunction(method.function());
      if (function != nullptr) find_constants(*function->graph()->block(), observers);
    }
  }
  // Freezing puts them into another order.
  std::stable_sort(observers.begin(), observers.end(), [](const auto& a, const auto& b) {
    const Selection &x = a->place().selections.front(), &y = b->place().selections.front();
    return x.site != y.site ? x.site < y.site : x.takes_input > y.takes_input;
  });
  return observers;
}

Results collect(const torch::jit::Module& model) {
  const auto observers = observers_of(model);
  if (observers.empty()) refuse_plain();
  Results results{settings_of(observers.front()->options()), {}, false};
  for (const auto& observer : observers) {
    results.partial |= observer->failure().has_value();
    for (const auto& part : observer->observers()) {
      if (auto resonance = part->resonance()) results.layers.push_back(std::move(*resonance));
    }
  }
  return results;
}

torch::jit::Module strip(const torch::jit::Module& model) {
  if (observers_of(model).empty()) refuse_plain();
  if (!model.hasattr("model")) {
    throw Error(kWhere, "the plain model must still be inside", "a model that was frozen since",
                "strip the file that was instrumented, before it was frozen");
  }
  return model.attr("model").toModule();
}

}  // namespace srm
