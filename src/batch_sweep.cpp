#include "batch_sweep.h"

#include <algorithm>
#include <cmath>

namespace srm {
namespace {

// Nanoseconds, as far as they differ: of a row and plane in a tile; of a heavy coordinate and a plane of it that most
// rows do not hit, or that all do, in a tile and in a group.
constexpr double kTilePlane = 0.06;
constexpr double kTileHeavy = 1, kGroupHeavy = 3.2;
constexpr double kTileFull = 5, kGroupFull = 3.4;
// In place of kGroupHeavy from so many vectors on: then the tables of all planes are in no cache, and a group finds
// each of them cold.
constexpr double kColdGroupHeavy = 10;
constexpr std::int64_t kFewestOfCold = 256;
constexpr double kFewestForTiles = 0.05;    // of heavy coordinates in any row, below which there is no memory for tiles
constexpr std::int64_t kFewestByRow = 256;  // vectors: of fewer a group is as good
constexpr std::int64_t kTileBlock = 32;

}  // namespace

BatchSweep::BatchSweep(const Basis& basis, const PlaneSet& planes, const ChosenPlanes& chosen,
                       const Spotlight& spotlight, CountingPath path, const PlaneCounter::Kernels& kernels,
                       SpotlightTables& tables, std::int64_t num_owners)
    : basis_(basis),
      kernels_(kernels.columns),
      crowds_(kernels.crowds),
      has_bytes_(kernels.columns.select_bytes != nullptr && basis.lengths() == VectorLengths::kNormalised),
      path_(path),
      may_use_tiles_(may_use_tiles(basis, spotlight, path)),
      is_holistic_(chosen.num_planes() == 0 && basis.is_standard() && basis.num_vectors() >= kFewestByRow),
      smallest_threshold_(threshold_of(*std::min_element(spotlight.epsilon.begin(), spotlight.epsilon.end()), 1)),
      groups_(static_cast<std::size_t>(num_owners)) {
  for (std::int64_t owner = 0; owner < num_owners; ++owner) {
    counters_.emplace_back(basis, planes, chosen, spotlight, kernels, tables, owner);
  }
  const auto m = static_cast<std::size_t>(basis.num_vectors());
  group_rows_.resize(static_cast<std::size_t>(group_capacity(basis)));
  group_begin_.resize(m + 1);
  if (!may_use_tiles_) return;
  const auto stride = static_cast<std::size_t>(tile_capacity(basis) + kernels::kPadding);
  tile_rows_.reserve(stride);
  columns_.resize(m * stride);
  bytes_.resize(m * stride);
}

double BatchSweep::bytes_needed(const Basis& basis, const Spotlight& spotlight, CountingPath path,
                                std::int64_t num_owners) {
  const auto m = static_cast<double>(basis.num_vectors());
  const double stride = static_cast<double>(tile_capacity(basis) + kernels::kPadding);
  const double tiles = may_use_tiles(basis, spotlight, path) ? stride * ((1 + m) * sizeof(float) + m) : 0;
  const double groups = static_cast<double>(group_capacity(basis)) * sizeof(std::uint32_t) + (m + 1) * sizeof(double);
  return tiles + groups + static_cast<double>(num_owners) * (sizeof(Group) + PlaneCounter::bytes_needed(spotlight));
}

// At most 2 / epsilon^2 coordinates of a row of an orthonormal basis are heavy.
bool BatchSweep::may_use_tiles(const Basis& basis, const Spotlight& spotlight, CountingPath path) {
  if (path != CountingPath::kChosen) return path == CountingPath::kTiles;
  const double smallest = *std::min_element(spotlight.epsilon.begin(), spotlight.epsilon.end());
  return 2 / (smallest * smallest) > kFewestForTiles * static_cast<double>(basis.num_vectors()) || !basis.is_standard();
}

std::int64_t BatchSweep::tile_capacity(const Basis& basis) {
  const std::int64_t m = std::max<std::int64_t>(basis.num_vectors(), 1);
  return std::clamp<std::int64_t>((std::int64_t{1} << 22) / m, 64, 4096);
}

std::int64_t BatchSweep::group_capacity(const Basis& basis) {
  return std::max<std::int64_t>(std::int64_t{1} << 17, basis.num_vectors());
}

std::int64_t BatchSweep::begin(const PlainRows& rows, std::int64_t first_row, std::int64_t num_rows) {
  rows_ = rows;
  const std::int64_t tiled_end = first_row + std::min(num_rows, tile_capacity(basis_));
  uses_tiles_ = may_use_tiles_ && (path_ == CountingPath::kTiles || are_for_tiles(first_row, tiled_end));
  if (uses_tiles_) return begin_tiles(first_row, tiled_end);
  first_row_ = first_row;
  last_row_ = first_row + num_rows;
  if (is_holistic_) return last_row_;
  return begin_groups(first_row, first_row + num_rows);
}

// Whether the rows cost less in a tile. A row with one heavy coordinate, whose fourth power stands out from what all
// others have by chance, hits all planes of it.
bool BatchSweep::are_for_tiles(std::int64_t first_row, std::int64_t last_row) const {
  const auto m = static_cast<double>(basis_.num_vectors());
  const double quartic = (std::pow(smallest_threshold_, 4) + 3 / m) * static_cast<double>(Scores::kQuarticScale);
  const auto full_from = static_cast<std::int64_t>(std::ceil(std::min(quartic, 0x1p62)));
  std::int64_t num_rows = 0, num_heavy = 0, num_full = 0;
  for (std::int64_t index = first_row; index < last_row; ++index) {
    const PreparedRows::Row& row = rows_.prepared->row(index);
    num_rows += static_cast<std::int64_t>(row.num_heavy > 0);
    num_heavy += row.num_heavy;
    num_full += static_cast<std::int64_t>(row.num_heavy == 1) & static_cast<std::int64_t>(row.quartic >= full_from);
  }
  const auto others = static_cast<double>(num_heavy - num_full), full = static_cast<double>(num_full);
  const double tiles =
      static_cast<double>(num_rows) * (m - 1) / 2 * kTilePlane + others * kTileHeavy + full * kTileFull;
  const double group_heavy = basis_.num_vectors() < kFewestOfCold ? kGroupHeavy : kColdGroupHeavy;
  return tiles < others * group_heavy + full * kGroupFull;
}

std::int64_t BatchSweep::begin_tiles(std::int64_t first_row, std::int64_t last_row) {
  tile_rows_.resize(static_cast<std::size_t>(last_row - first_row));
  std::size_t num_rows = 0;
  for (std::int64_t row = first_row; row < last_row; ++row) {
    tile_rows_[num_rows] = static_cast<std::uint32_t>(row);
    num_rows += rows_.prepared->num_heavy(row) > 0 ? 1 : 0;
  }
  tile_rows_.resize(num_rows);
  return last_row;
}

void BatchSweep::fill(std::int64_t owner, std::int64_t num_owners) {
  if (!uses_tiles_) return;
  const std::int64_t m = basis_.num_vectors();
  const std::int64_t stride = tile_capacity(basis_) + kernels::kPadding;
  for (std::int64_t first = owner * kBlock; first < m; first += num_owners * kBlock) {
    const std::int64_t num_columns = std::min(kBlock, m - first);
    kernels_.transpose(rows_.numbers, tile_rows_.data(), std::ssize(tile_rows_), first, num_columns,
                       columns_.data() + first * stride, stride, 0);
    const double threshold = kUnit * smallest_threshold_;
    for (std::int64_t i = first; has_bytes_ && i < first + num_columns; ++i) {
      kernels_.make_bytes(columns_.data() + i * stride, std::ssize(tile_rows_),
                          static_cast<float>(threshold * threshold), bytes_.data() + i * stride);
    }
  }
}

void BatchSweep::sweep(std::int64_t owner, std::int64_t num_owners) {
  if (uses_tiles_) {
    sweep_tiles(owner, num_owners);
  } else if (is_holistic_) {
    sweep_by_row(owner, num_owners);
  } else {
    sweep_groups(owner, num_owners);
  }
}

ColumnPair BatchSweep::tile_pair(std::int64_t a, std::int64_t b) const {
  const std::int64_t stride = tile_capacity(basis_) + kernels::kPadding;
  const auto column = [stride](const auto& columns, std::int64_t i, bool has_any) {
    return has_any ? columns.data() + i * stride : nullptr;
  };
  return {a,
          b,
          column(columns_, a, true),
          column(columns_, b, true),
          column(bytes_, a, has_bytes_),
          column(bytes_, b, has_bytes_),
          tile_rows_.data(),
          std::ssize(tile_rows_)};
}

void BatchSweep::sweep_tiles(std::int64_t owner, std::int64_t num_owners) {
  const std::int64_t m = basis_.num_vectors();
  PlaneCounter& counter = counters_[static_cast<std::size_t>(owner)];
  for (std::int64_t first = 0; first < m; first += kTileBlock) {
    const std::int64_t last = std::min(first + kTileBlock, m);
    for (std::int64_t a = 0; a < last; ++a) {
      for (std::int64_t b = std::max(first, a + 1); b < last; ++b) {
        if (SpotlightTables::owner_of(a, b, num_owners) != owner) continue;
        if (b + 1 < last) counter.prefetch(a, b + 1);
        counter.count_selected(rows_, tile_pair(a, b));
      }
    }
  }
}

// With one table for all planes an owner's planes are as good as any, so that owners share rows instead.
void BatchSweep::sweep_by_row(std::int64_t owner, std::int64_t num_owners) {
  const std::int64_t m = basis_.num_vectors();
  PlaneCounter& counter = counters_[static_cast<std::size_t>(owner)];
  for (std::int64_t index = first_row_ + owner; index < last_row_; index += num_owners) {
    if (rows_.prepared->num_heavy(index) == 0) continue;
    const auto row = static_cast<std::uint32_t>(index);
    rows_.prepared->for_each_heavy(row, [&](std::int64_t i) {
      for (std::int64_t j = 0; j < i; j += kernels::kMostPoints) {
        counter.count_row(rows_, row, i, j, std::min(j + kernels::kMostPoints, i));
      }
      for (std::int64_t j = i + 1; j < m; j += kernels::kMostPoints) {
        counter.count_row(rows_, row, i, j, std::min(j + kernels::kMostPoints, m));
      }
    });
  }
}

}  // namespace srm
