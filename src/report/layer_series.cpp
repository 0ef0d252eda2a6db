#include "report/layer_series.h"

#include <algorithm>
#include <map>
#include <utility>

namespace srm::report {

std::vector<LayerSeries> layer_series(const std::vector<const Window*>& windows) {
  std::vector<LayerSeries> all;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const Window* window : windows) {
    for (const LayerWindow& layer : window->layers) {
      const auto [place, is_new] = places.emplace(std::pair(layer.address, window->phase), all.size());
      if (is_new) all.push_back({layer.address, window->phase});
      all[place->second].steps.push_back(window->step);
      all[place->second].windows.push_back(&layer);
    }
  }
  return all;
}

std::vector<ScalarSeries> scalar_series(const std::vector<const Window*>& windows) {
  std::vector<ScalarSeries> all;
  for (const Window* window : windows) {
    for (const auto& [name, value] : window->scalars) {
      auto known = std::find_if(all.begin(), all.end(), [&](const ScalarSeries& one) { return one.name == name; });
      if (known == all.end()) known = all.insert(known, {name});
      known->steps.push_back(window->step);
      known->values.push_back(value);
    }
  }
  return all;
}

}  // namespace srm::report
