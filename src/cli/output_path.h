#pragma once

#include <string>
#include <vector>

namespace srm::cli {

/// Throws Misuse when `output` is one of the files that are read, and srm::Error when no file can be made there: before
/// the work, which may take long. `inputs` are words of the command line: files, folders of results, FILE:KEY,
/// HISTORY@STEP; empty ones are left out. `flag` is what the output was given by.
void require_output(const char* flag, const std::string& output, const std::vector<std::string>& inputs);

}  // namespace srm::cli
