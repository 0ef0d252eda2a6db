#pragma once

#include <string_view>

#include "srm/resonance.h"

namespace srm {

/// Throws srm::Error naming `where`, the first setting that differs and both its values, unless what two results
/// counted can be added up.
void require_same_settings(const ResonanceParts& a, const ResonanceParts& b, std::string_view where);

}  // namespace srm
