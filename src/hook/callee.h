// PRIVATE to src/hook: what a call or an operator in a graph is, and what it is called.
#pragma once

#include <torch/csrc/jit/ir/ir.h>
#include <torch/script.h>

#include <string>
#include <string_view>
#include <vector>

#include "srm/call_site.h"

namespace srm::internal {

inline constexpr std::string_view kModelPath = ".";

/// "encoder" and "0" are "encoder.0"; below the model itself names stand alone.
std::string join(std::string_view path, const std::string& name);

/// forward; forward1, forward2, ... of a traced module that is called again; forward__0, ... of one with overloads.
bool is_forward(std::string_view method);

/// "encoder.0" for its forward, "encoder.0!encode" for another method.
std::string address_of_call(const std::string& path, const std::string& method);

/// The class of `value` when it is a module, else null.
c10::ClassTypePtr module_type_of(const torch::jit::Value* value);
/// Whether it is a module, known by its class or only by an interface.
bool is_module(const torch::jit::Value& value);

/// What is called by a prim::CallMethod or prim::CallFunction.
struct Callee {
  CallSite site;                           ///< without a source; a function's module_path is left to the caller
  torch::jit::GraphFunction* function;     ///< null where its code cannot be seen
  std::vector<torch::jit::Value*> inputs;  ///< what goes in, without the module or function itself
};
/// `path` is the module's where it is one whose path is known, else null.
Callee callee_of(torch::jit::Node& call, const std::string* path);

/// Whether the node is an operator that may give a tensor, or several.
bool is_operator(const torch::jit::Node& node);
/// Whether what a call gives can be an activation, or hold one.
bool gives_activation(const torch::jit::Node& call);
/// Whether an operator's input may be a tensor that depends on what the model was given: no constant or parameter.
bool is_data(const torch::jit::Value& value);

/// "model.py:12": the line of Python that a node came from, or nothing where it is not recorded.
std::string source_of(const torch::jit::Node& node);

}  // namespace srm::internal
