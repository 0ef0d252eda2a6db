#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "srm/history.h"

namespace srm::report {

/// What a page draws of a history: "torn", "summary" in words, "settings", "series" by phase ("x", the steps, and
/// "a4" and "scalars", lists of "name" and "values"), and "frames", windows with "step", "phase" and "layers" as
/// look_json() has them, "holistic_counts" packed (see Note [Packed numbers]). Curves have `most_curve_values` numbers
/// in all at most, else those of fewer windows, spread evenly over the steps, the last among them.
nlohmann::ordered_json history_json(const History& history, std::int64_t most_curve_values);

}  // namespace srm::report
