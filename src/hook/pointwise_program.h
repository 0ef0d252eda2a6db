// PRIVATE to src/hook: functions that are put together of operators which act on each coordinate alone.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/function_schema.h>
#include <torch/script.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace srm::internal {

/// What an operator takes: what step `step` gave (0 is the function's argument), or else a constant.
struct Operand {
  std::optional<std::size_t> step = {};
  c10::IValue constant = {};
};

/// Operators one after the other, each acting on each coordinate alone.
class PointwiseProgram {
 public:
  /// Appends an operator; the step that it is. None, and nothing appended, where it is not known to act on each
  /// coordinate alone with these operands.
  std::optional<std::size_t> append(const c10::FunctionSchema& schema, std::vector<Operand> operands);

  /// Whether a step gives numbers that are no affine function of the argument.
  bool is_activation(std::size_t step) const;
  /// All steps, written out: "abs(x); add(x1, 1, 1); div(x, x2)".
  std::string text() const;
  /// Of a step that is a single operator on the argument, its name and the constants that are not the usual.
  std::optional<std::string> operator_name(std::size_t step) const;

  /// What a step gives of `x`, which stays as it is.
  at::Tensor run(const at::Tensor& x, std::size_t step) const;

 private:
  enum class Gives { kAffine, kNonlinear, kTruth };
  struct Step {
    c10::OperatorHandle op;
    std::vector<Operand> operands;
    bool is_in_place;
    Gives gives;
  };
  Gives gives(std::size_t step) const { return step == 0 ? Gives::kAffine : steps_[step - 1].gives; }
  std::optional<Gives> gives(const std::string& name, const std::vector<Operand>& operands) const;

  std::vector<Step> steps_;
};

/// "leaky_relu" of aten::leaky_relu and aten::leaky_relu_.
std::string plain_name(const std::string& operator_name);

}  // namespace srm::internal
