#include "hook/pointwise_program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace srm::internal {
namespace {

// Not among them: what takes neighbours (softmax, glu), parameters (prelu) or chance (rrelu, dropout); and max and min,
// which are reductions too.
const std::set<std::string_view> kNonlinear = {
    "abs",       "acos",       "asin", "asinh",      "atan",        "celu",      "clamp",    "clamp_max",
    "clamp_min", "clip",       "cos",  "cosh",       "elu",         "erf",       "erfc",     "exp",
    "exp2",      "expm1",      "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "log",       "log1p",      "log2", "logit",      "log_sigmoid", "maximum",   "minimum",  "mish",
    "pow",       "reciprocal", "relu", "relu6",      "rsqrt",       "selu",      "sigmoid",  "sign",
    "silu",      "sin",        "sinh", "softplus",   "softshrink",  "sqrt",      "square",   "tan",
    "tanh",      "threshold",  "where"};
const std::set<std::string_view> kSums = {"add", "sub", "rsub", "neg"};
const std::set<std::string_view> kQuotients = {"div", "true_divide"};
const std::set<std::string_view> kComparisons = {"gt", "ge", "lt", "le"};

std::string text_of(const c10::IValue& constant) {
  if (constant.isTensor()) return fmt::format("{}", constant.toTensor().item<double>());
  if (constant.isInt() || constant.isDouble()) return fmt::format("{}", constant.toScalar().to<double>());
  if (constant.isBool()) return constant.toBool() ? "true" : "false";
  if (constant.isString()) return constant.toStringRef();
  return "none";
}

/// A number, or what else has a text; tensors other than numbers would be broadcast along the coordinates.
bool is_usable(const c10::IValue& constant) {
  if (constant.isTensor()) {
    const at::Tensor& tensor = constant.toTensor();
    return tensor.defined() && tensor.dim() == 0 && !tensor.is_complex();
  }
  return constant.isInt() || constant.isDouble() || constant.isBool() || constant.isString() || constant.isNone();
}

/// Whether the operator writes to its first argument; none where it writes to another.
std::optional<bool> is_in_place(const c10::FunctionSchema& schema) {
  bool writes_first = false;
  for (std::size_t k = 0; k < schema.arguments().size(); ++k) {
    const auto* alias = schema.arguments()[k].alias_info();
    if (alias == nullptr || !alias->isWrite()) continue;
    if (k != 0) return std::nullopt;
    writes_first = true;
  }
  return writes_first;
}

}  // namespace

std::string plain_name(const std::string& operator_name) {
  std::string name = operator_name.substr(operator_name.rfind(':') + 1);
  if (name.ends_with('_')) name.pop_back();
  return name;
}

std::optional<PointwiseProgram::Gives> PointwiseProgram::gives(const std::string& name,
                                                               const std::vector<Operand>& operands) const {
  const auto num_data = std::count_if(operands.begin(), operands.end(), [](const Operand& o) { return o.step; });
  const bool all_affine = std::all_of(operands.begin(), operands.end(), [this](const Operand& operand) {
    return !operand.step || gives(*operand.step) == Gives::kAffine;
  });
  const auto affine_if = [&](bool is_affine) { return is_affine ? Gives::kAffine : Gives::kNonlinear; };
  if (kNonlinear.contains(name)) return Gives::kNonlinear;
  if (kComparisons.contains(name)) return Gives::kTruth;
  if (kSums.contains(name)) return affine_if(all_affine);
  if (name == "mul") return affine_if(all_affine && num_data == 1);
  if (kQuotients.contains(name)) return affine_if(all_affine && num_data == 1 && operands[0].step);
  return std::nullopt;
}

std::optional<std::size_t> PointwiseProgram::append(const c10::FunctionSchema& schema, std::vector<Operand> operands) {
  const bool gives_tensor = schema.returns().size() == 1 && schema.returns()[0].type() == c10::TensorType::get();
  const auto op = c10::Dispatcher::singleton().findSchema({schema.name(), schema.overload_name()});
  const auto in_place = is_in_place(schema);
  if (!schema.name().starts_with("aten::") || !op || !gives_tensor || !in_place) return std::nullopt;
  const bool is_usable_whole = std::all_of(operands.begin(), operands.end(), [](const Operand& operand) {
    return operand.step || is_usable(operand.constant);
  });
  const auto what = gives(plain_name(schema.name()), operands);
  if (!is_usable_whole || !what || (*in_place && !operands.at(0).step)) return std::nullopt;
  steps_.push_back({*op, std::move(operands), *in_place, *what});
  return steps_.size();
}

bool PointwiseProgram::is_activation(std::size_t step) const { return gives(step) == Gives::kNonlinear; }

std::string PointwiseProgram::text() const {
  std::vector<std::string> steps;
  for (const Step& here : steps_) {
    std::vector<std::string> operands;
    for (const auto& [step, constant] : here.operands) {
      operands.push_back(!step ? text_of(constant) : *step == 0 ? "x" : fmt::format("x{}", *step));
    }
    steps.push_back(fmt::format("{}({})", plain_name(here.op.schema().name()), fmt::join(operands, ", ")));
  }
  return fmt::format("{}", fmt::join(steps, "; "));
}

std::optional<std::string> PointwiseProgram::operator_name(std::size_t step) const {
  if (step == 0) return std::nullopt;
  const auto& [op, operands, in_place, gives] = steps_[step - 1];
  const auto& arguments = op.schema().arguments();
  std::vector<std::string> constants;
  bool is_usual = true;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    if (operands[k].step != (k == 0 ? std::optional<std::size_t>(0) : std::nullopt)) return std::nullopt;
    if (k == 0) continue;
    constants.push_back(text_of(operands[k].constant));
    const auto& usual = arguments.at(k).default_value();
    is_usual &= usual && text_of(*usual) == constants.back();
  }
  std::string name = plain_name(op.schema().name());
  std::replace(name.begin(), name.end(), '_', '-');
  if (is_usual) return name;
  if (name == "gelu") return fmt::format("gelu-{}", constants.at(0));
  return fmt::format("{}({})", name, fmt::join(constants, ", "));
}

at::Tensor PointwiseProgram::run(const at::Tensor& x, std::size_t step) const {
  std::vector<at::Tensor> given = {x};
  for (std::size_t k = 0; k < step; ++k) {
    const Step& here = steps_[k];
    torch::jit::Stack stack;
    for (const Operand& operand : here.operands) {
      stack.push_back(operand.step ? c10::IValue(given[*operand.step]) : operand.constant);
    }
    // What is written to may be needed again: the argument is the caller's.
    if (here.is_in_place) stack[0] = stack[0].toTensor().clone();
    here.op.callBoxed(stack);
    given.push_back(stack.at(0).toTensor());
  }
  return given.at(step);
}

}  // namespace srm::internal
