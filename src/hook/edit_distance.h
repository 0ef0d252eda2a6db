// PRIVATE to src/hook: the addresses that somebody may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace srm {

/// "nearest are a, b, c of all: ..." for what was meant by `selector`; empty when there are no addresses.
std::string nearest_and_all(std::string_view selector, std::vector<std::string_view> addresses);

}  // namespace srm
