#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "srm/history.h"

namespace srm::report {

/// One layer in one phase, window by window.
struct LayerSeries {
  std::string address;
  std::string phase;
  std::vector<std::int64_t> steps = {};
  std::vector<const LayerWindow*> windows = {};  ///< as many
};
/// In the order in which they first appear; the windows must live as long.
std::vector<LayerSeries> layer_series(const std::vector<const Window*>& windows);

/// A loss, say, step by step.
struct ScalarSeries {
  std::string name;
  std::vector<std::int64_t> steps = {};
  std::vector<double> values = {};  ///< as many
};
/// In the order in which they first appear, of whatever phase.
std::vector<ScalarSeries> scalar_series(const std::vector<const Window*>& windows);

}  // namespace srm::report
