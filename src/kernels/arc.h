#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/fixed_point.h"

namespace srm::kernels {

/// Neighbouring cells of a circular angle grid: first, first + 1, ..., first + num_cells - 1, modulo its size.
struct ArcCells {
  std::int64_t first;
  std::int64_t num_cells;
};

/// The grid angles k * spacing that lie within `half_width` (0 to pi) of `centre` (-pi to pi), ends included.
/// 0 <= first < num_distinct, and num_cells <= num_distinct.
inline ArcCells arc_cells(double centre, double half_width, double cells_per_radian, std::int64_t num_distinct) {
  const double first = std::ceil((centre - half_width) * cells_per_radian);
  const double last = std::floor((centre + half_width) * cells_per_radian);
  if (last < first) return {0, 0};
  const auto num_cells = static_cast<std::int64_t>(last - first) + 1;
  if (num_cells >= num_distinct) return {0, num_distinct};
  const auto cell = static_cast<std::int64_t>(first);
  return {cell < 0 ? cell + num_distinct : cell, num_cells};
}

/// Adds `count` to all `cells` of a circular difference table of `num_distinct` numbers, whose prefix sums are the
/// counts.
template <typename Cell>
void add_arc(ArcCells cells, std::int64_t num_distinct, Cell* differences, int count = 1) {
  if (cells.num_cells == 0) return;
  if (cells.num_cells == num_distinct) {
    differences[0] += count;
    return;
  }
  differences[cells.first] += count;
  const std::int64_t end = cells.first + cells.num_cells;
  if (end < num_distinct) {
    differences[end] -= count;
  } else if (end > num_distinct) {  // across theta = 0: the prefix sums start inside the arc
    differences[0] += count;
    differences[end - num_distinct] -= count;
  }
}

/// cos(4 phi) of the direction (u, v), times kCosineUnits: 1 - 8 (u v / r^2)^2, in this order of operations of float32,
/// which vectors keep. Zero has none, and neither have numbers so small that their squares are zero: then it is 1.
constexpr std::int64_t kCosineUnits = 1 << 20;
inline std::int64_t cosine_units(float u, float v) {
  const float larger = std::max(std::abs(u), std::abs(v));
  const float inverse = 1 / ((u * u + v * v) * larger);
  if (!std::isfinite(inverse)) return kCosineUnits;
  const float t = (u * v) * (larger * inverse);
  return fixed_point(static_cast<double>(0x1p20f - 0x1p23f * (t * t)), 1);
}

}  // namespace srm::kernels
