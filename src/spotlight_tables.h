#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/arc.h"
#include "kernels/plane_arcs.h"
#include "plane_point.h"
#include "srm/angle_grid.h"
#include "srm/plane_choice.h"
#include "srm/resonance.h"

namespace srm {

/// What a spotlight is: its thresholds, its angles, which way it turns, and whether its back is counted against it.
struct Spotlight {
  std::vector<double> epsilon;
  AngleGrid grid;
  Sense sense;
  bool is_signed = false;
};

/// See Note [Ties] in srm/accumulator.h. What x_hat . e must reach, for a unit vector e, so that x_hat . (length e) is
/// inside.
inline double threshold_of(double epsilon, double length) { return epsilon / length - 1e-12; }

/// Where the half turn maps the grid onto itself, signed counts are a read-out of counts; else they need tables.
inline bool needs_signed_tables(const Spotlight& spotlight) {
  return spotlight.is_signed && spotlight.grid.num_distinct() % 2 != 0;
}

/// The circular difference tables of the chosen planes, (epsilon, plane, angle), what is summed over all planes, and
/// the sweep that adds rows to them. Different owners may sweep at the same time: each touches the tables of its own
/// planes and sums of its own only.
class SpotlightTables {
 public:
  /// One prepared row: its coordinates c = B x_hat, (m), 2^7 times those as float32 numbers, and the indices i,
  /// ascending, of c_i^2 >= heavy_bounds()[i].
  struct Row {
    const double* coordinates;
    const float* scaled;
    std::span<const std::int32_t> heavy;
  };

  /// `basis`, `planes` and `chosen` must outlive the tables. There are owners from 0 to `num_owners` - 1.
  SpotlightTables(const Basis& basis, const PlaneSet& planes, const ChosenPlanes& chosen, Spotlight spotlight,
                  std::int64_t num_owners);

  /// Of the tables of `num_chosen` planes and of the sums, and beside them of what a result adds; 1e18 stands for all
  /// that is more.
  static std::int64_t bytes_needed(const PlaneSet& planes, std::int64_t num_chosen, const Spotlight& spotlight,
                                   std::int64_t num_owners);

  /// (m): a plane can be hit only by rows of which one of its two coordinates reaches its bound in square.
  const std::vector<double>& heavy_bounds() const { return heavy_bounds_; }

  /// Adds `row` to the planes that `owner` owns of those that `num_owners` share: at most as many as there are.
  void sweep(const Row& row, std::int64_t owner, std::int64_t num_owners);
  /// Which of `num_owners` owns the planes of two vectors, whichever comes first: blocks of kOwnedBlock by kOwnedBlock.
  static std::int64_t owner_of(std::int64_t a, std::int64_t b, std::int64_t num_owners) {
    return (a / kOwnedBlock + b / kOwnedBlock) % num_owners;
  }
  static constexpr std::int64_t kOwnedBlock = 16;

  /// Adds a row by where it is in the plane (i, j), at all epsilons or at one.
  void add(std::int64_t i, std::int64_t j, const PlanePoint& point, std::int64_t owner);
  void add_at(std::int64_t epsilon_index, std::int64_t i, std::int64_t j, const PlanePoint& point, std::int64_t owner);
  /// Whether such a row is inside at the angle of a cell, as add_at() counts it.
  bool is_inside(std::int64_t epsilon_index, std::int64_t i, std::int64_t j, const PlanePoint& point,
                 std::int64_t cell) const;
  /// For rows whose arcs are found elsewhere: adds their sums, at one epsilon and in the plane at `place` among those
  /// chosen, or -1.
  void add_totals(std::int64_t epsilon_index, std::int64_t place, const kernels::ArcTotals& totals, std::int64_t owner);
  /// Calls `look_at` with each circular difference table, (angle), that such rows are added to: that of the plane and
  /// that over all planes of an owner, where they are there.
  template <typename LookAt>
  void for_each_table(std::int64_t epsilon_index, std::int64_t place, std::int64_t owner, const LookAt& look_at);
  /// Where a plane's table lies, to ask the memory for it: its cells take cell_bytes() each. nullptr where there is
  /// none.
  const void* address(std::int64_t epsilon_index, std::int64_t place) const;
  std::int64_t cell_bytes() const { return is_narrow_ ? sizeof(NarrowCell) : sizeof(std::int64_t); }

  /// So many rows at most may have been added before widen() was called: from then on there is no such limit.
  static constexpr std::int64_t kMostNarrowRows = std::int64_t{1} << 30;
  bool is_narrow() const { return is_narrow_; }
  void widen();

  /// The largest |cosine_sum| of any owner so far.
  double largest_cosine_sum() const;

  /// Turns a copy of the tables, or the tables themselves, into all counts and hits and the scores over planes, with
  /// `num_rows_everywhere` more rows in every spotlight of an epsilon <= 0, which are the rows without a direction.
  void read_out(std::int64_t num_rows_everywhere, ResonanceParts& parts) const&;
  void read_out(std::int64_t num_rows_everywhere, ResonanceParts& parts) &&;
  /// The same as if no plane had a table.
  void read_out_holistic(std::int64_t num_rows_everywhere, ResonanceParts& parts) const;
  /// The way back: adds what tables of the same settings have read out.
  void resume(const ResonanceParts& parts, std::int64_t num_rows_everywhere);

 private:
  /// What an owner sums over all its planes: scores (epsilon), and where not all planes have tables, what would be the
  /// sum of their tables (epsilon, angle).
  struct Sums {
    std::vector<std::int64_t> cosine_sum;
    std::vector<std::int64_t> num_hits;
    std::vector<std::int64_t> holistic;
    std::vector<std::int64_t> holistic_signed;
  };

  // Cells are of 32 bits as long as that is enough, so that half as much memory is read and written. They lie in the
  // memory of those of 64 bits, which they become in place.
  using NarrowCell = kernels::NarrowCell;
  NarrowCell* narrow_cells() { return reinterpret_cast<NarrowCell*>(tables_.data()); }
  static void widen(std::vector<std::int64_t>& tables);
  // Calls `look_at` with a plane's table.
  template <typename LookAt>
  void with_table(std::int64_t epsilon_index, std::int64_t place, const LookAt& look_at);
  std::int64_t* holistic(std::int64_t epsilon_index, std::int64_t owner);
  // A plane's table holds its K differences and then its number of hits, so that both share cache lines.
  std::int64_t stride() const { return num_angles_ + 1; }
  struct Hit;
  std::optional<Hit> hit_of(std::int64_t i, std::int64_t j, const PlanePoint& point) const;
  void add_at(std::int64_t epsilon_index, const Hit& hit, Sums& sums);
  kernels::ArcCells cells_of(const Hit& hit, double threshold) const;
  void sweep_pair(std::int64_t a, std::int64_t b, const Row& row, std::int64_t owner);
  void read_out(std::vector<std::int64_t> tables, std::vector<std::int64_t> signed_tables,
                std::int64_t num_rows_everywhere, ResonanceParts& parts) const;
  void read_out_planes(std::vector<std::int64_t> tables, std::int64_t num_rows_everywhere, ResonanceParts& parts) const;
  void read_out_scores(ResonanceParts& parts) const;
  void read_out_sums(std::int64_t num_rows_everywhere, ResonanceParts& parts) const;
  template <typename Cell>
  std::vector<std::int64_t> sum_of_tables(const Cell* cells, std::int64_t stride) const;
  void holistic_to_counts(std::int64_t num_rows_everywhere, std::vector<std::int64_t>& differences) const;
  void read_out_signed(std::vector<std::int64_t> signed_tables, ResonanceParts& parts) const;
  void read_out_holistic_signed(ResonanceParts& parts) const;
  void take_half_turn_off(const std::int64_t* counts, std::int64_t* signed_counts) const;
  void to_counts(const std::int64_t* differences, std::int64_t count, std::int64_t* counts) const;
  template <typename Cell>
  void add_differences(const std::int64_t* counts, std::int64_t count, Cell* differences) const;

  const Basis& basis_;
  const PlaneSet& planes_;
  const ChosenPlanes& chosen_;
  Spotlight spotlight_;
  std::int64_t num_angles_;
  std::int64_t num_distinct_;
  double cells_per_radian_;
  double smallest_epsilon_;
  bool has_signed_tables_;  // signed, on a grid without the half turn
  std::vector<double> heavy_bounds_;
  bool is_narrow_ = true;
  std::vector<std::int64_t> tables_;
  std::vector<std::int64_t> signed_tables_;  // (epsilon, plane, angle): arcs minus opposite arcs
  std::vector<Sums> sums_;                   // by owner
};

template <typename LookAt>
void SpotlightTables::with_table(std::int64_t epsilon_index, std::int64_t place, const LookAt& look_at) {
  if (place < 0) return;
  const std::int64_t begin = (epsilon_index * chosen_.num_planes() + place) * stride();
  if (is_narrow_) {
    look_at(narrow_cells() + begin);
  } else {
    look_at(tables_.data() + begin);
  }
}

template <typename LookAt>
void SpotlightTables::for_each_table(std::int64_t epsilon_index, std::int64_t place, std::int64_t owner,
                                     const LookAt& look_at) {
  with_table(epsilon_index, place, look_at);
  if (std::int64_t* differences = holistic(epsilon_index, owner)) look_at(differences);
}

}  // namespace srm
