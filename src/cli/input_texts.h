#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace srm::cli {

/// The lines of a text file: sample k is line k, from 0, without its line break. Throws srm::Error when it cannot be
/// read; what is returned throws it for a sample that has no line.
std::function<std::string(std::int64_t sample)> read_texts(const std::string& path);

}  // namespace srm::cli
