#pragma once

#include <cmath>
#include <string>

#include <fmt/format.h>

namespace srm::report {

/// RFC 4180: a field with a comma, a quote or a line break is quoted, and its quotes are doubled.
inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

/// With as many digits as give it back exactly; nothing for NaN.
inline std::string number_or_nothing(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

}  // namespace srm::report
