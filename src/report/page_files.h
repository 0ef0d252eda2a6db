#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string_view>

namespace srm::report {

/// A file of the pages, as it lies in this folder; throws srm::Error for a name that is not embedded.
std::string_view page_file(std::string_view name);

/// The page `name`, in which {{data}} becomes `data` and {{report.css}}, say, that file: one file that loads nothing.
void write_page(std::ostream& out, std::string_view name, const nlohmann::ordered_json& data);

}  // namespace srm::report
