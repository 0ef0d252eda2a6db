#include <fmt/format.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "hook/call_graph.h"

namespace srm {
namespace {

using torch::jit::Graph;
using torch::jit::GraphFunction;
using torch::jit::Module;
using torch::jit::Node;
using torch::jit::Value;

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

/// A graph that calls the model's `function` and does nothing else.
std::shared_ptr<Graph> passing_on(const GraphFunction& function, const Module& wrapper) {
  auto graph = std::make_shared<Graph>();
  std::vector<Value*> inputs;
  for (const Value* input : std::as_const(*function.graph()).inputs()) {
    inputs.push_back(graph->addInput()->setType(input->type()));
  }
  Node* const call = graph->appendNode(graph->create(c10::prim::CallMethod, inputs));
  call->s_(c10::attr::name, function.name())->output()->setType(function.graph()->outputs().at(0)->type());
  graph->registerOutput(call->output());
  put_wrapper_in_front(*graph, wrapper);
  return graph;
}

}  // namespace

std::vector<CallSite> call_sites(const Module& model) {
  const auto graph = internal::forward_function(model).graph()->copy();
  return internal::lay_open_calls(*graph, graph->inputs().at(0), graph->inputs().at(0)).sites;
}

HookedModule::HookedModule(const Module& model) {
  attach(model, [](const std::vector<CallSite>& sites) {
    std::vector<std::size_t> every(sites.size());
    std::iota(every.begin(), every.end(), std::size_t{0});
    return every;
  });
}

HookedModule::HookedModule(const Module& model, const std::vector<std::string>& selectors) {
  attach(model, [&](const std::vector<CallSite>& sites) { return select_call_sites(sites, selectors); });
}

void HookedModule::attach(const Module& model, const Choice& choose) {
  const GraphFunction& forward = internal::forward_function(model);
  // By the model's own name, which messages about wrong arguments give; its type lives in a compilation unit apart.
  wrapper_ = Module(*model.type()->name());
  // A frozen model has no such attribute, and Module::is_training() calls it training.
  wrapper_.register_attribute("training", c10::BoolType::get(), model.hasattr("training") && model.is_training());
  wrapper_.register_module("model", model);

  const auto graph = forward.graph()->copy();
  Value* const model_value = put_wrapper_in_front(*graph, wrapper_);
  internal::CallGraph calls = internal::lay_open_calls(*graph, model_value, graph->inputs().at(0));
  const std::vector<std::size_t> chosen = choose(calls.sites);
  for (std::size_t i = 0; i < calls.sites.size(); ++i) {
    Node* const observer = calls.observers[i];
    if (!std::binary_search(chosen.begin(), chosen.end(), i)) {
      observer->destroy();
      continue;
    }
    const auto hook = c10::make_intrusive<Hook>(calls.sites[i].address);
    const std::string attribute = fmt::format("hook_{}", hooks_.size());
    wrapper_.register_attribute(attribute, c10::getCustomClassType<c10::intrusive_ptr<Hook>>(), hook);
    Node* const get_hook = observer->owningGraph()->createGetAttr(observer->input(1), attribute);
    observer->replaceInput(1, get_hook->insertBefore(observer)->output());
    hooks_.push_back(hook);
    sites_.push_back(std::move(calls.sites[i]));
  }
  add_method(wrapper_, forward, graph);

  for (const auto& method : model.get_methods()) {
    if (method.name() != "forward") {
      auto& function = torch::jit::toGraphFunction(method.function());
      function.ensure_defined();
      add_method(wrapper_, function, passing_on(function, wrapper_));
    }
  }
}

c10::IValue HookedModule::forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs) {
  try {
    return wrapper_.forward(std::move(inputs), kwargs);
  } catch (const std::exception& exception) {
    for (const auto& hook : hooks_) {
      if (const auto failure = hook->take_failure(exception.what())) {
        throw *failure;
      }
    }
    throw;
  }
}

}  // namespace srm
