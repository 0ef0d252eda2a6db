// PRIVATE: arcs of many points of one plane at once. Raw pointers and sizes; nothing is allocated or thrown.
// The scalar twin, which is the truth, is SpotlightTables::add: what ends within rounding of a grid angle or of the
// threshold is not counted here but listed as undecided, for the twin. So every instruction set counts alike.
#pragma once

#include <cstdint>

#include "kernels/columns.h"
#include "kernels/instruction_set.h"

namespace srm::kernels {

/// Points of one plane: coordinates along e1 and e2 in the unit of their row, whose length in that unit is `norm`.
/// Arrays of (num_points), readable for kPadding more. `u_rest` and `v_rest` are what float32 lost of u and v, or
/// nullptr where it lost nothing.
struct PlanePoints {
  const float* u;
  const float* v;
  const float* u_rest;
  const float* v_rest;
  const float* norm;
  std::int64_t num_points;
};

/// A grid of `num_distinct` angles, at least 4, and how near to one of them float32 cannot tell.
struct ArcGrid {
  explicit ArcGrid(std::int64_t num_distinct_angles, bool is_reversed);
  static constexpr std::int64_t kFewest = 4;
  static constexpr std::int64_t kMost = 65536;  // above it too much would be undecided

  std::int32_t num_distinct;
  float cells_per_radian;
  float turn;         ///< +1 or -1: which way theta grows
  float guard;        ///< in cells
  float guard_slope;  ///< the same for 1 / sqrt(1 - epsilon / r), which grows where an arc is short
};

/// Of one call's points: phi in cells, |row| / r, cos 4 phi times 2^20, and the ends of their arcs.
struct ArcScratch {
  float phi[kMostPoints + kPadding];
  float inverse_r[kMostPoints + kPadding];
  std::int32_t cosine[kMostPoints + kPadding];
  std::int32_t first[kMostPoints + kPadding];
  std::int32_t end[kMostPoints + kPadding];
  std::int32_t undecided[kMostPoints + kPadding];
};

/// What was counted at one epsilon, and how many of ArcScratch::undecided, indices of points, were not.
struct ArcTotals {
  std::int64_t num_hits = 0;
  std::int64_t cosine_sum = 0;
  std::int64_t num_wrapped = 0;  ///< arcs across theta = 0
  std::int64_t num_undecided = 0;
};

/// The kernels for one instruction set.
struct PlaneKernels {
  /// Fills phi, inverse_r and cosine of the scratch.
  void (*measure)(const PlanePoints& points, const ArcGrid& grid, ArcScratch& scratch);
  /// Fills first and end: the arc of point k is +1 at first[k] and -1 at end[k] of a circular difference table, and
  /// +1 at 0 where it is wrapped; both are 0 for points without one.
  ArcTotals (*find_ends)(std::int64_t num_points, float threshold, const ArcGrid& grid, ArcScratch& scratch);
  /// Adds `sign` to table[cells[k]] for all k, (num_cells).
  void (*add_ends)(const std::int32_t* cells, std::int64_t num_cells, std::int64_t sign, std::int64_t* table);
};

/// nullptr where the instruction set has no vectors.
const PlaneKernels* plane_kernels(InstructionSet instruction_set);

}  // namespace srm::kernels
