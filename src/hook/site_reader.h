// PRIVATE to src/hook: what stands between the two sides of a call site, as a function.
#pragma once

#include <cstddef>
#include <optional>

#include "hook/call_graph.h"
#include "hook/graph_constants.h"
#include "hook/pointwise_program.h"

namespace srm::internal {

/// Operators that act on each coordinate of the one tensor that goes in, the value `argument` of those that do.
struct Reading {
  PointwiseProgram program;
  std::size_t result;
  std::size_t argument;
};

/// What stands at the site, whose marks are still in its graph, or none where it is not known to be an activation
/// function of what goes in.
std::optional<Reading> read_site(const GraphSite& found, const GraphConstants& constants);

/// Whether a node computes nothing: marks of sites, constants, and reading what a module holds.
bool does_nothing(const torch::jit::Node& node);

}  // namespace srm::internal
