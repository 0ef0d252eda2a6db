#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "srm/export.h"

namespace srm::exports {

/// The places of the planes in parts().planes, in the order asked for; throws srm::Error for one that has no table.
std::vector<std::int64_t> places_of(const Resonance& layer, const ExportPlanes& planes);

/// How a number is written in text: as many digits as give it back, and as Python writes it ("1.0", not "1").
std::string python_number(double value);

}  // namespace srm::exports
