#pragma once

#include <string_view>

namespace srm::report {

/// The bytes of a file of the report's page ("template.html", "report.css", "plotly.min.js", ...) as it was when this
/// library was built; throws srm::Error for a name that was not embedded.
std::string_view page_file(std::string_view name);

}  // namespace srm::report
