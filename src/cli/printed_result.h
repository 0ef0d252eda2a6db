#pragma once

#include "cli/observation.h"

namespace srm::cli {

/// Whether any layer has grandmother neurons to tell of.
bool has_neurons(const Results& results);

/// The table of layers, what tests of them say and their neurons, on standard output.
void print_result(const Results& results);

/// What was left out, taken off or not called, on standard error.
void print_warnings(const Observation& seen);

}  // namespace srm::cli
