#pragma once

#include <filesystem>

#include "srm/resonance.h"

namespace srm::cli {

/// Makes `folder`; throws srm::Error when it cannot be made or written. Called before anything is computed: hours of
/// work must not end at a folder that cannot be written.
void prepare_folder(const std::filesystem::path& folder);

/// results.srm.pt, planes.csv, layers.json and report.html in `folder`.
void write_all(const Results& results, const std::filesystem::path& folder);

}  // namespace srm::cli
