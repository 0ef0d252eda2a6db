#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "srm/angle_grid.h"
#include "srm/plane_set.h"
#include "srm/resonance.h"

namespace srm {

/// What a spotlight is: its thresholds, its angles, which way it turns.
struct Spotlight {
  std::vector<double> epsilon;
  AngleGrid grid;
  Sense sense;
};

/// The circular difference tables of all planes, (epsilon, plane, angle), and the sweep that adds rows to them.
/// Different owners may sweep at the same time: each touches the tables of its own planes only.
class SpotlightTables {
 public:
  /// One prepared row: its coordinates c = B x_hat, (m), and the indices i, ascending, of c_i^2 >= heavy_bounds()[i].
  struct Row {
    const double* coordinates;
    std::span<const std::int32_t> heavy;
  };
  /// What a sweep adds up beside the tables, (epsilon) each; see Scores.
  struct Tally {
    std::vector<std::int64_t> cosine_sum;
    std::vector<std::int64_t> num_hits;
  };

  /// `basis` and `planes` must outlive the tables.
  SpotlightTables(const Basis& basis, const PlaneSet& planes, Spotlight spotlight);

  /// Of the tables, and beside them of what a result adds; 1e18 stands for all that is more.
  static std::int64_t bytes_needed(const PlaneSet& planes, const Spotlight& spotlight);

  /// (m): a plane can be hit only by rows of which one of its two coordinates reaches its bound in square.
  const std::vector<double>& heavy_bounds() const { return heavy_bounds_; }

  /// Adds `row` to the planes that `owner` (0 <= owner < num_owners) owns, and what it hit to `tally`.
  void sweep(const Row& row, std::int64_t owner, std::int64_t num_owners, Tally& tally);

  /// Turns a copy of the tables, or the tables themselves, into counts (epsilon, plane, angle) and hits (epsilon,
  /// plane), with `num_rows_everywhere` more rows in every spotlight of an epsilon <= 0, which are the rows without a
  /// direction.
  void read_out(std::int64_t num_rows_everywhere, ResonanceParts& parts) const&;
  void read_out(std::int64_t num_rows_everywhere, ResonanceParts& parts) &&;

 private:
  // A plane's table holds its K differences and then its number of hits, so that both share cache lines.
  std::int64_t stride() const { return spotlight_.grid.num_angles() + 1; }
  void add(std::int64_t i, std::int64_t j, double u, double v, Tally& tally);
  void sweep_pair(std::int64_t a, std::int64_t b, const double* c, Tally& tally);
  void read_out(std::vector<std::int64_t> tables, std::int64_t num_rows_everywhere, ResonanceParts& parts) const;

  const Basis& basis_;
  const PlaneSet& planes_;
  Spotlight spotlight_;
  std::int64_t num_distinct_;
  double cells_per_radian_;
  double smallest_epsilon_;
  std::vector<double> heavy_bounds_;
  std::vector<std::int64_t> tables_;
};

}  // namespace srm
