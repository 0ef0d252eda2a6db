#include "hook/graph_constants.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>

namespace srm::internal {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

void collect_names_set(const Block& block, std::set<std::string>& names) {
  for (const Node* node : block.nodes()) {
    if (node->kind() == c10::prim::SetAttr) names.insert(node->s(c10::attr::name));
    for (const Block* inner : node->blocks()) collect_names_set(*inner, names);
    if (node->hasAttribute(c10::attr::Subgraph)) collect_names_set(*node->g(c10::attr::Subgraph)->block(), names);
  }
}

/// Numbers, truth values, text and nothing: what cannot change in place.
bool is_plain(const c10::IValue& value) {
  return value.isInt() || value.isDouble() || value.isBool() || value.isString() || value.isNone();
}

bool may_be_plain(const c10::TypePtr& type) {
  const auto optional = type->cast<c10::OptionalType>();
  switch ((optional ? optional->getElementType() : type)->kind()) {
    case c10::TypeKind::IntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::StringType:
    case c10::TypeKind::NoneType:
    case c10::TypeKind::NumberType:
      return true;
    default:
      return false;
  }
}

}  // namespace

GraphConstants::GraphConstants(const torch::jit::Module& model) : model_(model._ivalue()) {
  for (const torch::jit::Module& module : model.modules()) {
    for (const auto& method : module.get_methods()) {
      torch::jit::GraphFunction* const function = torch::jit::tryToGraphFunction(method.function());
      if (function == nullptr) continue;
      function->ensure_defined();
      collect_names_set(*function->graph()->block(), names_set_);
    }
  }
}

void GraphConstants::add(const Graph& graph) {
  models_.insert(graph.inputs().at(0));
  note_forks(*graph.block());
}

void GraphConstants::note_forks(const Block& block) {
  for (const Node* node : block.nodes()) {
    for (const Block* inner : node->blocks()) note_forks(*inner);
    if (node->kind() != c10::prim::fork && node->kind() != c10::prim::awaitable) continue;
    const Graph& body = *node->g(c10::attr::Subgraph);
    for (std::size_t k = 0; k < node->inputs().size(); ++k) handed_in_.emplace(body.inputs().at(k), node->input(k));
    note_forks(*body.block());
  }
}

std::optional<c10::IValue> GraphConstants::of(const Value& value) const {
  if (models_.contains(&value)) return model_;
  if (const auto outside = handed_in_.find(&value); outside != handed_in_.end()) return of(*outside->second);
  const Node& node = *value.node();
  if (node.kind() == c10::prim::Constant) return torch::jit::toIValue(&value);
  if (node.kind() == c10::prim::GetAttr) return attribute(node);
  if (node.kind() == c10::prim::unchecked_cast) return of(*node.input());
  if (node.kind() == c10::prim::If) {
    const auto condition = of(*node.input());
    if (!condition || !condition->isBool()) return std::nullopt;
    return of(*node.blocks().at(condition->toBool() ? 0 : 1)->outputs().at(value.offset()));
  }
  return evaluate(node);
}

std::optional<c10::IValue> GraphConstants::attribute(const Node& get) const {
  const std::string& name = get.s(c10::attr::name);
  const auto owner = of(*get.input());
  if (!owner || !owner->isModule() || names_set_.contains(name)) return std::nullopt;
  const c10::IValue value = owner->toObjectRef().getAttr(name);
  if (!value.isModule() && !is_plain(value)) return std::nullopt;
  return value;
}

// No tensors: a chain of operators on data is then left at its first link.
std::optional<c10::IValue> GraphConstants::evaluate(const Node& node) const {
  if (!node.kind().is_aten() || node.outputs().size() != 1 || !may_be_plain(node.output()->type())) return std::nullopt;
  const c10::FunctionSchema* const schema = node.maybeSchema();
  if (schema == nullptr || schema->is_mutable() || node.isNondeterministic() || node.hasSideEffects()) {
    return std::nullopt;
  }
  torch::jit::Stack stack;
  for (const Value* input : node.inputs()) {
    auto known = of(*input);
    if (!known) return std::nullopt;
    stack.push_back(std::move(*known));
  }
  node.getOperation()(stack);
  return stack.at(0);
}

}  // namespace srm::internal
