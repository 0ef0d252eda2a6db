// PRIVATE to src/hook: the graph of a method with its calls laid open.
#pragma once

#include <torch/script.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "srm/call_site.h"

namespace srm::internal {

/// How often a loop has turned. A for loop counts by itself; a while loop is given a counter when somebody asks, since
/// one that uses its hidden count cannot be saved.
class TurnCounter {
 public:
  explicit TurnCounter(torch::jit::Node& loop) : loop_(&loop) {}
  explicit TurnCounter(torch::jit::Value* count) : count_(count) {}
  torch::jit::Value* count();

 private:
  torch::jit::Node* loop_ = nullptr;
  torch::jit::Value* count_ = nullptr;
};

/// What a graph, or the body of a fork in it, has at hand where a hook will have to stand.
struct Surroundings {
  torch::jit::Value* self = nullptr;                ///< the module that the hook is an attribute of
  std::vector<torch::jit::Value*> carried;          ///< inputs of the method, in the order that they were asked for
  std::vector<std::shared_ptr<TurnCounter>> turns;  ///< of the loops around, outermost first
};

/// A call site in a graph. Two marks stand in the graph, at whose places hooks may be put: what goes in are the inputs
/// of the one, what comes out are those of the other.
struct GraphSite {
  CallSite site;  ///< the address without `#k`
  torch::jit::Node* before = nullptr;
  torch::jit::Node* after = nullptr;
  Surroundings around;
};

/// Inlines into the graph of the model's method `name` every call that starts at `model`, the value in it that is the
/// model, and marks what passes, in the order in which outputs pass. The bodies of forks are graphs of their own: they
/// are given what `around` holds as further inputs.
std::vector<GraphSite> lay_open_calls(torch::jit::Graph& graph, torch::jit::Value* model, const std::string& name,
                                      const Surroundings& around);

/// Gives the sites of all methods their final addresses and puts those that are the same place together. The result's
/// sites have `methods`; `index[m][k]` is the place of `methods[m][k]` in it.
struct NamedSites {
  std::vector<CallSite> sites;
  std::vector<std::vector<std::size_t>> index;
};
NamedSites name_sites(const std::vector<std::pair<std::string, std::vector<GraphSite>>>& methods);

/// The model's methods that are graphs, forward first; throws Error when there are none.
std::vector<torch::jit::GraphFunction*> methods_of(const torch::jit::Module& model);

}  // namespace srm::internal
