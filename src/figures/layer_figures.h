#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "figures/figure.h"
#include "srm/results.h"

namespace srm::figures {

// Figures look at the layer when they are drawn: it must live so long.

/// The holistic curve at each epsilon with its spread over planes and the line of evenly spread rows; words where
/// nothing_to_draw() has some. So is the next.
Figure curve_figure(const Resonance& layer);
/// The same curves around a circle, +b_i on the right and +b_j above.
Figure polar_figure(const Resonance& layer);
/// The holistic mean of g = f(theta) - f(theta + 180 degrees); none where it was not counted.
std::optional<Figure> signed_figure(const Resonance& layer);

/// What is told of every plane of chosen vectors.
struct PlaneCells {
  std::vector<std::int64_t> vectors;  ///< (V) ascending
  std::vector<double> values;         ///< (V, V), symmetric; NaN where there is no plane, or nothing is known of it
  bool is_c4 = false;                 ///< c4 of the rows tested, else the share of rows with r >= epsilon
  double epsilon = 0;                 ///< of that share
};

/// c4 where `tests` (or null) have a map of it; else, where every plane has a table, the shares at the first epsilon,
/// of PlaneMap::kMostVectors vectors at the most: those in planes with most rows. None where there is neither.
std::optional<PlaneCells> plane_cells(const Resonance& layer, const LayerTests* tests);

/// The same as a square of cells.
Figure plane_map_figure(const Resonance& layer, const PlaneCells& cells);

}  // namespace srm::figures
