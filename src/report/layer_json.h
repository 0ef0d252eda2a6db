#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "srm/results.h"

namespace srm::report {

/// `text` with whatever is not UTF-8 replaced, since JSON can hold nothing else.
std::string valid_utf8(const std::string& text);

/// What JSON has no number for is null.
nlohmann::ordered_json number_or_null(double value);

/// The object of one layer of the results as layers.json has it.
nlohmann::ordered_json layer_json(const Resonance& layer, const Results& results);

}  // namespace srm::report
