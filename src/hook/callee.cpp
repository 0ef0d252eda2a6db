#include "hook/callee.h"

#include <fmt/format.h>

#include <algorithm>

namespace srm::internal {
namespace {

using torch::jit::Node;
using torch::jit::Value;

bool may_hold_tensor(const c10::TypePtr& type) {
  if (const auto class_type = type->cast<c10::ClassType>()) {
    const auto& attributes = class_type->getAttributes();
    return std::any_of(attributes.begin(), attributes.end(), [&](const c10::ClassAttribute& attribute) {
      return attribute.getType() != type && may_hold_tensor(attribute.getType());
    });
  }
  // What has not been computed yet holds nothing.
  if (type->kind() == c10::TypeKind::FutureType || type->kind() == c10::TypeKind::AwaitType) return false;
  if (type->kind() == c10::TypeKind::TensorType || type->kind() == c10::TypeKind::AnyType) return true;
  const auto contained = type->containedTypes();
  return std::any_of(contained.begin(), contained.end(), may_hold_tensor);
}

std::vector<std::string> argument_names(const torch::jit::Function& function, std::size_t first) {
  std::vector<std::string> names;
  const auto& arguments = function.getSchema().arguments();
  for (std::size_t k = first; k < arguments.size(); ++k) names.push_back(arguments[k].name());
  return names;
}

}  // namespace

std::string join(std::string_view path, const std::string& name) {
  return path == kModelPath ? name : fmt::format("{}.{}", path, name);
}

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

std::string address_of_call(const std::string& path, const std::string& method) {
  return is_forward(method) ? path : path + "!" + method;
}

c10::ClassTypePtr module_type_of(const Value* value) {
  const auto type = value->type()->cast<c10::ClassType>();
  return type && type->is_module() ? type : nullptr;
}

bool is_module(const Value& value) {
  const auto interface = value.type()->cast<c10::InterfaceType>();
  return module_type_of(&value) || (interface && interface->is_module());
}

Callee callee_of(Node& call, const std::string* path) {
  Callee callee{{}, nullptr, {call.inputs().begin() + 1, call.inputs().end()}};
  CallSite& site = callee.site;
  if (call.kind() == c10::prim::CallFunction) {
    torch::jit::Function& function = *call.input(0)->type()->expectRef<c10::FunctionType>().function();
    site = {"fn:" + function.name(), "", function.name(), "", SiteKind::kFunction};
    site.input_names = argument_names(function, 0);
    callee.function = torch::jit::tryToGraphFunction(function);
  } else {
    const std::string& method = call.s(c10::attr::name);
    const auto type = call.input(0)->type()->expect<c10::NamedType>();
    if (path != nullptr) {
      site = {address_of_call(*path, method), *path, type->name()->name(), method};
    } else {
      const std::string name = fmt::format("{}.{}", type->name()->name(), method);
      site = {"fn:" + name, "", name, "", SiteKind::kFunction};
    }
    if (const auto class_type = call.input(0)->type()->cast<c10::ClassType>()) {
      torch::jit::Function& function = class_type->getMethod(method);
      site.input_names = argument_names(function, 1);
      callee.function = torch::jit::tryToGraphFunction(function);
    }
  }
  site.is_closed = callee.function == nullptr;
  for (std::size_t k = site.input_names.size(); k < callee.inputs.size(); ++k) {
    site.input_names.push_back(fmt::format("{}", k));
  }
  return callee;
}

bool is_operator(const Node& node) {
  const auto& outputs = node.outputs();
  // optimize_for_inference puts operators of its own into the interpreter's namespace.
  const std::string_view name = node.kind().toUnqualString();
  const bool is_optimised = name.starts_with("mkldnn") || name.starts_with("MKLDNN");
  return (!node.kind().is_prim() || is_optimised) &&
         std::any_of(outputs.begin(), outputs.end(), [](const Value* value) { return may_hold_tensor(value->type()); });
}

bool gives_activation(const Node& call) { return may_hold_tensor(call.output()->type()); }

bool is_data(const Value& value) {
  const auto kind = value.node()->kind();
  return kind != c10::prim::Constant && kind != c10::prim::GetAttr && may_hold_tensor(value.type());
}

std::string source_of(const Node& node) {
  const auto recorded = node.sourceRange().findSourceRangeThatGenerated();
  const torch::jit::SourceRange range = recorded ? *recorded : node.sourceRange();
  if (!range.source()) return "";
  const auto place = range.file_line_col();
  // What a file without debug records names is the code inside the file itself.
  if (!place || std::get<0>(*place).empty() || std::get<0>(*place).starts_with("code/")) return "";
  return fmt::format("{}:{}", std::get<0>(*place), std::get<1>(*place));
}

}  // namespace srm::internal
