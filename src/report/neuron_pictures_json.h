#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>

#include "srm/neuron_table.h"
#include "srm/report.h"

namespace srm::report {

/// Makes the "neurons" of a layer (as layers.json has them) fit for a page: of each epsilon at most 100 grandmother
/// neurons, the first of them, and "num_found" of all; where there is none "closest", ten signed vectors in the same
/// words: those of at least the rule's count from the purest on, or where none has so many, and without labels, those
/// with most rows inside. Cosines keep four digits. Adds the numbers of the samples that are told to `samples`.
void fit_neurons(nlohmann::ordered_json& neurons, const NeuronTable& table, std::set<std::int64_t>& samples);

/// What the page shows of samples, each once: an object by number. "picture", if there are pictures, has "height" and
/// "width", at most 32, and "shades", from 0 at its lowest value to 255 at its highest, packed (see Note [Packed
/// numbers]); "text", if there are texts, is cut at 600 bytes, with a "..." then. Of more than 3000 samples those of
/// the lowest numbers. Throws what the functions in `options` throw.
nlohmann::ordered_json samples_json(const std::set<std::int64_t>& samples, const ReportOptions& options);

}  // namespace srm::report
