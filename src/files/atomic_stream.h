#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>

namespace srm {

/// Leaves what `write` writes to its stream as the file `path`, whole or not at all (see AtomicFile); what is written
/// is not held in memory. Throws what `write` throws, and srm::Error when the file cannot be written.
void write_atomically(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write);

}  // namespace srm
