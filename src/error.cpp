#include "srm/error.h"

#include <fmt/format.h>

namespace srm {

Error::Error(std::string_view where, std::string_view rule, std::string_view got, std::string_view advice)
    : std::runtime_error(fmt::format("[{}] {}; got {}; {}", where, rule, got, advice)) {}

Error::Error(std::string_view place, const Error& cause)
    : std::runtime_error(fmt::format("[{}: {}", place, std::string_view(cause.what()).substr(1))) {}

}  // namespace srm
