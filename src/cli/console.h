#pragma once

#include <string>
#include <string_view>

#include "srm/report.h"

namespace srm::cli {

/// How standard output can draw: its width, UTF-8 by the locale, colour on a terminal unless NO_COLOR is set.
ConsoleOptions console_options();

/// A name from a model or file as text that cannot control the terminal.
std::string printable(std::string_view name);

}  // namespace srm::cli
