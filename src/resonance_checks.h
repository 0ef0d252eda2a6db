#pragma once

#include <string_view>

#include "srm/resonance.h"

namespace srm {

/// Throws srm::Error naming `where` when sizes, orders, ranges or sums of a result contradict each other.
void require_consistent(const ResonanceParts& parts, std::string_view where);

}  // namespace srm
