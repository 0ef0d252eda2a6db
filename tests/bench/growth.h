#pragma once

#include <string>
#include <vector>

namespace srm::bench {

/// What a row costs our accumulator at one place of a sweep.
struct GrowthPoint {
  std::string axis;    ///< what is swept: "n", "angles", "epsilon", "samples" or "threads"
  std::string series;  ///< what else is the same along a line
  double x;
  double ns_per_row;  ///< of this thread's CPU time; on the wall along the axis "threads"
};

/// Measures all sweeps, and prints each point as soon as it is known.
std::vector<GrowthPoint> measure_growth();

/// Writes the list of {axis, series, x, ns_per_row}; throws std::runtime_error where it cannot.
void write_growth(const std::vector<GrowthPoint>& points, const std::string& path);

}  // namespace srm::bench
