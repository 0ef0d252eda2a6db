#pragma once

#include <nlohmann/json.hpp>

#include "srm/resonance.h"
#include "srm/results.h"

namespace srm::report {

/// What the page tells of a layer's planes one by one, or null where there is nothing: of up to 64 vectors all planes.
/// "vectors", ascending, are all that there are, or those "chosen_by" "tests" (see PlaneMap) or "hits" (those that come
/// first in the planes with most hits at the first epsilon). Lists below are of the pairs i < j of them in
/// lexicographic order, packed (see Note [Packed numbers]), with -1 where there is no number; null where there is none
/// at all. "hits", by epsilon: rows with r >= epsilon. Of the tests: "c4" in thousandths from 0 for -1, "q_c4" and
/// "q_hit_rate" as hundredths of -log10 q, "tested_hits" among "num_rows". "curves": the planes of the tests' list and
/// those with points, as far as they were counted, each with "i", "j" and by epsilon "num_hits" and "counts".
nlohmann::ordered_json plane_map_json(const Resonance& layer, const LayerFindings* findings);

}  // namespace srm::report
