#pragma once

#include <string>

#include "srm/results.h"

namespace srm::cli {

/// Of a result the layers of this address and group (a class's label) alone, with what was found out about them; an
/// empty word chooses all. Throws srm::Error, naming the layers that there are, when none is left.
Results chosen_layers(Results results, const std::string& where, const std::string& address, const std::string& group);

}  // namespace srm::cli
