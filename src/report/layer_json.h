#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "srm/resonance.h"

namespace srm::report {

/// `text` with whatever is not UTF-8 replaced, since JSON can hold nothing else.
std::string valid_utf8(const std::string& text);

/// The object of one layer as layers.json has it.
nlohmann::ordered_json layer_json(const Resonance& layer, bool partial);

}  // namespace srm::report
