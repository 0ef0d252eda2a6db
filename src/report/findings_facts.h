#pragma once

#include <cstdint>
#include <string>

#include "srm/neuron_table.h"
#include "srm/results.h"

namespace srm::report {

/// Those of a layer, or null; those of its groups are not told apart, so a group has none.
const LayerFindings* findings_of(const Results& results, const Resonance& layer);

/// "12 layers tested: 1 aligned, 9 diagonal, 2 none beyond chance", or nothing where fewer than two were.
std::string verdict_summary(const Results& results);

/// "+12" or "-3": a signed basis vector.
std::string signed_vector(std::int64_t vector, Side side);

/// "7" or "7:12": a row by its sample and, where rows of the table have one, its position.
bool has_positions(const NeuronTable& neurons);
std::string row_name(const NearestRow& row, bool with_position);
/// The names of the rows nearest to a signed vector, nearest first, with spaces between them.
std::string nearest_rows(const NeuronTable& neurons, std::int64_t vector, Side side);

}  // namespace srm::report
