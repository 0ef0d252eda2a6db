#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "srm/history.h"

namespace srm {

using Settings = std::vector<std::pair<std::string, std::string>>;

/// The payloads of a history's records, in CBOR (RFC 8949), and back. What is read throws srm::Error naming `where`
/// when it is not what was written, whatever its checksum says.
std::string to_record(const Settings& settings);
std::string to_record(const Window& window);
Settings settings_from_record(const std::string& record, const std::string& where);
Window window_from_record(const std::string& record, const std::string& where);

}  // namespace srm
