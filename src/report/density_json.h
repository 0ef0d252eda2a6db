#pragma once

#include <nlohmann/json.hpp>

#include "srm/plane_density.h"

namespace srm::report {

/// What the page draws of planes from above: a list with an object a plane, numbers packed (see Note [Packed numbers]).
/// "i", "j"; "reach", up to where bins go on either side of zero; "num_bins" a side, 64 at most, and "joined", how many
/// of those that were counted are one of these on each side; "counts" (num_bins, num_bins) by v, then by u, both
/// ascending; "isotropic", in thousandths, of the quarter above zero (num_bins / 2, num_bins / 2), which the other
/// three mirror: see isotropic_counts(). Of the points that were kept "u" and "v" in 8192nds of the reach, "sample",
/// "position" and "label".
nlohmann::ordered_json density_json(const PlaneDensities& densities);

}  // namespace srm::report
