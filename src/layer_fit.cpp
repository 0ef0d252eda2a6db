#include "layer_fit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace srm {

std::string describe_value(const c10::IValue& value) {
  if (!value.isTensor()) return value.isObject() ? value.type()->str() : value.tagKind();
  const at::Tensor& tensor = value.toTensor();
  if (!tensor.defined() || tensor.is_nested()) return "a tensor without a shape";
  return fmt::format("{} ({})", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
}

bool has_rows(const at::Tensor& tensor, Layout layout) {
  if (!tensor.defined() || (!at::isFloatingType(tensor.scalar_type()) && !tensor.is_quantized())) return false;
  if (tensor.is_nested() || tensor.numel() == 0) return true;
  const std::int64_t least = layout == Layout::kAuto || layout == Layout::kChannels ? 2 : 1;
  return tensor.dim() >= least && (layout != Layout::kAuto || tensor.dim() <= 5);
}

bool is_this_turn(const std::vector<std::int64_t>& wanted, const std::vector<std::int64_t>& turn) {
  return wanted.size() <= turn.size() && std::equal(wanted.begin(), wanted.end(), turn.begin());
}

std::vector<Layout> layouts_of(const std::vector<CallSite>& sites,
                               const std::vector<std::pair<std::string, Layout>>& choices) {
  std::vector<Layout> layouts(sites.size(), Layout::kAuto);
  for (const auto& [selector, layout] : choices) {
    if (selector.empty()) {
      std::fill(layouts.begin(), layouts.end(), layout);
      continue;
    }
    for (const Selection& selection : select_call_sites(sites, {selector})) layouts[selection.site] = layout;
  }
  return layouts;
}

}  // namespace srm
