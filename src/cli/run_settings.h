#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/observation.h"

namespace srm::cli {

/// What a run is given beside RunOptions and ObserveOptions: FILE[:KEY] as on the command line, empty where not given.
struct RunFiles {
  std::string labels;
  std::string mean;
  std::string basis;
  std::vector<std::string> nonlinearities;  ///< as parse_nonlinearity() takes them
};

/// All that may not differ where a run goes on from a checkpoint, option and value. A file is told by its content,
/// whatever it is called: its size, its CRC-32, and the KEY in it.
std::vector<std::pair<std::string, std::string>> run_settings(const RunOptions& run, const ObserveOptions& options,
                                                              const RunFiles& files);

}  // namespace srm::cli
