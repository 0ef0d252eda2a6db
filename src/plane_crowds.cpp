// Rows of one plane that lie near to each other; see kernels/crowded_arcs.h.
#include <algorithm>
#include <array>

#include "plane_counter.h"

namespace srm {

void PlaneCounter::find_crowds(const kernels::CrowdBox& box, kernels::CrowdCells& cells) const {
  kernels_.crowds.find_cells(box, crowd_threshold(), grid_, cells);
}

// The differences of how many are inside from one cell to the next.
template <typename Cell>
void PlaneCounter::add_crowd(const kernels::CrowdCells& cells, std::size_t place, std::int64_t num_rows,
                             const std::int32_t* counts, Cell* table) const {
  const std::int32_t first_low = cells.first_low[place];
  const std::int32_t first_high = cells.first_high[place];
  const std::int32_t end_low = cells.end_low[place];
  const std::int32_t end_high = cells.end_high[place];
  const auto all = static_cast<std::int32_t>(num_rows);
  std::int32_t before = 0;
  const auto put = [&](std::int32_t cell, std::int32_t count) {
    table[in_turn(cell)] += count - before;
    before = count;
  };
  const std::int32_t* end_counts = counts + (first_high - first_low);
  for (std::int32_t cell = first_low; cell < first_high; ++cell) put(cell, counts[cell - first_low]);
  if (first_high < end_low) put(first_high, all);
  for (std::int32_t cell = end_low; cell < end_high; ++cell) put(cell, end_counts[cell - end_low]);
  put(end_high, 0);
  // Across theta = 0: the prefix sums start with those that are inside there.
  for (const std::int32_t start : {0, grid_.num_distinct}) {
    if (start <= first_low || start > end_high) continue;
    const std::int32_t last = start - 1;
    table[0] += last < first_high ? counts[last - first_low] : last < end_low ? all : end_counts[last - end_low];
  }
}

bool PlaneCounter::count_crowd(const kernels::PlanePoints& points, std::int64_t chosen,
                               const kernels::CrowdCells& cells, std::size_t place, const auto& is_inside) {
  std::array<std::int32_t, kernels::kMostOpen> open;
  std::array<std::int32_t, kernels::kMostOpen> counts;
  std::int64_t num_open = 0;
  const auto open_all = [&](std::int32_t first, std::int32_t end) {
    for (std::int32_t cell = first; cell < end; ++cell) open[static_cast<std::size_t>(num_open++)] = in_turn(cell);
  };
  if (cells.first_low[place] == cells.end_high[place]) return false;
  open_all(cells.first_low[place], cells.first_high[place]);
  open_all(cells.end_low[place], cells.end_high[place]);
  const float threshold = crowd_threshold();
  const kernels::GridDirections directions = {directions_.data(), directions_.data() + grid_.num_distinct};
  if (!kernels_.crowds.count_inside(points, threshold, directions, open.data(), num_open, counts.data())) {
    for (std::size_t k = 0; k < static_cast<std::size_t>(num_open); ++k) {
      std::uint16_t* undecided = scratch_.front().indices.data();
      const std::int64_t count = kernels_.crowds.find_undecided(points, threshold, directions, open[k], undecided);
      counts[k] += static_cast<std::int32_t>(
          std::count_if(undecided, undecided + count, [&](std::uint16_t point) { return is_inside(point, open[k]); }));
    }
  }
  kernels::ArcTotals totals;
  totals.num_hits = points.num_points;
  totals.cosine_sum = kernels_.crowds.sum_cosines(points);
  tables_.add_totals(0, chosen, totals, owner_);
  tables_.for_each_table(0, chosen, owner_,
                         [&](auto* table) { add_crowd(cells, place, points.num_points, counts.data(), table); });
  return true;
}

bool PlaneCounter::count_crowd(const PlainRows& all, const ColumnPair& pair, const kernels::CrowdCells& cells,
                               std::size_t place) {
  const auto is_inside = [&](std::uint16_t point, std::int32_t cell) {
    return tables_.is_inside(0, pair.a, pair.b, point_of(all, pair.rows[point], pair.a, pair.b), cell);
  };
  return count_crowd({pair.at_a, pair.at_b, pair.num_rows}, chosen_.index(pair.a, pair.b), cells, place, is_inside);
}

void PlaneCounter::prefetch(std::int64_t a, std::int64_t b, const kernels::CrowdCells& cells, std::size_t place) {
  const auto* table = static_cast<const char*>(tables_.address(0, chosen_.index(a, b)));
  if (table == nullptr) return;
  const std::int64_t bytes = tables_.cell_bytes();
  for (const std::int32_t cell :
       {cells.first_low[place], cells.first_high[place], cells.end_low[place], cells.end_high[place], 0}) {
    __builtin_prefetch(table + in_turn(cell) * bytes, 1);
  }
  __builtin_prefetch(table + spotlight_.grid.num_angles() * bytes, 1);
}

// The points (u, v) of the scratch, which have one u.
bool PlaneCounter::count_row_crowd(const PlainRows& all, std::uint32_t row, std::int64_t i, std::int64_t first,
                                   std::int64_t num_points) {
  if (!can_crowd()) return false;
  const bool is_turned = first < i;
  const Scratch& scratch = scratch_.front();
  kernels::CrowdBox box = {scratch.u.front(), scratch.u.front(), {}, {}, is_turned ? 1U : 0U};
  kernels_.crowds.find_range(scratch.v.data(), num_points, &box.v_low[0], &box.v_high[0]);
  kernels::CrowdCells cells;
  find_crowds(box, cells);
  const float* u = scratch.u.data();
  const float* v = scratch.v.data();
  const auto is_inside = [&](std::uint16_t point, std::int32_t cell) {
    const std::int64_t a = is_turned ? first + point : i;
    const std::int64_t b = is_turned ? i : first + point;
    return tables_.is_inside(0, a, b, point_of(all, row, a, b), cell);
  };
  return count_crowd({is_turned ? v : u, is_turned ? u : v, num_points}, -1, cells, 0, is_inside);
}

}  // namespace srm
