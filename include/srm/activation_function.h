#pragma once

#include <torch/script.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "srm/call_site.h"

namespace srm {

// Note [Activation functions]
// What passes at a call site is an activation function of what goes in when nothing but operators that act on each
// coordinate alone stand between, all their other operands are known beforehand, and the whole is not affine: relu,
// gelu and their like, in place or not, and what is put together of such operators (x / (1 + |x|)). Known beforehand
// are the constants of the graph and numbers that are attributes of a module which no method of the model sets, at the
// values that the model holds when it is asked: `training` is one. Parameters and buffers are not, nor is a branch that
// depends on data. Where a module ends with such a place (Linear, then Tanh), what the place gives passes there too,
// and the function is the place's. What cannot be told so is no activation function: this never guesses.

/// A function that acts on each coordinate alone.
struct ActivationFunction {
  /// "tanh", "gelu-tanh", "leaky-relu(0.2)" with constants that are not the usual; of one that is put together the
  /// module's class or the script function's name.
  std::string name;
  /// Maps a float32 or float64 tensor to one of the same shape, with the bits that the model's own operators give of
  /// the same tensor, and leaves its argument as it was, also where the model works in place. May be called from
  /// several threads at once.
  std::function<at::Tensor(const at::Tensor&)> function;
  std::string address = {};  ///< of the site where it acts: the one asked for, or the last inside; empty by name
  std::size_t argument = 0;  ///< which of the values that go in there it acts on
};

/// For each of `sites`, the activation function whose output passes there, or none; see Note [Activation
/// functions]. Opens the model's graphs once. Throws Error when a site is not the model's.
std::vector<std::optional<ActivationFunction>> activation_functions_at(const torch::jit::Module& model,
                                                                       std::span<const CallSite> sites);

/// The same for one site.
std::optional<ActivationFunction> activation_function_at(const torch::jit::Module& model, const CallSite& site);

/// What takes the tensor that makes, through `function`, what `output` takes: for each call of a hook on `output` there
/// is one of a hook on this, before it in the same thread, with as many rows in the same order. Throws Error where the
/// function does not act at one of `sites`.
Selection input_of(const ActivationFunction& function, const std::vector<CallSite>& sites, const Selection& output);

/// The function that is called `name`, with its usual constants, or with those behind it in the operator's order:
/// "leaky-relu", "leaky-relu(0.2)". None where there is none of that name, or it takes no such constants.
std::optional<ActivationFunction> activation_function_named(std::string_view name);

/// The names that activation_function_named() knows, without constants.
const std::vector<std::string>& activation_function_names();

}  // namespace srm
