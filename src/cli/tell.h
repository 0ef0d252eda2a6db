#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace srm::cli {

/// Prints to standard error. One that takes no more (a log on a full disk) is no reason to stop: fmt::print would
/// throw, also out of the destructors of progress bars.
template <typename... Arguments>
void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  const std::string text = fmt::format(format, std::forward<Arguments>(arguments)...);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace srm::cli
