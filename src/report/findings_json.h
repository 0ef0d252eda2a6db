#pragma once

#include <nlohmann/json.hpp>

#include "srm/grandmother_neurons.h"
#include "srm/results.h"

namespace srm::report {

/// Adds "tests", "neurons" and "densities" to the object of a layer, as far as it has them.
void add_findings(nlohmann::ordered_json& layer, const LayerFindings& findings);

/// A signed basis vector as "neurons" has it, with the rows nearest to it.
nlohmann::ordered_json neuron_json(const NeuronTable& neurons, const NeuronFinding& found);

}  // namespace srm::report
