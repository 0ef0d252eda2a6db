#include "plane_counter.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace srm {
namespace {

// Below it arcs are hardly shorter than half turns, and what is not hit is rare: no need for float32.
constexpr double kLeastThreshold = 1e-3;
// Of vectors more nearly parallel than that float32 has lost too much of v.
constexpr double kMostInverseSine = 16;
// Tables longer than this are not asked for as a whole.
constexpr std::int64_t kMostPrefetchedCells = 1024;
// How many rows tell which lines of a table are wanted.
constexpr std::int64_t kPrefetchedRows = 6;
// In place of a number of positive rows: the rows do not lie near to each other.
constexpr std::int64_t kSpread = -1;

}  // namespace

double PlainRows::coordinate(std::uint32_t row, std::int64_t i) const {
  const std::int64_t place = static_cast<std::int64_t>(row) * numbers.stride + i;
  const double number = numbers.floats != nullptr ? static_cast<double>(numbers.floats[place]) : numbers.doubles[place];
  return number / block->norm(row);
}

ColumnPair ColumnPair::part(std::int64_t first, std::int64_t count) const {
  const auto from = [first](const auto* column) { return column == nullptr ? nullptr : column + first; };
  ColumnPair result = *this;
  for (const float** column :
       {&result.at_a, &result.at_b, &result.rest_a, &result.rest_b, &result.norm, &result.squared_norm}) {
    *column = from(*column);
  }
  result.bytes_a = from(bytes_a);
  result.bytes_b = from(bytes_b);
  result.rows = rows + first;
  result.num_rows = count;
  return result;
}

ColumnPair ColumnPair::turned() const {
  ColumnPair result = *this;
  std::swap(result.a, result.b);
  std::swap(result.at_a, result.at_b);
  std::swap(result.rest_a, result.rest_b);
  std::swap(result.bytes_a, result.bytes_b);
  return result;
}

PlaneCounter::PlaneCounter(const Basis& basis, const PlaneSet& planes, const ChosenPlanes& chosen,
                           const Spotlight& spotlight, const Kernels& kernels, SpotlightTables& tables,
                           std::int64_t owner)
    : basis_(basis),
      planes_(planes),
      chosen_(chosen),
      spotlight_(spotlight),
      kernels_(kernels),
      tables_(tables),
      owner_(owner),
      grid_(spotlight.grid.num_distinct(), spotlight.sense == Sense::kReference),
      smallest_epsilon_(*std::min_element(spotlight.epsilon.begin(), spotlight.epsilon.end())),
      scratch_(1) {}

bool PlaneCounter::can_count(const Basis& basis, const Spotlight& spotlight) {
  const std::int64_t num_distinct = spotlight.grid.num_distinct();
  if (num_distinct < kernels::ArcGrid::kFewest || num_distinct > kernels::ArcGrid::kMost) return false;
  if (needs_signed_tables(spotlight)) return false;
  double longest = 1;
  for (std::int64_t i = 0; i < basis.num_vectors(); ++i) longest = std::max(longest, basis.length(i));
  return std::all_of(spotlight.epsilon.begin(), spotlight.epsilon.end(),
                     [longest](double epsilon) { return threshold_of(epsilon, longest) >= kLeastThreshold; });
}

double PlaneCounter::bytes_needed() { return sizeof(PlaneCounter) + sizeof(Scratch); }

void PlaneCounter::count_selected(const PlainRows& all, const ColumnPair& pair) {
  const PlaneShape shape = planes_.shape(pair.a, pair.b);
  if (shape.inverse_sine == 0) return;
  count_selected(all, pair, shape);
  if (planes_.pairs() == Pairs::kCombination) return;
  count_selected(all, pair.turned(), shape);
}

void PlaneCounter::count_selected(const PlainRows& all, const ColumnPair& pair, const PlaneShape& shape) {
  if (shape.inverse_sine > kMostInverseSine) {
    for (std::int64_t k = 0; k < pair.num_rows; ++k) {
      if (!std::isfinite(pair.norm[k])) continue;
      const auto [u, v] = in_plane(all, pair, shape, k);
      tables_.add(pair.a, pair.b, u, v, owner_);
    }
    return;
  }
  const double threshold = threshold_of(smallest_epsilon_, basis_.length(pair.a));
  for (std::int64_t first = 0; first < pair.num_rows; first += kernels::kMostPoints) {
    const ColumnPair part = pair.part(first, std::min(kernels::kMostPoints, pair.num_rows - first));
    Scratch& scratch = scratch_.front();
    const bool has_bytes = part.bytes_a != nullptr && shape.cosine == 0;
    const std::int64_t num_selected =
        has_bytes ? kernels_.columns.select_bytes(part.bytes_a, part.bytes_b, part.num_rows, scratch.indices.data())
                  : kernels_.columns.select(part.at_a, part.at_b, part.squared_norm, part.num_rows,
                                            static_cast<float>(shape.cosine), static_cast<float>(shape.inverse_sine),
                                            static_cast<float>(threshold * threshold), scratch.indices.data());
    if (num_selected == 0) continue;
    select_points(part, shape, num_selected);
    const bool has_rests = part.rest_a != nullptr || shape.cosine != 0;
    count_points(all, part, shape,
                 {scratch.u.data(), scratch.v.data(), has_rests ? scratch.u_rest.data() : nullptr,
                  has_rests ? scratch.v_rest.data() : nullptr, scratch.norm.data(), num_selected},
                 scratch.indices.data(), kSpread);
  }
}

// Gathers what the selected rows have in the plane.
void PlaneCounter::select_points(const ColumnPair& pair, const PlaneShape& shape, std::int64_t num_selected) {
  Scratch& scratch = scratch_.front();
  const std::uint16_t* __restrict indices = scratch.indices.data();
  float* __restrict u = scratch.u.data();
  float* __restrict v = scratch.v.data();
  float* __restrict norm = scratch.norm.data();
  for (std::int64_t k = 0; k < num_selected; ++k) {
    const std::uint16_t index = indices[k];
    u[k] = pair.at_a[index];
    v[k] = pair.at_b[index];
    norm[k] = pair.norm[index];
  }
  const bool is_exact = pair.rest_a == nullptr;
  if (!is_exact) {
    for (std::int64_t k = 0; k < num_selected; ++k) {
      scratch.u_rest[static_cast<std::size_t>(k)] = pair.rest_a[indices[k]];
      scratch.v_rest[static_cast<std::size_t>(k)] = pair.rest_b[indices[k]];
    }
  }
  if (shape.cosine == 0) return;
  // Away from orthogonal pairs v is found in float64.
  if (is_exact) {
    std::fill_n(scratch.u_rest.begin(), num_selected, 0.0f);
    std::fill_n(scratch.v_rest.begin(), num_selected, 0.0f);
  }
  for (std::size_t k = 0; k < static_cast<std::size_t>(num_selected); ++k) {
    const double a = static_cast<double>(u[k]) + static_cast<double>(scratch.u_rest[k]);
    const double b = static_cast<double>(v[k]) + static_cast<double>(scratch.v_rest[k]);
    const double along_e2 = (b - shape.cosine * a) * shape.inverse_sine;
    v[k] = static_cast<float>(along_e2);
    scratch.v_rest[k] = static_cast<float>(along_e2 - static_cast<double>(v[k]));
  }
}

void PlaneCounter::count_all(const PlainRows& all, const ColumnPair& pair, std::int64_t num_positive) {
  const PlaneShape shape = planes_.shape(pair.a, pair.b);
  if (shape.cosine != 0 || shape.inverse_sine != 1) {
    count_selected(all, pair);
    return;
  }
  const auto count = [&](const ColumnPair& one) {
    count_points(all, one, shape, {one.at_a, one.at_b, one.rest_a, one.rest_b, one.norm, one.num_rows}, nullptr,
                 num_positive);
  };
  count(pair);
  if (planes_.pairs() == Pairs::kPermutation) count(pair.turned());
}

void PlaneCounter::count_row(const PlainRows& all, std::uint32_t row, std::int64_t i, std::int64_t first,
                             std::int64_t last) {
  Scratch& scratch = scratch_.front();
  const std::int64_t num_points = last - first;
  if (num_points <= 0) return;
  const bool is_exact = all.numbers.floats != nullptr;
  const std::int64_t begin = static_cast<std::int64_t>(row) * all.numbers.stride;
  const auto split = [&](std::int64_t place, float& main, float& rest) {
    const double number = is_exact ? static_cast<double>(all.numbers.floats[place]) : all.numbers.doubles[place];
    main = static_cast<float>(number);
    rest = static_cast<float>(number - static_cast<double>(main));
  };
  for (std::int64_t k = 0; k < num_points; ++k) {
    const auto at = static_cast<std::size_t>(k);
    split(begin + first + k, scratch.v[at], scratch.v_rest[at]);
  }
  float u = 0;
  float u_rest = 0;
  split(begin + i, u, u_rest);
  std::fill_n(scratch.u.begin(), num_points, u);
  std::fill_n(scratch.u_rest.begin(), num_points, u_rest);
  std::fill_n(scratch.norm.begin(), num_points, static_cast<float>(all.block->norm(row)));
  const auto heavy = all.block->heavy_bits(row);
  for (std::int64_t j = first; j < std::min(last, i); ++j) {
    const bool is_heavy = (heavy[static_cast<std::size_t>(j / 64)] >> (j % 64) & 1) != 0;
    if (is_heavy) scratch.norm[static_cast<std::size_t>(j - first)] = std::numeric_limits<float>::infinity();
  }
  const float* u_rests = is_exact ? nullptr : scratch.u_rest.data();
  const float* v_rests = is_exact ? nullptr : scratch.v_rest.data();
  const bool has_both = planes_.pairs() == Pairs::kPermutation;
  if (has_both || first > i) {
    count_row_points(all, row, i, first,
                     {scratch.u.data(), scratch.v.data(), u_rests, v_rests, scratch.norm.data(), num_points}, false);
  }
  if (has_both || first < i) {
    count_row_points(all, row, i, first,
                     {scratch.v.data(), scratch.u.data(), v_rests, u_rests, scratch.norm.data(), num_points}, true);
  }
}

void PlaneCounter::count_row_points(const PlainRows& all, std::uint32_t row, std::int64_t i, std::int64_t first,
                                    const kernels::PlanePoints& points, bool is_turned) {
  kernels::ArcScratch& arcs = scratch_.front().arcs;
  kernels_.planes.measure(points, grid_, arcs);
  for (std::int64_t e = 0; e < std::ssize(spotlight_.epsilon); ++e) {
    const double threshold = threshold_of(spotlight_.epsilon[static_cast<std::size_t>(e)], 1);
    const kernels::ArcTotals totals =
        kernels_.planes.find_ends(points.num_points, static_cast<float>(threshold), grid_, arcs);
    tables_.add_totals(e, -1, totals, owner_);
    add_ends(points.num_points, points.num_points, tables_.holistic(e, owner_));
    for (std::int64_t k = 0; k < totals.num_undecided; ++k) {
      const std::int64_t j = first + arcs.undecided[k];
      const std::int64_t a = is_turned ? j : i;
      const std::int64_t b = is_turned ? i : j;
      tables_.add_at(e, a, b, all.coordinate(row, a), all.coordinate(row, b), owner_);
    }
  }
}

void PlaneCounter::prefetch(std::int64_t a, std::int64_t b) {
  const std::int64_t place = chosen_.index(a, b);
  if (place < 0) return;
  constexpr std::int64_t kLine = 64 / sizeof(std::int64_t);
  for (std::int64_t e = 0; e < std::ssize(spotlight_.epsilon); ++e) {
    const std::int64_t* table = tables_.table(e, place);
    const std::int64_t end = std::min(spotlight_.grid.num_angles(), kMostPrefetchedCells);
    for (std::int64_t cell = 0; cell <= end; cell += kLine) __builtin_prefetch(table + cell, 1);
  }
}

void PlaneCounter::prefetch(std::int64_t a, std::int64_t b, std::int64_t num_rows, std::int64_t num_positive) {
  const std::int64_t* table = tables_.table(0, chosen_.index(a, b));
  if (table == nullptr) return;
  const kernels::ArcScratch& arcs = scratch_.front().arcs;
  for (const std::int64_t begin : {std::int64_t{0}, num_positive}) {
    for (std::int64_t k = begin; k < std::min(begin + kPrefetchedRows, num_rows); ++k) {
      __builtin_prefetch(table + arcs.first[k], 1);
      __builtin_prefetch(table + arcs.end[k], 1);
    }
  }
  __builtin_prefetch(table, 1);
  __builtin_prefetch(table + spotlight_.grid.num_angles(), 1);
}

void PlaneCounter::count_points(const PlainRows& all, const ColumnPair& pair, const PlaneShape& shape,
                                const kernels::PlanePoints& points, const std::uint16_t* indices,
                                std::int64_t num_positive) {
  kernels::ArcScratch& arcs = scratch_.front().arcs;
  const std::int64_t place = chosen_.index(pair.a, pair.b);
  const double length = basis_.length(pair.a);
  kernels_.planes.measure(points, grid_, arcs);
  for (std::int64_t e = 0; e < std::ssize(spotlight_.epsilon); ++e) {
    const double threshold = threshold_of(spotlight_.epsilon[static_cast<std::size_t>(e)], length);
    const kernels::ArcTotals totals =
        kernels_.planes.find_ends(points.num_points, static_cast<float>(threshold), grid_, arcs);
    tables_.add_totals(e, place, totals, owner_);
    for (std::int64_t* table : {tables_.table(e, place), tables_.holistic(e, owner_)}) {
      if (table != nullptr) add_ends(points.num_points, num_positive, table);
    }
    for (std::int64_t k = 0; k < totals.num_undecided; ++k) {
      const std::int32_t point = arcs.undecided[k];
      const std::int32_t index = indices == nullptr ? point : indices[point];
      const auto [u, v] = in_plane(all, pair, shape, index);
      tables_.add_at(e, pair.a, pair.b, u, v, owner_);
    }
  }
}

void PlaneCounter::add_ends(std::int64_t num_points, std::int64_t num_positive, std::int64_t* table) {
  const kernels::ArcScratch& arcs = scratch_.front().arcs;
  if (num_positive == kSpread) {
    for (std::int64_t k = 0; k < num_points; ++k) {
      ++table[arcs.first[k]];
      --table[arcs.end[k]];
    }
    return;
  }
  kernels_.planes.add_ends(arcs.first, num_positive, 1, table);
  kernels_.planes.add_ends(arcs.first + num_positive, num_points - num_positive, 1, table);
  kernels_.planes.add_ends(arcs.end, num_positive, -1, table);
  kernels_.planes.add_ends(arcs.end + num_positive, num_points - num_positive, -1, table);
}

// In float64, to the last bit as the scalar sweep has it. Columns of float32 numbers hold them exactly; what two floats
// hold of a float64 number is not all of it.
PlaneCounter::InPlane PlaneCounter::in_plane(const PlainRows& all, const ColumnPair& pair, const PlaneShape& shape,
                                             std::int64_t index) const {
  const std::uint32_t row = pair.rows[index];
  const bool is_exact = pair.rest_a == nullptr;
  const double norm = all.block->norm(row);
  const double u = is_exact ? static_cast<double>(pair.at_a[index]) / norm : all.coordinate(row, pair.a);
  const double c = is_exact ? static_cast<double>(pair.at_b[index]) / norm : all.coordinate(row, pair.b);
  return {u, (c - shape.cosine * u) * shape.inverse_sine};
}

}  // namespace srm
