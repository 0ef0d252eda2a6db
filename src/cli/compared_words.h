#pragma once

#include <string>

#include "srm/comparison.h"

namespace srm::cli {

/// The words below, for help texts.
constexpr const char* kComparedWords =
    "a result file or its folder, or HISTORY@STEP (HISTORY@STEP/PHASE), and with :ADDRESS behind it one layer of that";

/// What a word names. A file of that very name comes first, so that names may hold `@` and `:`. Throws Misuse for a
/// history without a step and a step of a result, and srm::Error when a file cannot be read.
ComparedSource read_compared(const std::string& word);

}  // namespace srm::cli
