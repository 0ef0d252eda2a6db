#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/crowded_arcs.h"
#include "kernels/plane_arcs.h"
#include "plane_point.h"
#include "prepared_rows.h"
#include "spotlight_tables.h"

namespace srm {

/// Plain rows by their coordinates, which are numbers / norm, or nearly numbers * factor / 2^7.
struct PlainRows {
  const PreparedRows* prepared = nullptr;
  kernels::RowsOfNumbers numbers = {};
  double coordinate(std::uint32_t row, std::int64_t i) const;
  float scaled(std::uint32_t row, std::int64_t i) const;
  void scaled(std::uint32_t row, std::int64_t first, std::int64_t count, float* to) const;
};

/// 2^7 times the coordinates of some rows along two basis vectors, a and b; arrays of (num_rows), readable for
/// kernels::kPadding more. The bytes of select_bytes may be nullptr. `rows` are the rows' places among all.
struct ColumnPair {
  std::int64_t a;
  std::int64_t b;
  const float* at_a;
  const float* at_b;
  const std::uint8_t* bytes_a;
  const std::uint8_t* bytes_b;
  const std::uint32_t* rows;
  std::int64_t num_rows;

  /// `count` of the rows, from `first` on.
  ColumnPair part(std::int64_t first, std::int64_t count) const;
  /// b before a.
  ColumnPair turned() const;
};

/// Counts rows in the planes of two basis vectors, for one owner of planes. What float32 cannot decide goes to
/// SpotlightTables::add_at, row by row in float64, so that counts are those of the scalar sweep.
class PlaneCounter {
 public:
  struct Kernels {
    const kernels::PlaneKernels& planes;
    const kernels::ColumnKernels& columns;
    const kernels::CrowdKernels& crowds;
  };

  /// All must outlive it.
  PlaneCounter(const Basis& basis, const PlaneSet& planes, const ChosenPlanes& chosen, const Spotlight& spotlight,
               const Kernels& kernels, SpotlightTables& tables, std::int64_t owner);

  /// Whether float32 can count with such a spotlight at all.
  static bool can_count(const Basis& basis, const Spotlight& spotlight);
  static double bytes_needed(const Spotlight& spotlight);

  /// Looks first which rows are long enough to hit: for pairs that few do.
  void count_selected(const PlainRows& all, const ColumnPair& pair);
  /// Looks at all at once: for pairs that (nearly) all rows hit. The first `num_positive` rows lie near to each other,
  /// and the others near to each other.
  void count_all(const PlainRows& all, const ColumnPair& pair, std::int64_t num_positive);
  /// Whether find_crowds() and count_crowd() can be used: at one epsilon, in square planes of combinations.
  bool can_crowd() const { return !directions_.empty(); }
  /// Where the arcs of rows near to each other end, in the planes of a box.
  void find_crowds(const kernels::CrowdBox& box, kernels::CrowdCells& cells) const;
  /// Counts rows that all hit, as found at `place` of `cells`; false, with nothing done, where they are not near enough
  /// to each other.
  bool count_crowd(const PlainRows& all, const ColumnPair& pair, const kernels::CrowdCells& cells, std::size_t place);
  /// Asks the memory for what count_crowd() will touch.
  void prefetch(std::int64_t a, std::int64_t b, const kernels::CrowdCells& cells, std::size_t place);
  /// Counts one row in the planes of b_i and b_j for all j from `first` and below `last`, of which i is none and at
  /// most kernels::kMostPoints are; not where its coordinate j is heavy and before i. Only where no plane has a table
  /// and the basis is orthonormal: then it is all the same which plane a point is in.
  void count_row(const PlainRows& all, std::uint32_t row, std::int64_t i, std::int64_t first, std::int64_t last);
  /// Asks the memory for all of a plane's tables.
  void prefetch(std::int64_t a, std::int64_t b);

 private:
  using Column = std::array<float, kernels::kMostPoints + kernels::kPadding>;

  void count_selected(const PlainRows& all, const ColumnPair& pair, const PlaneShape& shape);
  void load_points(const PlainRows& all, const ColumnPair& pair, const std::uint16_t* indices, std::int64_t num_points);
  void count_points(const PlainRows& all, const ColumnPair& pair, const kernels::PlanePoints& points,
                    const std::uint16_t* indices, std::int64_t num_positive);
  void count_row_points(const PlainRows& all, std::uint32_t row, std::int64_t i, std::int64_t first,
                        const kernels::PlanePoints& points, bool is_turned);
  void count_at_all_epsilons(const kernels::PlanePoints& points, std::int64_t num_positive, std::int64_t place,
                             double length, const auto& add_undecided);
  bool count_crowd(const kernels::PlanePoints& points, std::int64_t chosen, const kernels::CrowdCells& cells,
                   std::size_t place, const auto& is_inside);
  bool count_row_crowd(const PlainRows& all, std::uint32_t row, std::int64_t i, std::int64_t first,
                       std::int64_t num_points);
  float crowd_threshold() const { return static_cast<float>(kUnit * threshold_of(smallest_epsilon_, 1)); }
  std::int32_t in_turn(std::int32_t cell) const {
    if (cell < 0) return cell + grid_.num_distinct;
    return cell < grid_.num_distinct ? cell : cell - grid_.num_distinct;
  }
  template <typename Cell>
  void add_crowd(const kernels::CrowdCells& cells, std::size_t place, std::int64_t num_rows, const std::int32_t* counts,
                 Cell* table) const;
  template <typename Cell>
  void add_ends(std::int64_t num_points, std::int64_t num_positive, Cell* table);
  PlanePoint point_of(const PlainRows& all, std::uint32_t row, std::int64_t a, std::int64_t b) const;

  const Basis& basis_;
  const PlaneSet& planes_;
  const ChosenPlanes& chosen_;
  const Spotlight& spotlight_;
  Kernels kernels_;
  SpotlightTables& tables_;
  std::int64_t owner_;
  kernels::ArcGrid grid_;
  double smallest_epsilon_;
  std::vector<std::int64_t> ascending_;  // places of the epsilons, the smallest first
  std::vector<float> directions_;        // cosines of the grid angles, and then sines; none where nothing needs them

  // Of one call: the rows selected, by their places in the pair's columns, and their points in the plane.
  struct Scratch {
    std::array<std::uint16_t, kernels::kMostRows + kernels::kPadding> indices;
    Column u, v;
    kernels::ArcScratch arcs;
  };
  std::vector<Scratch> scratch_;  // one
};

}  // namespace srm
