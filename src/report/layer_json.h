#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "srm/results.h"

namespace srm::report {

/// `text` with whatever is not UTF-8 replaced, since JSON can hold nothing else.
std::string valid_utf8(const std::string& text);

/// What JSON has no number for is null.
nlohmann::ordered_json number_or_null(double value);

/// Options and their values, as pairs.
nlohmann::ordered_json settings_json(const std::vector<std::pair<std::string, std::string>>& settings);

/// The object of one layer of the results as layers.json has it.
nlohmann::ordered_json layer_json(const Resonance& layer, const Results& results);

}  // namespace srm::report
