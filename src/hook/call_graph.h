// PRIVATE to src/hook: the graph of a model with its module calls laid open.
#pragma once

#include <torch/script.h>

#include <vector>

#include "srm/hook.h"

namespace srm::internal {

/// A model's call sites in the order in which outputs pass, and the node that stands at each: `srm::observe` with the
/// value that passes and, where its hook will have to stand, the `self` that the hook is an attribute of.
struct CallGraph {
  std::vector<CallSite> sites;
  std::vector<torch::jit::Node*> observers;
};

/// Inlines into `graph` every module call that starts at `model`, the value in it that is the model, and puts an
/// observer behind each call and before the graph's return. The bodies of forks are graphs of their own: they are given
/// `self` as a further input.
CallGraph lay_open_calls(torch::jit::Graph& graph, torch::jit::Value* model, torch::jit::Value* self);

/// The function that is the model's forward; throws Error when there is none.
torch::jit::GraphFunction& forward_function(const torch::jit::Module& model);

}  // namespace srm::internal
