// PRIVATE: arcs of many points of one plane at once. Raw pointers and sizes; nothing is allocated or thrown.
// The scalar twin, which is the truth, is SpotlightTables::add: what ends within rounding of a grid angle or of the
// threshold is not counted here but listed as undecided, for the twin. So every instruction set counts alike.
#pragma once

#include <cstdint>

#include "kernels/columns.h"
#include "kernels/instruction_set.h"

namespace srm::kernels {

/// Points of one plane: 2^7 times the coordinates along e1 and e2, (num_points), readable for kPadding more. A point at
/// (0, 0) is none.
struct PlanePoints {
  const float* u;
  const float* v;
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

/// Of one call's points: phi in cells, 1 / r, cosine_units(), which points these are, and the ends of their arcs.
struct ArcScratch {
  float phi[kMostPoints + kPadding];
  float inverse_r[kMostPoints + kPadding];
  std::int32_t cosine[kMostPoints + kPadding];
  std::int32_t index[kMostPoints + kPadding];
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
  std::int64_t num_left = 0;  ///< points that may reach the next threshold
};

/// Of r, which is below 2^7: the one whose arcs are wanted, and the next larger one that will be asked for, or 0.
struct ArcThresholds {
  float now;
  float next;
};

/// In memory that is also looked at as std::int64_t.
using NarrowCell [[gnu::may_alias]] = std::int32_t;

/// The kernels for one instruction set.
struct PlaneKernels {
  /// Fills first and end: the arc of point k is +1 at first[k] and -1 at end[k] of a circular difference table, and
  /// +1 at 0 where it is wrapped; both are 0 for points without one. Of those that may reach the next threshold phi,
  /// inverse_r, cosine and index are left, num_left of each.
  ArcTotals (*find_arcs)(const PlanePoints& points, const ArcThresholds& thresholds, const ArcGrid& grid,
                         ArcScratch& scratch);
  /// The same of what a call before has left, num_points.
  ArcTotals (*find_ends)(std::int64_t num_points, const ArcThresholds& thresholds, const ArcGrid& grid,
                         ArcScratch& scratch);
  /// Adds `sign` to table[cells[k]] for all k, (num_cells): to a table of either width.
  void (*add_ends)(const std::int32_t* cells, std::int64_t num_cells, int sign, std::int64_t* table);
  void (*add_ends_narrow)(const std::int32_t* cells, std::int64_t num_cells, int sign, NarrowCell* table);
};

/// nullptr where the instruction set has no vectors.
const PlaneKernels* plane_kernels(InstructionSet instruction_set);

}  // namespace srm::kernels
