#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "plane_counter.h"
#include "srm/accumulator.h"

namespace srm {

/// Adds plain rows to the tables by vector kernels, piece by piece, on one of three paths.
/// Grouped, for rows with few heavy coordinates: the rows of each heavy coordinate i are looked at in all planes of i.
/// Tiles, for rows with many: a transposed piece is looked at in all planes, pair of columns by pair.
/// By row, where no plane has a table: a row is looked at in all planes of its heavy coordinates at once.
class BatchSweep {
 public:
  /// All must outlive it. `path` may be forced.
  BatchSweep(const Basis& basis, const PlaneSet& planes, const ChosenPlanes& chosen, const Spotlight& spotlight,
             CountingPath path, const PlaneCounter::Kernels& kernels, SpotlightTables& tables, std::int64_t num_owners);

  /// Whether rows are looked at one by one: then it is best when they are still in the cache.
  bool is_by_row() const { return is_holistic_ && !may_use_tiles_; }
  /// In double, which cannot overflow.
  static double bytes_needed(const Basis& basis, const Spotlight& spotlight, CountingPath path,
                             std::int64_t num_owners);

  /// Chooses a path for the rows from `first_row` on, of which there are `num_rows`, and takes as many as fit: returns
  /// the row behind them. Then come fill() for all owners and then sweep() for all owners, each at the same time.
  std::int64_t begin(const PlainRows& rows, std::int64_t first_row, std::int64_t num_rows);
  void fill(std::int64_t owner, std::int64_t num_owners);
  void sweep(std::int64_t owner, std::int64_t num_owners);

 private:
  static constexpr std::int64_t kGroupRows = 256;
  static constexpr std::int64_t kBlock = SpotlightTables::kOwnedBlock;
  using GroupColumn = std::array<float, kGroupRows + kernels::kPadding>;

  /// Rows of one heavy coordinate, those first that hit every plane of it, by sign; and a block of their columns.
  /// In masked_u, and then in the column, a row is zero where another group looks at its plane.
  struct Group {
    std::array<std::uint32_t, kGroupRows> rows;
    std::int64_t num_rows;
    std::int64_t num_positive;  // of u, and full
    std::int64_t num_full;
    GroupColumn u, masked_u;
    std::array<float, 2> u_low, u_high;  // of those that are full, by sign
    std::array<GroupColumn, kBlock> columns;

    std::int64_t first_full(std::size_t sign) const { return sign == 0 ? 0 : num_positive; }
    std::int64_t num_full_of(std::size_t sign) const { return sign == 0 ? num_positive : num_full - num_positive; }
  };

  static bool may_use_tiles(const Basis& basis, const Spotlight& spotlight, CountingPath path);
  static std::int64_t tile_capacity(const Basis& basis);
  static std::int64_t group_capacity(const Basis& basis);

  std::int64_t begin_tiles(std::int64_t first_row, std::int64_t last_row);
  std::int64_t begin_groups(std::int64_t first_row, std::int64_t last_row);
  bool are_for_tiles(std::int64_t first_row, std::int64_t last_row) const;
  void load_group(std::int64_t i, std::span<const std::uint32_t> rows, Group& group) const;
  void sweep_block(std::int64_t i, std::int64_t first_column, std::int64_t next_column, Group& group,
                   PlaneCounter& counter) const;
  /// Full rows of a group by sign, if they are enough to be looked at as a crowd.
  struct Part {
    std::int64_t first;
    std::int64_t num_rows;
    bool is_crowd;
    kernels::CrowdCells cells;
  };
  Part find_part(const Group& group, std::size_t sign, std::int64_t i, std::int64_t first_column,
                 std::int64_t num_columns, const PlaneCounter& counter) const;
  void prefetch_rows(std::int64_t first_entry, std::int64_t num_entries, std::int64_t column) const;
  void sweep_groups(std::int64_t owner, std::int64_t num_owners);
  ColumnPair tile_pair(std::int64_t a, std::int64_t b) const;
  void sweep_by_row(std::int64_t owner, std::int64_t num_owners);
  void sweep_tiles(std::int64_t owner, std::int64_t num_owners);

  const Basis& basis_;
  const kernels::ColumnKernels& kernels_;
  const kernels::CrowdKernels& crowds_;
  bool has_bytes_;  // select_bytes can be used
  CountingPath path_;
  bool may_use_tiles_;
  bool is_holistic_;                    // no plane has a table, and the basis is the standard one and not narrow
  double smallest_threshold_;           // |c_i| from which on all planes of b_i are hit, if they are orthogonal
  std::vector<Group> groups_;           // by owner
  std::vector<PlaneCounter> counters_;  // by owner

  // The piece at hand.
  PlainRows rows_;
  bool uses_tiles_ = false;
  std::int64_t first_row_ = 0;
  std::int64_t last_row_ = 0;
  std::vector<std::uint32_t> group_rows_;  // the rows of each heavy coordinate, one group behind the other
  std::vector<std::int64_t> group_begin_;  // (m + 1)
  std::vector<std::uint32_t> tile_rows_;
  std::vector<float> columns_;  // (m, tile capacity with padding)
  std::vector<std::uint8_t> bytes_;
};

}  // namespace srm
