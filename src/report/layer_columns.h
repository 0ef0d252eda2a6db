#pragma once

#include <vector>

#include "report/console_text.h"
#include "srm/results.h"

namespace srm::report {

/// What Column::goes of a layer's columns can be: first those of which other columns tell enough, then all that may go.
constexpr int kLastSpare = 2;
constexpr int kLastToGo = 4;

/// What is told of the layers in numbers and words, with a cell a layer and epsilon. The error of A4 has a column where
/// any layer has one, p and verdict where any was tested.
std::vector<Column> layer_columns(const Results& results);

}  // namespace srm::report
