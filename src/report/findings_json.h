#pragma once

#include <nlohmann/json.hpp>

#include "srm/results.h"

namespace srm::report {

/// Adds "tests", "neurons" and "densities" to the object of a layer, as far as it has them.
void add_findings(nlohmann::ordered_json& layer, const LayerFindings& findings);

}  // namespace srm::report
