#include "plane_counter.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace srm {
namespace {

// Below it arcs are hardly shorter than half turns, and what is not hit is rare: no need for float32.
constexpr double kLeastThreshold = 1e-3;
// Of vectors more nearly parallel than that float32 has lost too much of v.
constexpr double kMostInverseSine = 16;
// Tables longer than this are not asked for as a whole.
constexpr std::int64_t kMostPrefetchedCells = 1024;
// Of finer grids points that lie near to each other are still inside at too many different angles.
constexpr std::int64_t kMostCrowdAngles = 4096;
// In place of a number of positive rows: the rows do not lie near to each other.
constexpr std::int64_t kSpread = -1;

}  // namespace

double PlainRows::coordinate(std::uint32_t row, std::int64_t i) const {
  const std::int64_t place = static_cast<std::int64_t>(row) * numbers.stride + i;
  const double number = numbers.floats != nullptr ? static_cast<double>(numbers.floats[place]) : numbers.doubles[place];
  return number / prepared->norm(row);
}

float PlainRows::scaled(std::uint32_t row, std::int64_t i) const {
  const std::int64_t place = static_cast<std::int64_t>(row) * numbers.stride + i;
  const float number = numbers.floats != nullptr ? numbers.floats[place] : static_cast<float>(numbers.doubles[place]);
  return number * numbers.factors[row];
}

void PlainRows::scaled(std::uint32_t row, std::int64_t first, std::int64_t count, float* to) const {
  const std::int64_t place = static_cast<std::int64_t>(row) * numbers.stride + first;
  const auto fill = [&, factor = numbers.factors[row]](const auto* from) {
    for (std::int64_t k = 0; k < count; ++k) to[k] = static_cast<float>(from[k]) * factor;
  };
  if (numbers.floats != nullptr) {
    fill(numbers.floats + place);
  } else {
    fill(numbers.doubles + place);
  }
}

ColumnPair ColumnPair::part(std::int64_t first, std::int64_t count) const {
  const auto from = [first](const auto* column) { return column == nullptr ? nullptr : column + first; };
  ColumnPair result = *this;
  result.at_a = from(at_a);
  result.at_b = from(at_b);
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
      ascending_(spotlight.epsilon.size()),
      scratch_(1) {
  std::iota(ascending_.begin(), ascending_.end(), 0);
  std::sort(ascending_.begin(), ascending_.end(), [&](std::int64_t left, std::int64_t right) {
    return spotlight.epsilon[static_cast<std::size_t>(left)] < spotlight.epsilon[static_cast<std::size_t>(right)];
  });
  const std::int64_t num_distinct = spotlight.grid.num_distinct();
  const bool is_square_everywhere = planes.is_orthogonal() && basis.lengths() == VectorLengths::kNormalised;
  const bool has_one_count = spotlight.epsilon.size() == 1 && planes.pairs() == Pairs::kCombination;
  if (!is_square_everywhere || !has_one_count || num_distinct > kMostCrowdAngles) return;
  directions_.resize(static_cast<std::size_t>(2 * num_distinct));
  for (std::int64_t k = 0; k < num_distinct; ++k) {
    const double theta = static_cast<double>(k) * spotlight.grid.spacing_radians();
    directions_[static_cast<std::size_t>(k)] = static_cast<float>(std::cos(theta));
    directions_[static_cast<std::size_t>(num_distinct + k)] = grid_.turn * static_cast<float>(std::sin(theta));
  }
}

bool PlaneCounter::can_count(const Basis& basis, const Spotlight& spotlight) {
  const std::int64_t num_distinct = spotlight.grid.num_distinct();
  if (num_distinct < kernels::ArcGrid::kFewest || num_distinct > kernels::ArcGrid::kMost) return false;
  if (needs_signed_tables(spotlight)) return false;
  double longest = 1;
  for (std::int64_t i = 0; i < basis.num_vectors(); ++i) longest = std::max(longest, basis.length(i));
  return std::all_of(spotlight.epsilon.begin(), spotlight.epsilon.end(),
                     [longest](double epsilon) { return threshold_of(epsilon, longest) >= kLeastThreshold; });
}

double PlaneCounter::bytes_needed(const Spotlight& spotlight) {
  const auto num_directions = static_cast<double>(std::min(spotlight.grid.num_distinct(), kMostCrowdAngles));
  const auto num_epsilons = static_cast<double>(spotlight.epsilon.size());
  return sizeof(PlaneCounter) + sizeof(Scratch) + 2 * num_directions * sizeof(float) + num_epsilons * sizeof(double);
}

template <typename Cell>
void PlaneCounter::add_ends(std::int64_t num_points, std::int64_t num_positive, Cell* table) {
  const kernels::ArcScratch& arcs = scratch_.front().arcs;
  if (num_positive == kSpread) {
    for (std::int64_t k = 0; k < num_points; ++k) {
      ++table[arcs.first[k]];
      --table[arcs.end[k]];
    }
    return;
  }
  const auto add = [&](const std::int32_t* cells, std::int64_t num_cells, int sign) {
    if constexpr (sizeof(Cell) < sizeof(std::int64_t)) {
      kernels_.planes.add_ends_narrow(cells, num_cells, sign, table);
    } else {
      kernels_.planes.add_ends(cells, num_cells, sign, table);
    }
  };
  add(arcs.first, num_positive, 1);
  add(arcs.first + num_positive, num_points - num_positive, 1);
  add(arcs.end, num_positive, -1);
  add(arcs.end + num_positive, num_points - num_positive, -1);
}

// From the smallest epsilon to the largest: what one does not hit no other does.
void PlaneCounter::count_at_all_epsilons(const kernels::PlanePoints& points, std::int64_t num_positive,
                                         std::int64_t place, double length, const auto& add_undecided) {
  kernels::ArcScratch& arcs = scratch_.front().arcs;
  const auto threshold = [&](std::size_t k) {
    if (k == ascending_.size()) return 0.0F;
    return static_cast<float>(kUnit *
                              threshold_of(spotlight_.epsilon[static_cast<std::size_t>(ascending_[k])], length));
  };
  std::int64_t num_left = points.num_points;
  for (std::size_t k = 0; k < ascending_.size(); ++k) {
    const std::int64_t e = ascending_[k];
    const kernels::ArcThresholds thresholds = {threshold(k), threshold(k + 1)};
    const kernels::ArcTotals totals = k == 0 ? kernels_.planes.find_arcs(points, thresholds, grid_, arcs)
                                             : kernels_.planes.find_ends(num_left, thresholds, grid_, arcs);
    tables_.add_totals(e, place, totals, owner_);
    tables_.for_each_table(e, place, owner_,
                           [&](auto* table) { add_ends(num_left, k == 0 ? num_positive : kSpread, table); });
    for (std::int64_t p = 0; p < totals.num_undecided; ++p) add_undecided(e, arcs.undecided[p]);
    num_left = totals.num_left;
    if (num_left == 0) break;
  }
}

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
      if (pair.at_a[k] == 0 && pair.at_b[k] == 0) continue;  // it is none, or hits nothing
      tables_.add(pair.a, pair.b, point_of(all, pair.rows[k], pair.a, pair.b), owner_);
    }
    return;
  }
  Scratch& scratch = scratch_.front();
  const double threshold = kUnit * threshold_of(smallest_epsilon_, basis_.length(pair.a));
  const bool is_orthogonal = is_square(shape);
  for (std::int64_t first = 0; first < pair.num_rows; first += kernels::kMostRows) {
    const ColumnPair part = pair.part(first, std::min(kernels::kMostRows, pair.num_rows - first));
    const std::int64_t num_selected =
        part.bytes_a != nullptr && is_orthogonal
            ? kernels_.columns.select_bytes(part.bytes_a, part.bytes_b, part.num_rows, scratch.indices.data())
            : kernels_.columns.select(part.at_a, part.at_b, part.num_rows,
                                      is_orthogonal ? 0 : static_cast<float>(shape.cosine),
                                      static_cast<float>(shape.inverse_sine), static_cast<float>(threshold * threshold),
                                      scratch.indices.data());
    for (std::int64_t begin = 0; begin < num_selected; begin += kernels::kMostPoints) {
      const std::uint16_t* indices = scratch.indices.data() + begin;
      const std::int64_t num_points = std::min(kernels::kMostPoints, num_selected - begin);
      load_points(all, part, indices, num_points);
      count_points(all, part, {scratch.u.data(), scratch.v.data(), num_points}, indices, kSpread);
    }
  }
}

// Gathers what the selected rows have in the plane.
void PlaneCounter::load_points(const PlainRows& all, const ColumnPair& pair, const std::uint16_t* __restrict indices,
                               std::int64_t num_points) {
  Scratch& scratch = scratch_.front();
  float* __restrict u = scratch.u.data();
  float* __restrict v = scratch.v.data();
  for (std::int64_t k = 0; k < num_points; ++k) {
    u[k] = pair.at_a[indices[k]];
    v[k] = pair.at_b[indices[k]];
  }
  const PlaneShape shape = planes_.shape(pair.a, pair.b);
  if (is_square(shape)) return;
  for (std::int64_t k = 0; k < num_points; ++k) {  // as point_of() has it; no basis but the standard one is direct
    const double* c = all.numbers.doubles + static_cast<std::int64_t>(pair.rows[indices[k]]) * all.numbers.stride;
    v[k] = plane_point(shape, c[pair.a], c[pair.b], 0, 0).float_v;
  }
}

void PlaneCounter::count_all(const PlainRows& all, const ColumnPair& pair, std::int64_t num_positive) {
  if (!is_square(planes_.shape(pair.a, pair.b))) {
    count_selected(all, pair);
    return;
  }
  const auto count = [&](const ColumnPair& one) {
    count_points(all, one, {one.at_a, one.at_b, one.num_rows}, nullptr, num_positive);
  };
  count(pair);
  if (planes_.pairs() == Pairs::kPermutation) count(pair.turned());
}

void PlaneCounter::count_row(const PlainRows& all, std::uint32_t row, std::int64_t i, std::int64_t first,
                             std::int64_t last) {
  Scratch& scratch = scratch_.front();
  const std::int64_t num_points = last - first;
  if (num_points <= 0) return;
  all.scaled(row, first, num_points, scratch.v.data());
  std::fill_n(scratch.u.begin(), num_points, all.scaled(row, i));
  bool has_others = false;  // that are looked at from another heavy coordinate
  all.prepared->for_each_heavy(row, [&](std::int64_t j) {
    if (j < first || j >= std::min(last, i)) return;
    has_others = true;
    scratch.u[static_cast<std::size_t>(j - first)] = 0;
    scratch.v[static_cast<std::size_t>(j - first)] = 0;
  });
  const bool is_full = std::abs(all.coordinate(row, i)) >= threshold_of(smallest_epsilon_, 1);
  if (is_full && !has_others && count_row_crowd(all, row, i, first, num_points)) return;
  const bool has_both = planes_.pairs() == Pairs::kPermutation;
  if (has_both || first > i) {
    count_row_points(all, row, i, first, {scratch.u.data(), scratch.v.data(), num_points}, false);
  }
  if (has_both || first < i) {
    count_row_points(all, row, i, first, {scratch.v.data(), scratch.u.data(), num_points}, true);
  }
}

void PlaneCounter::count_row_points(const PlainRows& all, std::uint32_t row, std::int64_t i, std::int64_t first,
                                    const kernels::PlanePoints& points, bool is_turned) {
  count_at_all_epsilons(points, points.num_points, -1, 1, [&](std::int64_t e, std::int32_t point) {
    const std::int64_t a = is_turned ? first + point : i;
    const std::int64_t b = is_turned ? i : first + point;
    tables_.add_at(e, a, b, point_of(all, row, a, b), owner_);
  });
}

void PlaneCounter::prefetch(std::int64_t a, std::int64_t b) {
  const std::int64_t place = chosen_.index(a, b);
  if (place < 0) return;
  constexpr std::int64_t kLine = 64;
  for (std::int64_t e = 0; e < std::ssize(spotlight_.epsilon); ++e) {
    const auto* table = static_cast<const char*>(tables_.address(e, place));
    const std::int64_t end = std::min(spotlight_.grid.num_angles(), kMostPrefetchedCells) * tables_.cell_bytes();
    for (std::int64_t byte = 0; byte <= end; byte += kLine) __builtin_prefetch(table + byte, 1);
  }
}

void PlaneCounter::count_points(const PlainRows& all, const ColumnPair& pair, const kernels::PlanePoints& points,
                                const std::uint16_t* indices, std::int64_t num_positive) {
  const auto add_undecided = [&](std::int64_t e, std::int32_t point) {
    const std::uint32_t row = pair.rows[indices == nullptr ? point : indices[point]];
    tables_.add_at(e, pair.a, pair.b, point_of(all, row, pair.a, pair.b), owner_);
  };
  count_at_all_epsilons(points, num_positive, chosen_.index(pair.a, pair.b), basis_.length(pair.a), add_undecided);
}

// As the scalar sweep has it, to the last bit.
PlanePoint PlaneCounter::point_of(const PlainRows& all, std::uint32_t row, std::int64_t a, std::int64_t b) const {
  return plane_point(planes_.shape(a, b), all.coordinate(row, a), all.coordinate(row, b), all.scaled(row, a),
                     all.scaled(row, b));
}

}  // namespace srm
