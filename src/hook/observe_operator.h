// PRIVATE: registers the operators that call hooks of a TorchBind class from a model's graph.
#pragma once

#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <optional>
#include <string>
#include <vector>

#include "srm/hook.h"

namespace srm::internal {

/// The operators `srm::observe` and `srm::observe_in` for hooks of `HookClass`, which is called `class_name` in
/// TorchScript: the second also brings the turns of the loops around and a mask. Conservative alias analysis gives them
/// side effects: dead-code elimination keeps them, and nothing that writes to the value moves in front of them. To be
/// registered after the class, which the schemas name.
template <typename HookClass>
std::vector<std::optional<torch::jit::Operator>> observe_operators(const std::string& class_name) {
  const std::string hook = "Any value, __torch__.torch.classes.srm." + class_name + " hook";
  const auto observe = [](torch::jit::Stack& stack) {
    const auto observer = torch::jit::pop(stack).toCustomClass<HookClass>();
    const c10::IValue value = torch::jit::pop(stack);
    observer->pass({value, {}, {}});
  };
  const auto observe_in = [](torch::jit::Stack& stack) {
    const c10::IValue mask = torch::jit::pop(stack);
    const c10::IValue turns = torch::jit::pop(stack);
    const auto observer = torch::jit::pop(stack).toCustomClass<HookClass>();
    const c10::IValue value = torch::jit::pop(stack);
    const c10::List<std::int64_t> iteration = turns.toIntList();
    observer->pass({value, iteration.vec(), mask.isTensor() ? mask.toTensor() : at::Tensor()});
  };
  const std::string overload = "." + class_name;
  std::vector<std::optional<torch::jit::Operator>> operators;
  operators.push_back(torch::jit::Operator("srm::observe" + overload + "(" + hook + ") -> ()", observe,
                                           c10::AliasAnalysisKind::CONSERVATIVE));
  operators.push_back(
      torch::jit::Operator("srm::observe_in" + overload + "(" + hook + ", int[] iteration, Any mask) -> ()", observe_in,
                           c10::AliasAnalysisKind::CONSERVATIVE));
  return operators;
}

}  // namespace srm::internal
