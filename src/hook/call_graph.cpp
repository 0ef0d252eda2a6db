#include "hook/call_graph.h"

#include <fmt/format.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/ir/ir_views.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "hook/callee.h"
#include "srm/error.h"

namespace srm::internal {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::GraphFunction;
using torch::jit::InlinedCallStack;
using torch::jit::InlinedCallStackPtr;
using torch::jit::Node;
using torch::jit::Value;

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

/// The list or dict of modules in `parent` that holds `name`, where it is the only one: callstacks leave it out.
std::optional<std::string> container_of(const c10::ClassTypePtr& parent, const std::string& name,
                                        const c10::ClassTypePtr& type) {
  if (!parent || parent->findAttribute(name)) return std::nullopt;
  std::optional<std::string> found;
  for (const c10::ClassAttribute& attribute : parent->getAttributes()) {
    const auto container = attribute.getType()->cast<c10::ClassType>();
    const auto held = container && container->is_module() ? container->findAttribute(name) : nullptr;
    if (!held || *held != *type) continue;
    if (found) return std::nullopt;
    found = attribute.getName();
  }
  return found;
}

/// Where in `path` a node stands that was inlined before we came, by freezing in this process: the callstack beyond our
/// own `depth` calls keeps the names of the modules.
std::string path_before_freezing(const std::string& path, const Node& node, std::size_t depth) {
  std::string result = path;
  c10::ClassTypePtr parent;
  if (const auto callstack = node.callstack()) {
    const auto frames = (*callstack)->vec();
    for (std::size_t k = depth; k < frames.size(); ++k) {
      const auto& instance = std::get<2>(frames[k]);
      if (!instance || !instance->class_type() || !instance->class_type()->is_module() ||
          instance->instance_name().empty() || instance->instance_name() == "SELF" ||
          instance->instance_name() == "INSTANCE_NAME_UNKNOWN") {
        continue;
      }
      if (const auto container = container_of(parent, instance->instance_name(), instance->class_type())) {
        result = join(result, *container);
      }
      result = join(result, instance->instance_name());
      parent = instance->class_type();
    }
  }
  return result;
}

/// Modules of equal structure share one class and its functions, so a path belongs to a value of the graph and not to a
/// type: it is followed from the model through each attribute that leads to a module, and inlining a call hands it on.
class CallOpener {
 public:
  std::vector<GraphSite> open(Graph& graph, Value* model, const std::string& method, const Surroundings& around) {
    paths_.emplace(model, kModelPath);
    const std::vector<Value*> all_inputs = graph.inputs().vec();
    const std::vector<Value*> inputs(all_inputs.begin() + 1, all_inputs.end());
    CallSite site{address_of_call(std::string(kModelPath), method), std::string(kModelPath),
                  module_type_of(model)->name()->name(), method};
    for (const Value* input : inputs) site.input_names.push_back(input->debugNameBase());
    GraphSite whole{std::move(site), mark(graph, inputs), mark(graph, graph.outputs().vec()), around};
    whole.before->insertAfter(*graph.nodes().begin() == model->node() ? model->node() : graph.param_node());
    whole.after->insertBefore(graph.return_node());
    callers_.push_back({std::string(kModelPath), method, 0});
    pending_.emplace(whole.after, std::move(whole));
    walk(*graph.block(), around);
    for (Node* end : ends_of_no_place_) end->destroy();
    return std::move(sites_);
  }

 private:
  /// Whose code is being walked, and how many calls were inlined to get there.
  struct Caller {
    std::string path, method;
    std::size_t depth;
  };

  void walk(Block& block, const Surroundings& around) {
    for (Node* node = block.param_node()->next(); node != block.return_node(); node = node->next()) {
      if (node->kind() == mark_kind()) {
        finish_call(*node);
      } else if (node->kind() == c10::prim::GetAttr) {
        follow_attribute(*node);
      } else if (node->kind() == c10::prim::CallMethod || node->kind() == c10::prim::CallFunction) {
        Node* const before = node->prev();
        if (open_call(*node, around)) {
          node = before;
        }
      } else if (node->kind() == c10::prim::fork || node->kind() == c10::prim::awaitable) {
        walk_body(*node, around);
      } else if (node->kind() == c10::prim::Loop) {
        Surroundings inside = around;
        inside.turns.push_back(std::make_shared<TurnCounter>(*node));
        walk(*node->blocks().at(0), inside);
      } else if (!node->blocks().empty()) {
        for (Block* inner : node->blocks()) {
          walk(*inner, around);
        }
      } else if (is_operator(*node)) {
        note_operator(*node, around);
      }
    }
  }

  void finish_call(const Node& after) {
    const auto pending = pending_.find(&after);
    if (pending == pending_.end()) return;
    if (pending->second.site.address.empty()) {
      ends_of_no_place_.push_back(pending->second.after);
    } else {
      sites_.push_back(std::move(pending->second));
    }
    callers_.pop_back();
  }

  void follow_attribute(const Node& node) {
    const auto path = paths_.find(node.input());
    if (path != paths_.end() && is_module(*node.output())) {
      paths_.insert_or_assign(node.output(), join(path->second, node.s(c10::attr::name)));
    }
  }

  /// Inlines the call where its code is known. False where it has to stay as it is: an interface, C++ code.
  bool open_call(Node& call, const Surroundings& around) {
    const auto path = call.kind() == c10::prim::CallMethod ? paths_.find(call.input(0)) : paths_.end();
    Callee callee = callee_of(call, path == paths_.end() ? nullptr : &path->second);
    const Caller& caller = callers_.back();
    if (callee.site.kind == SiteKind::kFunction) callee.site.module_path = caller.path;
    const bool is_forward_call = callee.site.kind == SiteKind::kModule && is_forward(callee.site.method);
    // A forward that leads to an overload of itself gives once; helpers that give no activation are no place of one.
    const bool is_no_place =
        is_forward_call ? callee.site.module_path == caller.path && is_forward(caller.method) : !gives_activation(call);
    const Caller inside{callee.site.module_path,
                        callee.site.kind == SiteKind::kModule ? callee.site.method : caller.method, caller.depth + 1};
    GraphSite site{std::move(callee.site), nullptr, mark(*call.owningGraph(), call.outputs().vec()), around};
    site.after->insertAfter(&call);
    if (is_no_place) {
      site.site.address.clear();
    } else {
      site.site.source = source_of(call);
      site.before = mark(*call.owningGraph(), callee.inputs);
      site.before->insertBefore(&call);
    }
    if (callee.function == nullptr) {
      if (is_no_place) {
        site.after->destroy();
      } else {
        sites_.push_back(std::move(site));
      }
      return false;
    }
    Node* const after = site.after;
    callers_.push_back(inside);
    pending_.emplace(after, std::move(site));
    inline_call(call, *callee.function, *after);
    return true;
  }

  static void inline_call(Node& call, GraphFunction& function, const Node& after) {
    function.ensure_defined();
    const auto callstack = call.callstack();
    Node* const before = call.prev();
    if (call.kind() == c10::prim::CallFunction) {
      call.removeInput(0);
    }
    // The graph as it was written: the optimised one has its own calls inlined already.
    torch::jit::inlineCallTo(&call, &function, function.graph().get());
    if (callstack) {
      for (Node* node = before->next(); node != &after; node = node->next()) {
        put_callstack_in_front(**callstack, *node);
      }
    }
  }

  void note_operator(Node& node, const Surroundings& around) {
    const Caller& caller = callers_.back();
    const std::string path = path_before_freezing(caller.path, node, caller.depth);
    std::vector<Value*> inputs;
    CallSite site{path + "/" + node.kind().toUnqualString(), path, node.kind().toQualString(), "", SiteKind::kNode};
    for (Value* input : node.inputs()) {
      if (is_data(*input)) {
        inputs.push_back(input);
        site.input_names.push_back(input->debugNameBase());
      }
    }
    site.source = source_of(node);
    GraphSite found{std::move(site), mark(*node.owningGraph(), inputs), mark(*node.owningGraph(), node.outputs().vec()),
                    around};
    found.before->insertBefore(&node);
    found.after->insertAfter(&node);
    sites_.push_back(std::move(found));
  }

  void walk_body(Node& fork, const Surroundings& around) {
    Graph& body = *fork.g(c10::attr::Subgraph);
    for (std::size_t i = 0; i < fork.inputs().size(); ++i) {
      if (const auto path = paths_.find(fork.input(i)); path != paths_.end()) {
        paths_.insert_or_assign(body.inputs()[i], path->second);
      }
    }
    const auto hand_in = [&](Value* value) {
      fork.addInput(value);
      return body.addInput()->setType(value->type());
    };
    Surroundings inside;
    inside.self = hand_in(around.self);
    for (Value* value : around.carried) inside.carried.push_back(hand_in(value));
    for (const auto& turn : around.turns) {
      inside.turns.push_back(std::make_shared<TurnCounter>(hand_in(turn->count())));
    }
    walk(*body.block(), inside);
  }

  static c10::Symbol mark_kind() {
    static const auto kind = c10::Symbol::fromQualString("srm::mark");
    return kind;
  }
  static Node* mark(Graph& graph, const std::vector<Value*>& values) {
    return graph.create(mark_kind(), values, /*num_outputs=*/0);
  }

  std::vector<GraphSite> sites_;
  std::unordered_map<const Value*, std::string> paths_;
  std::unordered_map<const Node*, GraphSite> pending_;
  std::vector<Node*> ends_of_no_place_;  // marks behind calls that are walked, and then of no use
  std::vector<Caller> callers_;
};

}  // namespace

Value* TurnCounter::count() {
  if (count_ != nullptr) return count_;
  Block& body = *loop_->blocks().at(0);
  if (torch::jit::LoopView(loop_).loopType() != torch::jit::LoopView::LoopType::While) {
    return count_ = body.inputs().at(0);
  }
  Graph& graph = *loop_->owningGraph();
  {
    const torch::jit::WithInsertPoint before(loop_);
    loop_->addInput(graph.insertConstant(0));
  }
  count_ = body.addInput()->setType(c10::IntType::get());
  {
    const torch::jit::WithInsertPoint at_end(body.return_node());
    body.registerOutput(graph.insert(c10::aten::add, {count_, 1}));
  }
  loop_->addOutput()->setType(c10::IntType::get());
  return count_;
}

std::vector<GraphSite> lay_open_calls(Graph& graph, Value* model, const std::string& name, const Surroundings& around) {
  return CallOpener().open(graph, model, name, around);
}

NamedSites name_sites(const std::vector<std::pair<std::string, std::vector<GraphSite>>>& methods) {
  std::unordered_map<std::string, int> most_places;
  for (const auto& [method, sites] : methods) {
    std::unordered_map<std::string, int> num_places;
    for (const GraphSite& found : sites) {
      int& most = most_places[found.site.address];
      most = std::max(most, ++num_places[found.site.address]);
    }
  }
  NamedSites named;
  std::unordered_map<std::string, std::size_t> place_of;
  for (const auto& [method, sites] : methods) {
    std::unordered_map<std::string, int> next_place;
    auto& index = named.index.emplace_back();
    for (const GraphSite& found : sites) {
      CallSite site = found.site;
      if (most_places[site.address] > 1) {
        site.address += fmt::format("#{}", next_place[found.site.address]++);
      }
      const auto [place, is_new] = place_of.emplace(site.address, named.sites.size());
      if (is_new) named.sites.push_back(std::move(site));
      CallSite& same = named.sites[place->second];
      same.methods.push_back(method);
      same.num_loops = std::max(same.num_loops, static_cast<int>(found.around.turns.size()));
      index.push_back(place->second);
    }
  }
  return named;
}

std::vector<GraphFunction*> methods_of(const torch::jit::Module& model) {
  std::vector<GraphFunction*> methods;
  for (const auto& method : model.get_methods()) {
    GraphFunction* const function = torch::jit::tryToGraphFunction(method.function());
    if (function == nullptr) continue;
    function->ensure_defined();
    methods.push_back(function);
  }
  std::stable_partition(methods.begin(), methods.end(),
                        [](const GraphFunction* function) { return function->name() == "forward"; });
  if (methods.empty()) {
    throw Error("hook", "a model must have a method that can be run", "a model without methods",
                "script or trace a module whose forward runs what is to be seen");
  }
  return methods;
}

}  // namespace srm::internal
