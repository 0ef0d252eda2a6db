#include "srm/hooked_module.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "hook/call_graph.h"
#include "hook/call_info.h"
#include "srm/error.h"

namespace srm {
namespace {

using internal::GraphSite;
using torch::jit::Graph;
using torch::jit::GraphFunction;
using torch::jit::Module;
using torch::jit::Node;
using torch::jit::Value;

/// One hook of one observer, and the argument whose value comes along as a mask.
struct PlacedHook {
  std::size_t set;  // whose it is
  HookPlace place;
  c10::intrusive_ptr<Hook> hook;
  std::string mask_input;
};

/// A module that carries hooks; null hooks and module where there is nothing to carry.
struct Wrapper {
  Module module;
  std::vector<PlacedHook> hooks;
  std::vector<std::shared_ptr<OverheadBudget>> budgets;  // of the hooks, each once
};

std::vector<std::shared_ptr<OverheadBudget>> budgets_of(const std::vector<PlacedHook>& hooks) {
  std::vector<std::shared_ptr<OverheadBudget>> budgets;
  for (const PlacedHook& placed : hooks) {
    const auto& budget = placed.hook->overhead();
    if (budget && std::find(budgets.begin(), budgets.end(), budget) == budgets.end()) budgets.push_back(budget);
  }
  return budgets;
}

/// Puts `wrapper` where `graph` takes the model as its first input; returns the value that now is the model.
Value* put_wrapper_in_front(Graph& graph, const Module& wrapper) {
  Value* const old_self = graph.inputs().at(0);
  Value* const self = graph.insertInput(0)->setType(wrapper.type());
  Value* const model = graph.prependNode(graph.createGetAttr(self, "model"))->output();
  old_self->replaceAllUsesWith(model);
  graph.eraseInput(1);
  return model;
}

/// Gives `wrapper` a method with this graph that takes what the model's `function` takes, defaults too.
void add_method(const Module& wrapper, const GraphFunction& function, std::shared_ptr<Graph> graph) {
  const auto type = wrapper.type();
  auto arguments = function.getSchema().arguments();
  arguments.at(0) = arguments[0].cloneWithType(type);
  torch::jit::Function* const method = wrapper._ivalue()->compilation_unit()->create_function(
      c10::QualifiedName(*type->name(), function.name()), std::move(graph));
  method->setSchema(function.getSchema().cloneWithArguments(std::move(arguments)));
  type->addMethod(method);
}

/// The place of the argument `name` of a method, or none.
std::optional<std::size_t> argument_index(const GraphFunction& function, const std::string& name) {
  const auto& arguments = function.getSchema().arguments();
  for (std::size_t k = 1; k < arguments.size(); ++k) {
    if (arguments[k].name() == name) return k;
  }
  return std::nullopt;
}

/// The value to observe where a mark holds `values`: the only one, or all as a tuple.
Value* value_at(Node& mark, bool as_tuple) {
  if (!as_tuple && mark.inputs().size() == 1) return mark.input(0);
  Graph& graph = *mark.owningGraph();
  return graph.createTuple(mark.inputs())->insertBefore(&mark)->output();
}

/// Puts the operator that calls the hook, the wrapper's attribute `name`, at the site in the graph.
void insert_hook(const GraphSite& found, const PlacedHook& placed, const std::string& name, Value* mask) {
  Node& mark = *(placed.place.takes_input() ? found.before : found.after);
  Graph& graph = *mark.owningGraph();
  const auto& selections = placed.place.selections;
  const bool wants_turns =
      std::any_of(selections.begin(), selections.end(), [](const Selection& s) { return s.splits_iterations; });
  Value* const value = value_at(mark, false);
  Value* const hook = graph.createGetAttr(found.around.self, name)->insertBefore(&mark)->output();
  if (!wants_turns && mask == nullptr) {
    static const auto observe = c10::Symbol::fromQualString("srm::observe");
    Node* const node = graph.create(observe, {value, hook}, 0)->insertBefore(&mark);
    node->setSourceRange(mark.sourceRange());
    return;
  }
  static const auto observe_in = c10::Symbol::fromQualString("srm::observe_in");
  std::vector<Value*> turns;
  for (std::size_t k = 0; wants_turns && k < found.around.turns.size(); ++k) {
    turns.push_back(found.around.turns[k]->count());
  }
  Value* const iteration = graph.createList(c10::IntType::get(), turns)->insertBefore(&mark)->output();
  if (mask == nullptr) {
    const torch::jit::WithInsertPoint here(&mark);
    mask = graph.insertConstant(c10::IValue());
  }
  Node* const node = graph.create(observe_in, {value, hook, iteration, mask}, 0)->insertBefore(&mark);
  node->setSourceRange(mark.sourceRange());
}

}  // namespace

struct HookedModule::State : std::enable_shared_from_this<State> {
  explicit State(Module model_) : model(std::move(model_)) {
    current = std::make_shared<const Wrapper>(build({}, &sites));
  }

  Wrapper build(std::vector<PlacedHook> hooks, std::vector<CallSite>* all_sites) const;
  void publish(std::vector<PlacedHook> hooks) {
    current.store(std::make_shared<const Wrapper>(build(std::move(hooks), nullptr)));
  }
  void detach(std::size_t set) {
    const std::lock_guard lock(mutex);
    std::vector<PlacedHook> kept;
    for (const PlacedHook& placed : current.load()->hooks) {
      if (placed.set != set) kept.push_back(placed);
    }
    publish(std::move(kept));
  }

  const Module model;
  std::vector<CallSite> sites;
  std::mutex mutex;  // held while hooks come and go, never while the model runs
  std::size_t next_set = 0;
  std::atomic<std::shared_ptr<const Wrapper>> current;
};

// Always from the model's own graphs: a graph that was laid open has no calls left to find.
Wrapper HookedModule::State::build(std::vector<PlacedHook> hooks, std::vector<CallSite>* all_sites) const {
  const std::vector<GraphFunction*> functions = internal::methods_of(model);
  // By the model's own name, which messages about wrong arguments give; its type lives in a compilation unit apart.
  Module wrapper(*model.type()->name());
  // A frozen model has no such attribute, and Module::is_training() calls it training.
  wrapper.register_attribute("training", c10::BoolType::get(), model.hasattr("training") && model.is_training());
  wrapper.register_module("model", model);
  for (std::size_t k = 0; k < hooks.size(); ++k) {
    const c10::IValue object = hooks[k].hook->object();
    wrapper.register_attribute(fmt::format("hook_{}", k), object.type(), object);
  }
  std::vector<std::string> masks;
  for (const PlacedHook& placed : hooks) {
    if (!placed.mask_input.empty() && std::find(masks.begin(), masks.end(), placed.mask_input) == masks.end()) {
      masks.push_back(placed.mask_input);
    }
  }

  std::vector<std::shared_ptr<Graph>> graphs;
  std::vector<std::pair<std::string, std::vector<GraphSite>>> methods;
  std::vector<std::map<std::string, std::size_t>> mask_places(functions.size());  // into what is carried
  for (std::size_t m = 0; m < functions.size(); ++m) {
    auto graph = functions[m]->graph()->copy();
    Value* const model_value = put_wrapper_in_front(*graph, wrapper);
    internal::Surroundings around{graph->inputs().at(0), {}, {}};
    for (const std::string& name : masks) {
      if (const auto index = argument_index(*functions[m], name)) {
        mask_places[m].emplace(name, around.carried.size());
        around.carried.push_back(graph->inputs().at(*index));
      }
    }
    auto found = internal::lay_open_calls(*graph, model_value, functions[m]->name(), around);
    methods.emplace_back(functions[m]->name(), std::move(found));
    graphs.push_back(std::move(graph));
  }

  internal::NamedSites named = internal::name_sites(methods);
  std::multimap<std::size_t, std::size_t> hooks_at;
  for (std::size_t k = 0; k < hooks.size(); ++k) hooks_at.emplace(hooks[k].place.selections.front().site, k);
  for (std::size_t m = 0; m < functions.size(); ++m) {
    for (std::size_t s = 0; s < methods[m].second.size(); ++s) {
      const GraphSite& found = methods[m].second[s];
      const auto [begin, end] = hooks_at.equal_range(named.index[m][s]);
      for (auto at = begin; at != end; ++at) {
        const PlacedHook& placed = hooks[at->second];
        const auto mask = mask_places[m].find(placed.mask_input);
        Value* const mask_value = mask == mask_places[m].end() ? nullptr : found.around.carried.at(mask->second);
        insert_hook(found, placed, fmt::format("hook_{}", at->second), mask_value);
      }
      found.before->destroy();
      found.after->destroy();
    }
    add_method(wrapper, *functions[m], graphs[m]);
  }
  if (all_sites != nullptr) *all_sites = std::move(named.sites);
  auto budgets = budgets_of(hooks);
  return {std::move(wrapper), std::move(hooks), std::move(budgets)};
}

std::vector<CallSite> call_sites(const Module& model) { return HookedModule(model).sites(); }

HookSet::~HookSet() {
  if (detach_) {
    set_enabled(false);
    detach_();
  }
}

HookSet& HookSet::operator=(HookSet&& other) noexcept {
  std::swap(places_, other.places_);
  std::swap(hooks_, other.hooks_);
  std::swap(detach_, other.detach_);
  return *this;
}

void HookSet::set_enabled(bool enabled) const {
  for (const auto& hook : hooks_) hook->set_enabled(enabled);
}

HookedModule::HookedModule(const Module& model) : state_(std::make_shared<State>(model)) {}

const std::vector<CallSite>& HookedModule::sites() const { return state_->sites; }

HookSet HookedModule::attach(const std::vector<std::string>& selectors, const HookFactory& make_hook,
                             const std::string& mask_input) {
  return attach_at(select_call_sites(state_->sites, selectors), make_hook, mask_input);
}

HookSet HookedModule::attach_at(const std::vector<Selection>& selections, const HookFactory& make_hook,
                                const std::string& mask_input) {
  const auto functions = internal::methods_of(state_->model);
  if (!mask_input.empty() &&
      std::none_of(functions.begin(), functions.end(), [&](auto* f) { return argument_index(*f, mask_input); })) {
    std::vector<std::string> names;
    for (const auto& argument : functions.front()->getSchema().arguments()) names.push_back(argument.name());
    names.erase(names.begin());
    throw Error("hook", "a mask must be an argument of the model", fmt::format("'{}'", mask_input),
                fmt::format("{} takes {}", functions.front()->name(), fmt::join(names, ", ")));
  }
  HookSet set;
  for (const Selection& selection : selections) {
    const bool is_same = !set.places_.empty() && set.places_.back().selections.front().site == selection.site &&
                         set.places_.back().takes_input() == selection.takes_input;
    if (is_same) {
      set.places_.back().selections.push_back(selection);
      continue;
    }
    const CallSite& site = state_->sites.at(selection.site);
    set.places_.push_back({site.address + (selection.takes_input ? "@input" : ""), site, {selection}});
  }
  for (const HookPlace& place : set.places_) {
    set.hooks_.push_back(make_hook ? make_hook(place) : c10::make_intrusive<Hook>(place.address));
  }
  const std::lock_guard lock(state_->mutex);
  const std::size_t id = state_->next_set++;
  std::vector<PlacedHook> hooks = state_->current.load()->hooks;
  for (std::size_t k = 0; k < set.size(); ++k) hooks.push_back({id, set.places_[k], set.hooks_[k], mask_input});
  state_->publish(std::move(hooks));
  set.detach_ = [state = state_, id] { state->detach(id); };
  return set;
}

c10::IValue HookedModule::forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs) const {
  return run_method("forward", std::move(inputs), kwargs);
}

c10::IValue HookedModule::run_method(const std::string& method, std::vector<c10::IValue> inputs,
                                     const torch::jit::Kwargs& kwargs) const {
  const std::shared_ptr<const Wrapper> wrapper = state_->current.load();
  const Module& module = wrapper->hooks.empty() ? state_->model : wrapper->module;
  const internal::CallMeter meter(wrapper->budgets);
  try {
    return module.get_method(method)(std::move(inputs), kwargs);
  } catch (const std::exception& exception) {
    for (const PlacedHook& placed : wrapper->hooks) {
      if (const auto thrown = placed.hook->take_thrown(exception.what())) {
        throw *thrown;
      }
    }
    throw;
  }
}

Module HookedModule::module() const { return state_->current.load()->module; }

const Module& HookedModule::original() const { return state_->model; }

}  // namespace srm
