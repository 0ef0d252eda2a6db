#pragma once

#include <cstdint>
#include <string>

#include "srm/comparison.h"

namespace srm::report {

/// "A" for the first source, "B", "C", ... for the others.
std::string source_letter(std::size_t source);

/// What the pair is called: its address and group, or both addresses where they differ.
std::string pair_name(const LayerComparison& layer);

/// How many of the layers differ at a false discovery rate of 5 % whatever the dependence, in a sentence.
std::string difference_summary(const Comparison& comparison);

}  // namespace srm::report
