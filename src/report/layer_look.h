#pragma once

#include <nlohmann/json.hpp>

#include "srm/history.h"

namespace srm::report {

/// What one layer is at one look, or in one window of a history.
struct LayerLook {
  LayerWindow layer;
  double row_weight = 1;       ///< of each row: counts are of num_samples_seen / row_weight rows' worth
  double rows_per_second = 0;  ///< NaN where none is known
  bool is_reference_sense = false;
  bool keeps_lengths = false;  ///< of basis vectors: then no line for evenly spread directions
};

/// In the words of the report's page (layer_table.js, curve_chart.js), without single planes, its curves at every
/// so many angles that there are `most_angles` at most. Undefined numbers are null.
nlohmann::ordered_json look_json(const LayerLook& look, std::int64_t most_angles);

}  // namespace srm::report
