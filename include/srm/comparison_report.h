#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "srm/comparison.h"
#include "srm/report.h"

namespace srm {

// What people and other programs read of a comparison. The functions are pure but for the stream that they are given,
// and may be called from any thread. Names are text throughout: never markup, never terminal control.

/// A table with a row a layer (and further ones for further epsilons): A4 on both sides, its difference with its error,
/// p and the bounds of p and q (see Note [Differences]), the verdicts, C4 on both sides, the largest difference of the
/// holistic curves with its angle and bound of p; under it what was counted otherwise and what has no partner. With
/// several sources a table each. Lines end in \n.
std::string comparison_table(const Comparison& comparison, const ConsoleOptions& options);

/// An object with "sources" (names), "layers" and "unmatched". Each layer has "a" and "b" (source, address, group, dim,
/// basis_name, num_samples_seen, num_blocks, a4, a4_error, alignment, haar_p), "a4" (difference, error, error_bound, p,
/// p_bound, q, q_bound), "curves" and "notes". Each curve has epsilon, c4_a, c4_b, largest_difference,
/// largest_angle_deg, p, p_bound, q, q_bound and the lists angles_deg, a, b, error and error_bound, which are empty
/// where they are not known. Undefined numbers are null.
nlohmann::ordered_json comparison_json(const Comparison& comparison);

/// One self-contained page that loads nothing: the table, and of each layer both curves and their difference.
/// `command` is the command line that makes it, or empty.
void write_comparison_html(std::ostream& out, const Comparison& comparison, const std::string& command = {});

}  // namespace srm
