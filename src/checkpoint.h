#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "srm/observer.h"

namespace srm {

/// How far a run over data got, and all that it has counted: for the same run to go on from after it was killed.
struct Checkpoint {
  /// What makes it the same run, option and value: those that may not differ where it goes on.
  std::vector<std::pair<std::string, std::string>> run = {};
  std::int64_t num_samples_done = 0;   ///< in the pass that counts it goes on with the sample of this number
  std::int64_t memory_limit = 0;       ///< in bytes, which how many planes have tables may hang on
  std::vector<SiteState> sites = {};   ///< of what is observed
  std::vector<SiteState> inputs = {};  ///< of what goes into activation functions, for tests
};

/// Writes a `.pt`; see Note [Files] in srm/io.h: it is there whole or not at all, and every part has its checksum.
void save(const Checkpoint& checkpoint, const std::filesystem::path& path);

/// Reads what save() wrote. Throws srm::Error when it is damaged, of a newer version or something else.
Checkpoint load_checkpoint(const std::filesystem::path& path);

}  // namespace srm
