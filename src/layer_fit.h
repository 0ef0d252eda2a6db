#pragma once

#include <torch/script.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "srm/activation_rows.h"
#include "srm/call_site.h"

namespace srm {

/// The type and shape of what passed somewhere.
std::string describe_value(const c10::IValue& value);

/// Whether a tensor is one whose rows ActivationRows can tell, in this layout.
bool has_rows(const at::Tensor& tensor, Layout layout);

/// Whether `turn` of the loops around a place is asked for: `wanted` is empty for every turn, or names those of the
/// outermost loops.
bool is_this_turn(const std::vector<std::int64_t>& wanted, const std::vector<std::int64_t>& turn);

/// (sites): the layout of each, as choices of a selector and a layout say; see ObserveOptions::layouts. Throws
/// srm::Error where a selector names nothing.
std::vector<Layout> layouts_of(const std::vector<CallSite>& sites,
                               const std::vector<std::pair<std::string, Layout>>& choices);

}  // namespace srm
