// PRIVATE to src/hook: what is known of a model's values before it runs.
#pragma once

#include <torch/csrc/jit/ir/ir.h>
#include <torch/script.h>

#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace srm::internal {

/// The values in graphs of a model that do not depend on what it is given: constants, modules, numbers that are
/// attributes of modules and that no method sets, and numbers that operators make of those.
class GraphConstants {
 public:
  explicit GraphConstants(const torch::jit::Module& model);

  /// From now on `graph`, whose first input is the model, may be asked about. It must outlive this.
  void add(const torch::jit::Graph& graph);

  /// What `value` is in every run, or none.
  std::optional<c10::IValue> of(const torch::jit::Value& value) const;

 private:
  void note_forks(const torch::jit::Block& block);
  std::optional<c10::IValue> attribute(const torch::jit::Node& get) const;
  std::optional<c10::IValue> evaluate(const torch::jit::Node& node) const;

  c10::IValue model_;
  std::set<std::string> names_set_;  // attributes that some method sets
  std::unordered_map<const torch::jit::Value*, const torch::jit::Value*> handed_in_;  // inputs of the bodies of forks
  std::set<const torch::jit::Value*> models_;
};

}  // namespace srm::internal
