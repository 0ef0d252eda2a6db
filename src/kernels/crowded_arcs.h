// PRIVATE: arcs of points of one plane that lie near to each other, as those of rows on one axis do. Nearly all of them
// are inside at the same angles: at the few others they are counted by the cosine itself.
#pragma once

#include <cstdint>

#include "kernels/plane_arcs.h"

namespace srm::kernels {

/// So many planes at once: those of b_i, which all points are near to or opposite of, and of kCrowdPlanes others.
constexpr std::int64_t kCrowdPlanes = 16;
/// The most angles at which points are counted.
constexpr std::int64_t kMostOpen = 20;

/// 2^7 times the coordinates of points along b_i, and along the other vector of each plane, the smallest and the
/// largest. A plane whose bit of `is_turned` is set has b_i for its second vector.
struct CrowdBox {
  float u_low;
  float u_high;
  float v_low[kCrowdPlanes];
  float v_high[kCrowdPlanes];
  std::uint32_t is_turned;
};

/// Cells, not taken modulo a turn, by plane. No point is inside before first_low, all are from first_high until before
/// end_low, none is from end_high on. Where a crowd is too loose first_low is end_high.
struct CrowdCells {
  std::int32_t first_low[kCrowdPlanes];
  std::int32_t first_high[kCrowdPlanes];
  std::int32_t end_low[kCrowdPlanes];
  std::int32_t end_high[kCrowdPlanes];
};

/// Cosine and sine of each grid angle as theta is turned, (num_distinct).
struct GridDirections {
  const float* cosine;
  const float* sine;
};

struct CrowdKernels {
  /// The smallest and the largest of (num_numbers), at least 1.
  void (*find_range)(const float* numbers, std::int64_t num_numbers, float* low, float* high);
  void (*find_cells)(const CrowdBox& box, float threshold, const ArcGrid& grid, CrowdCells& cells);
  /// How many points are inside at each of the cells, (num_cells), modulo a turn, but for those of which float32 cannot
  /// tell. Returns whether there are none of these.
  bool (*count_inside)(const PlanePoints& points, float threshold, const GridDirections& directions,
                       const std::int32_t* cells, std::int64_t num_cells, std::int32_t* counts);
  /// Those of one cell: writes their indices, and returns how many they are.
  std::int64_t (*find_undecided)(const PlanePoints& points, float threshold, const GridDirections& directions,
                                 std::int32_t cell, std::uint16_t* indices);
  /// The sum of cosine_units().
  std::int64_t (*sum_cosines)(const PlanePoints& points);
};

/// nullptr where the instruction set has no vectors.
const CrowdKernels* crowd_kernels(InstructionSet instruction_set);

}  // namespace srm::kernels
