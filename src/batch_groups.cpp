// The rows of each heavy coordinate, looked at in all planes of it.
#include <algorithm>
#include <array>

#include "batch_sweep.h"

namespace srm {
namespace {

constexpr std::int64_t kPrefetchedPlane = 2;  // how many planes ahead
constexpr std::int64_t kFewestOfCrowd = 24;   // rows: of fewer arcs are as fast

}  // namespace

// A counting sort of rows by heavy coordinate.
std::int64_t BatchSweep::begin_groups(std::int64_t first_row, std::int64_t last_row) {
  std::fill(group_begin_.begin(), group_begin_.end(), 0);
  std::int64_t num_entries = 0;
  std::int64_t row = first_row;
  for (; row < last_row; ++row) {
    if (rows_.prepared->num_heavy(row) == 0) continue;
    if (num_entries + rows_.prepared->num_heavy(row) > std::ssize(group_rows_)) break;
    num_entries += rows_.prepared->num_heavy(row);
    rows_.prepared->for_each_heavy(row, [&](std::int64_t i) { ++group_begin_[static_cast<std::size_t>(i) + 1]; });
  }
  for (std::size_t i = 1; i < group_begin_.size(); ++i) group_begin_[i] += group_begin_[i - 1];
  // From behind, so that begins are counted down to where they belong while rows stay in order.
  for (std::int64_t back = row - 1; back >= first_row; --back) {
    if (rows_.prepared->num_heavy(back) == 0) continue;
    rows_.prepared->for_each_heavy(back, [&](std::int64_t i) {
      group_rows_[static_cast<std::size_t>(--group_begin_[static_cast<std::size_t>(i) + 1])] =
          static_cast<std::uint32_t>(back);
    });
  }
  // Now the begin of group i stands at i + 1.
  std::rotate(group_begin_.begin(), group_begin_.begin() + 1, group_begin_.end());
  group_begin_.back() = num_entries;
  return row;
}

// Asks the memory for what load_group() and sweep_block() will read first of rows that come next.
void BatchSweep::prefetch_rows(std::int64_t first_entry, std::int64_t num_entries, std::int64_t column) const {
  const std::int64_t end = std::min(first_entry + num_entries, group_begin_.back());
  for (std::int64_t entry = first_entry; entry < end; ++entry) {
    const std::int64_t place = group_rows_[static_cast<std::size_t>(entry)] * rows_.numbers.stride;
    for (const std::int64_t at : {place, place + column}) {
      if (rows_.numbers.floats != nullptr) {
        __builtin_prefetch(rows_.numbers.floats + at, 0, 2);
      } else {
        __builtin_prefetch(rows_.numbers.doubles + at, 0, 2);
      }
    }
  }
}

void BatchSweep::sweep_groups(std::int64_t owner, std::int64_t num_owners) {
  const std::int64_t m = basis_.num_vectors();
  const std::int64_t num_blocks = (m + kBlock - 1) / kBlock;
  Group& group = groups_[static_cast<std::size_t>(owner)];
  PlaneCounter& counter = counters_[static_cast<std::size_t>(owner)];
  for (std::int64_t i = 0; i < m; ++i) {
    const std::int64_t begin = group_begin_[static_cast<std::size_t>(i)];
    const std::int64_t end = group_begin_[static_cast<std::size_t>(i) + 1];
    for (std::int64_t first = begin; first < end; first += kGroupRows) {
      const std::int64_t last = std::min(first + kGroupRows, end);
      load_group(i, {group_rows_.data() + first, static_cast<std::size_t>(last - first)}, group);
      const std::int64_t num_asked = (kGroupRows + num_blocks - 1) / num_blocks;
      for (std::int64_t block = 0; block < num_blocks; ++block) {
        prefetch_rows(last + block * num_asked, num_asked, last == end ? std::min(i + 1, m - 1) : i);
        const std::int64_t column = block * kBlock;
        if (SpotlightTables::owner_of(i, column, num_owners) != owner) continue;
        sweep_block(i, column, std::min(column + num_owners * kBlock, m - 1), group, counter);
      }
    }
  }
}

void BatchSweep::load_group(std::int64_t i, std::span<const std::uint32_t> rows, Group& group) const {
  group.num_positive = 0;
  std::int64_t num_negative = 0;
  std::int64_t num_others = 0;
  std::array<std::uint32_t, kGroupRows> negative, others;
  for (const std::uint32_t row : rows) {
    const double c = rows_.coordinate(row, i);
    if (c >= smallest_threshold_) {
      group.rows[static_cast<std::size_t>(group.num_positive++)] = row;
    } else if (c <= -smallest_threshold_) {
      negative[static_cast<std::size_t>(num_negative++)] = row;
    } else {
      others[static_cast<std::size_t>(num_others++)] = row;
    }
  }
  group.num_full = group.num_positive + num_negative;
  std::copy_n(negative.begin(), num_negative, group.rows.begin() + group.num_positive);
  std::copy_n(others.begin(), num_others, group.rows.begin() + group.num_full);
  group.num_rows = std::ssize(rows);
  kernels_.transpose(rows_.numbers, group.rows.data(), group.num_rows, i, 1, group.u.data(), 0, 0);
  for (std::size_t sign = 0; sign < 2; ++sign) {
    const std::int64_t count = group.num_full_of(sign);
    if (count == 0) continue;
    crowds_.find_range(group.u.data() + group.first_full(sign), count, &group.u_low[sign], &group.u_high[sign]);
  }
}

BatchSweep::Part BatchSweep::find_part(const Group& group, std::size_t sign, std::int64_t i, std::int64_t first_column,
                                       std::int64_t num_columns, const PlaneCounter& counter) const {
  Part part;
  part.first = group.first_full(sign);
  part.num_rows = group.num_full_of(sign);
  part.is_crowd = counter.can_crowd() && part.num_rows >= kFewestOfCrowd;
  if (!part.is_crowd) return part;
  kernels::CrowdBox box = {group.u_low[sign], group.u_high[sign], {}, {}, 0};
  for (std::int64_t k = 0; k < num_columns; ++k) {
    const float* column = group.columns[static_cast<std::size_t>(k)].data() + part.first;
    crowds_.find_range(column, part.num_rows, &box.v_low[k], &box.v_high[k]);
    box.is_turned |= first_column + k < i ? std::uint32_t{1} << k : 0;
  }
  counter.find_crowds(box, part.cells);
  return part;
}

void BatchSweep::sweep_block(std::int64_t i, std::int64_t first_column, std::int64_t next_column, Group& group,
                             PlaneCounter& counter) const {
  const std::int64_t num_columns = std::min(kBlock, basis_.num_vectors() - first_column);
  const std::int64_t stride = std::tuple_size_v<GroupColumn>;
  kernels_.transpose(rows_.numbers, group.rows.data(), group.num_rows, first_column, num_columns,
                     group.columns.front().data(), stride, next_column);
  // A plane is looked at from the first of its coordinates that is heavy: here not where one before i is.
  std::uint64_t before_i = 0;
  for (std::int64_t k = 0; k < num_columns && first_column + k < i; ++k) before_i |= std::uint64_t{1} << k;
  std::array<std::uint64_t, kGroupRows> heavy;
  std::uint64_t heavy_in_any = 0;
  for (std::int64_t k = 0; before_i != 0 && k < group.num_rows; ++k) {
    const auto bits = rows_.prepared->heavy_bits(group.rows[static_cast<std::size_t>(k)]);
    heavy[static_cast<std::size_t>(k)] =
        bits[static_cast<std::size_t>(first_column / 64)] >> (first_column % 64) & before_i;
    heavy_in_any |= heavy[static_cast<std::size_t>(k)];
  }
  const std::array<Part, 2> parts = {find_part(group, 0, i, first_column, num_columns, counter),
                                     find_part(group, 1, i, first_column, num_columns, counter)};
  for (std::int64_t k = 0; k < num_columns; ++k) {
    const std::int64_t j = first_column + k;
    if (j == i) continue;
    const auto column = static_cast<std::size_t>(k);
    const float* u = group.u.data();
    const bool is_masked = (heavy_in_any >> k & 1) != 0;
    if (is_masked) {
      for (std::size_t row = 0; row < static_cast<std::size_t>(group.num_rows); ++row) {
        const bool is_elsewhere = (heavy[row] >> k & 1) != 0;
        group.masked_u[row] = is_elsewhere ? 0 : group.u[row];
        if (is_elsewhere) group.columns[column][row] = 0;
      }
      u = group.masked_u.data();
    }
    ColumnPair pair = {i, j, u, group.columns[column].data(), nullptr, nullptr, group.rows.data(), group.num_rows};
    if (j < i) pair = pair.turned();
    for (const Part& part : parts) {
      if (part.num_rows == 0) continue;
      const ColumnPair full = pair.part(part.first, part.num_rows);
      const std::int64_t next = k + kPrefetchedPlane;
      if (part.is_crowd && next < num_columns && first_column + next != i) {
        counter.prefetch(std::min(i, first_column + next), std::max(i, first_column + next), part.cells,
                         static_cast<std::size_t>(next));
      }
      if (part.is_crowd && !is_masked && counter.count_crowd(rows_, full, part.cells, column)) continue;
      counter.count_all(rows_, full, part.num_rows);
    }
    if (group.num_full < group.num_rows) {
      counter.count_selected(rows_, pair.part(group.num_full, group.num_rows - group.num_full));
    }
  }
}

}  // namespace srm
