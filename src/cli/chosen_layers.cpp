#include "cli/chosen_layers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "cli/console.h"
#include "report/curve_facts.h"
#include "srm/error.h"

namespace srm::cli {

Results chosen_layers(Results results, const std::string& where, const std::string& address, const std::string& group) {
  if (address.empty() && group.empty()) return results;
  std::vector<std::string> names;
  for (const Resonance& layer : results) names.push_back(printable(report::layer_name(layer)));
  std::erase_if(results.layers, [&](const Resonance& layer) {
    return (!address.empty() && layer.address() != address) || (!group.empty() && layer.parts().group != group);
  });
  if (results.layers.empty()) {
    throw Error(where, "the layer must be one of the result's",
                printable(group.empty() ? address : fmt::format("{} [{}]", address, group)),
                fmt::format("choose from {}", fmt::join(names, ", ")));
  }
  std::erase_if(results.findings, [&](const LayerFindings& found) {
    return std::none_of(results.begin(), results.end(),
                        [&](const Resonance& layer) { return layer.address() == found.address; });
  });
  return results;
}

}  // namespace srm::cli
