#include "hook/site_reader.h"

#include <unordered_map>
#include <utility>
#include <vector>

namespace srm::internal {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

/// Follows the operators in the order in which they run, through branches whose condition is known.
class SiteReader {
 public:
  explicit SiteReader(const GraphConstants& constants) : constants_(constants) {}

  std::optional<Reading> read(const GraphSite& found) {
    const Value* data = nullptr;
    std::size_t argument = 0;
    for (std::size_t k = 0; k < found.before->inputs().size(); ++k) {
      const Value* const input = found.before->input(k);
      if (constants_.of(*input) || input == data) continue;
      if (data != nullptr) return std::nullopt;
      data = input;
      argument = k;
    }
    if (data == nullptr || !data->type()->isSubtypeOf(*c10::TensorType::get())) return std::nullopt;
    steps_.emplace(data, 0);
    for (Node* node = found.before->next(); node != found.after; node = node->next()) {
      if (!follow(*node)) return std::nullopt;
    }
    const auto result = found.after->inputs().size() == 1 ? steps_.find(found.after->input()) : steps_.end();
    if (result == steps_.end() || !program_.is_activation(result->second)) return std::nullopt;
    return Reading{std::move(program_), result->second, argument};
  }

 private:
  /// False where the node may do anything but compute a constant or act on each coordinate alone.
  bool follow(Node& node) {
    // A parameter that is only read does no harm: an operator that takes it is refused.
    if (does_nothing(node)) return true;
    if (node.kind() == c10::prim::If) return follow_branch(node);
    if (node.outputs().size() != 1) return false;
    if (constants_.of(*node.output())) return true;
    if (node.kind() == c10::prim::unchecked_cast) return is_same(*node.output(), *node.input());
    return follow_operator(node);
  }

  bool follow_branch(Node& node) {
    const auto condition = constants_.of(*node.input());
    if (!condition || !condition->isBool()) return false;
    Block& taken = *node.blocks().at(condition->toBool() ? 0 : 1);
    for (Node* inside : taken.nodes()) {
      if (!follow(*inside)) return false;
    }
    for (std::size_t k = 0; k < node.outputs().size(); ++k) is_same(*node.outputs()[k], *taken.outputs().at(k));
    return true;
  }

  bool is_same(const Value& output, const Value& input) {
    const auto step = steps_.find(&input);
    if (step == steps_.end()) return false;
    steps_.insert_or_assign(&output, step->second);
    return true;
  }

  bool follow_operator(Node& node) {
    const c10::FunctionSchema* const schema = node.maybeSchema();
    if (schema == nullptr) return false;
    std::vector<Operand> operands;
    for (const Value* input : node.inputs()) {
      const auto step = steps_.find(input);
      const auto constant = step == steps_.end() ? constants_.of(*input) : std::nullopt;
      if (step == steps_.end() && !constant) return false;
      operands.push_back(step == steps_.end() ? Operand{{}, *constant} : Operand{step->second, {}});
    }
    const auto given = program_.append(*schema, std::move(operands));
    if (!given) return false;
    if (schema->is_mutable()) {
      // Every name of what was written to now means what the operation gave.
      const std::size_t written = steps_.at(node.input(0));
      for (auto& [value, step] : steps_) {
        if (step == written) step = *given;
      }
    }
    steps_.insert_or_assign(node.output(), *given);
    return true;
  }

  const GraphConstants& constants_;
  PointwiseProgram program_;
  std::unordered_map<const Value*, std::size_t> steps_;
};

}  // namespace

bool does_nothing(const Node& node) {
  static const auto mark = c10::Symbol::fromQualString("srm::mark");
  return node.kind() == mark || node.kind() == c10::prim::GetAttr || node.kind() == c10::prim::Constant ||
         node.kind() == c10::prim::Uninitialized;
}

std::optional<Reading> read_site(const GraphSite& found, const GraphConstants& constants) {
  return SiteReader(constants).read(found);
}

}  // namespace srm::internal
