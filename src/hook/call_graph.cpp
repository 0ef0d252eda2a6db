#include "hook/call_graph.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/ir/ir.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace srm::internal {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::GraphFunction;
using torch::jit::InlinedCallStack;
using torch::jit::InlinedCallStackPtr;
using torch::jit::Node;
using torch::jit::Value;

constexpr std::string_view kModelPath = ".";

std::string join(const std::string& path, const std::string& name) {
  return path == kModelPath ? name : path + "." + name;
}

/// The class of `value` when it is a module, else null.
c10::ClassTypePtr module_type_of(const Value* value) {
  const auto type = value->type()->cast<c10::ClassType>();
  return type && type->is_module() ? type : nullptr;
}

/// forward; forward1, forward2, ... of a traced module that is called again; forward__0, ... of one with overloads.
bool is_forward(std::string_view method) {
  constexpr std::string_view kForward = "forward";
  if (!method.starts_with(kForward)) {
    return false;
  }
  method.remove_prefix(kForward.size());
  if (method.starts_with("__")) {
    method.remove_prefix(2);
  }
  return method.find_first_not_of("0123456789") == std::string_view::npos;
}

InlinedCallStackPtr join_callstacks(const InlinedCallStack& outer, const InlinedCallStackPtr& inner) {
  const auto callee = outer.callee();
  return c10::make_intrusive<InlinedCallStack>(callee ? join_callstacks(**callee, inner) : inner, outer.function(),
                                               outer.source_range(), outer.module_instance());
}

/// Inlining from the outside in notes one call for each node; with the calls that led there put in front of it, the
/// traceback of an exception is the bare model's.
void put_callstack_in_front(const InlinedCallStack& outer, Node& node) {
  if (const auto inner = node.callstack()) {
    node.setCallStack(join_callstacks(outer, *inner));
  }
  for (Block* block : node.blocks()) {
    for (Node* inside : block->nodes()) {
      put_callstack_in_front(outer, *inside);
    }
  }
}

/// Modules of equal structure share one class and its functions, so a path belongs to a value of the graph and not to a
/// type: it is followed from the model through each attribute that leads to a module, and inlining a call hands it on.
class CallOpener {
 public:
  CallGraph open(Graph& graph, Value* model, Value* self) {
    paths_.emplace(model, kModelPath);
    caller_paths_.emplace_back(kModelPath);
    observe(graph.outputs().at(0), self, module_type_of(model)->name()->name(), "forward")
        ->insertBefore(graph.return_node());
    walk(*graph.block(), self);
    name_addresses();
    return std::move(calls_);
  }

 private:
  void walk(Block& block, Value* self) {
    for (Node* node = block.param_node()->next(); node != block.return_node(); node = node->next()) {
      if (node->kind() == c10::prim::GetAttr) {
        follow_attribute(*node);
      } else if (node->kind() == c10::prim::CallMethod) {
        Node* const before = node->prev();
        if (inline_call(*node, self)) {
          node = before;
          continue;
        }
      } else if (const auto pending = pending_.find(node); pending != pending_.end()) {
        calls_.sites.push_back(std::move(pending->second));
        calls_.observers.push_back(node);
        caller_paths_.pop_back();
      } else if (node->kind() == c10::prim::fork) {
        walk_body(*node, self);
      }
      for (Block* inner : node->blocks()) {
        walk(*inner, self);
      }
    }
  }

  void follow_attribute(const Node& node) {
    const auto path = paths_.find(node.input());
    if (path != paths_.end() && module_type_of(node.output())) {
      paths_.insert_or_assign(node.output(), join(path->second, node.s(c10::attr::name)));
    }
  }

  /// False where a call has to stay as it is: an object that is no module, an interface, a module of unknown path.
  bool inline_call(Node& call, Value* self) {
    const auto path = paths_.find(call.input(0));
    if (path == paths_.end()) {
      return false;
    }
    const std::string& method = call.s(c10::attr::name);
    const auto type = module_type_of(call.input(0));
    GraphFunction* const function = torch::jit::tryToGraphFunction(type->getMethod(method));
    if (function == nullptr) {
      return false;
    }
    // A module that calls itself only puts its own code in order: nothing passes between modules.
    if (path->second != caller_paths_.back()) {
      caller_paths_.push_back(path->second);
      observe(call.output(), self, type->name()->name(), method)->insertAfter(&call);
    }
    function->ensure_defined();
    const auto callstack = call.callstack();
    Node* const before = call.prev();
    Node* const after = call.next();
    // The graph as it was written: the optimised one has its own calls inlined already.
    torch::jit::inlineCallTo(&call, function, function->graph().get());
    if (callstack) {
      for (Node* node = before->next(); node != after; node = node->next()) {
        put_callstack_in_front(**callstack, *node);
      }
    }
    return true;
  }

  /// The observer of a call of the module that caller_paths_ ends with. Inlining the call makes it see the callee's
  /// output; the walk comes to it when it is through with the callee.
  Node* observe(Value* output, Value* self, const std::string& module_type, const std::string& method) {
    static const auto kind = c10::Symbol::fromQualString("srm::observe");
    Node* const observer = output->owningGraph()->create(kind, {output, self}, /*num_outputs=*/0);
    observer->setSourceRange(output->node()->sourceRange());
    pending_.emplace(observer, CallSite{"", caller_paths_.back(), module_type, method});
    return observer;
  }

  void walk_body(Node& fork, Value* self) {
    Graph& body = *fork.g(c10::attr::Subgraph);
    for (std::size_t i = 0; i < fork.inputs().size(); ++i) {
      if (const auto path = paths_.find(fork.input(i)); path != paths_.end()) {
        paths_.insert_or_assign(body.inputs()[i], path->second);
      }
    }
    fork.addInput(self);
    walk(*body.block(), body.addInput()->setType(self->type()));
  }

  void name_addresses() {
    std::unordered_map<std::string, int> num_sites;
    for (CallSite& site : calls_.sites) {
      site.address = is_forward(site.method) ? site.module_path : site.module_path + "!" + site.method;
      ++num_sites[site.address];
    }
    std::unordered_map<std::string, int> next_index;
    for (CallSite& site : calls_.sites) {
      if (num_sites[site.address] > 1) {
        site.address += fmt::format("#{}", next_index[site.address]++);
      }
    }
  }

  CallGraph calls_;
  std::unordered_map<const Value*, std::string> paths_;
  std::unordered_map<const Node*, CallSite> pending_;
  std::vector<std::string> caller_paths_;
};

}  // namespace

CallGraph lay_open_calls(Graph& graph, Value* model, Value* self) { return CallOpener().open(graph, model, self); }

GraphFunction& forward_function(const torch::jit::Module& model) {
  const auto forward = model.find_method("forward");
  if (!forward) {
    std::vector<std::string> names;
    for (const auto& method : model.get_methods()) {
      names.push_back(method.name());
    }
    throw Error("hook", "a model must have the method forward",
                names.empty() ? "a model without methods" : fmt::format("one with {}", fmt::join(names, ", ")),
                "script or trace a module whose forward runs what is to be seen");
  }
  auto& function = torch::jit::toGraphFunction(forward->function());
  function.ensure_defined();
  return function;
}

}  // namespace srm::internal
