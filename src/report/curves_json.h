#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "srm/results.h"

namespace srm::report {

// What keeps a page small enough to open; the page tells which rule took effect.

/// How many single planes of each layer and epsilon the page has room for, when it holds `results` (which may be of
/// several files): 64, or fewer of many layers, those with the highest peak. Classes have none.
std::int64_t num_planes_drawn(const std::vector<const Results*>& results);

/// Curves are drawn at every so many angles, that there are 720 at most.
std::int64_t angle_step(const Resonance& layer);

/// The values of a layer's curve, (K), at the angles that are drawn, packed.
std::string thinned(std::span<const std::int64_t> values, const Resonance& layer);

/// The curves of one layer, a list with an object an epsilon; numbers are packed, see Note [Packed numbers]:
/// "holistic_counts"; "holistic_std" in thousandths of a count, "low" and "high" (see PlaneBand), "signed_low" and
/// "signed_high", null where there are none; "signed_counts" where no half turn of the drawn angles gives them, else
/// null; "isotropic_rate", a number or null; and "planes", each with "i", "j", "num_hits" and "counts".
nlohmann::ordered_json curves_json(const Resonance& layer, std::int64_t most_planes);

}  // namespace srm::report
