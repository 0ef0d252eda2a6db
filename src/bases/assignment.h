// PRIVATE: the assignment problem.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace srm::bases {

/// For each of `num_rows` rows of `values`, row-major (num_rows, num_columns) finite numbers, a column of its own, so
/// that the sum of the chosen values is the largest there is. Exact, by shortest augmenting paths (Kuhn's Hungarian
/// method as Jonker and Volgenant run it), O(num_rows^2 num_columns). num_rows <= num_columns.
std::vector<std::int64_t> best_assignment(std::span<const double> values, std::int64_t num_rows,
                                          std::int64_t num_columns);

}  // namespace srm::bases
