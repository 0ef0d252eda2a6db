#include "spotlight_tables.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numbers>
#include <optional>
#include <stdexcept>
#include <utility>

#include "kernels/arc.h"

namespace srm {
namespace {

// As std::vector throws it for sizes that it could not count itself.
std::size_t size_of(std::initializer_list<std::int64_t> shape) {
  std::size_t size = 1;
  for (const std::int64_t n : shape) {
    if (__builtin_mul_overflow(size, static_cast<std::size_t>(n), &size)) throw std::length_error("size_of");
  }
  return size;
}

// A narrow cell has room for what is added: see kMostNarrowRows.
template <typename Cell>
void add_to_cell(Cell& cell, std::int64_t number) {
  cell += static_cast<Cell>(number);
}

}  // namespace

SpotlightTables::SpotlightTables(const Basis& basis, const PlaneSet& planes, const ChosenPlanes& chosen,
                                 Spotlight spotlight, std::int64_t num_owners)
    : basis_(basis),
      planes_(planes),
      chosen_(chosen),
      spotlight_(std::move(spotlight)),
      num_angles_(spotlight_.grid.num_angles()),
      num_distinct_(spotlight_.grid.num_distinct()),
      cells_per_radian_(1 / spotlight_.grid.spacing_radians()),
      smallest_epsilon_(*std::min_element(spotlight_.epsilon.begin(), spotlight_.epsilon.end())),
      has_signed_tables_(needs_signed_tables(spotlight_)) {
  const std::int64_t num_epsilons = std::ssize(spotlight_.epsilon);
  tables_.resize(size_of({num_epsilons, chosen.num_planes(), stride()}));
  if (has_signed_tables_) signed_tables_.resize(size_of({num_epsilons, chosen.num_planes(), num_angles_}));
  sums_.resize(static_cast<std::size_t>(num_owners));
  for (Sums& sums : sums_) {
    sums.cosine_sum.resize(spotlight_.epsilon.size());
    sums.num_hits.resize(spotlight_.epsilon.size());
    if (chosen.has_all()) continue;
    sums.holistic.resize(size_of({num_epsilons, num_angles_}));
    if (has_signed_tables_) sums.holistic_signed.resize(sums.holistic.size());
  }
  // r^2 <= (c_i^2 + c_j^2) / (1 - |cosine|), so the larger of the two coordinates of a plane that is hit has a square
  // of at least threshold^2 (1 - |cosine|) / 2. At a threshold of zero or less every plane is hit.
  double longest = 1;
  for (std::int64_t i = 0; i < basis.num_vectors(); ++i) longest = std::max(longest, basis.length(i));
  const double threshold = threshold_of(smallest_epsilon_, longest);
  // The bound is exact, the two sides in floating point are not: least so for vectors that are nearly parallel.
  constexpr double kSlack = 1 - 1e-6;
  heavy_bounds_.assign(static_cast<std::size_t>(basis.num_vectors()), -1.0);
  for (std::int64_t i = 0; threshold > 0 && i < basis.num_vectors(); ++i) {
    heavy_bounds_[static_cast<std::size_t>(i)] = kSlack * threshold * threshold * planes.smallest_gap(i) / 2;
  }
}

std::int64_t SpotlightTables::bytes_needed(const PlaneSet& planes, std::int64_t num_chosen, const Spotlight& spotlight,
                                           std::int64_t num_owners) {
  // The tables and each owner's sums themselves, and of a result the hits, the list of planes, the holistic counts and
  // the sums that they are checked against. In double, which is exact where it matters and cannot overflow.
  const auto num_epsilons = static_cast<double>(spotlight.epsilon.size());
  const auto num_planes = static_cast<double>(num_chosen);
  const auto num_angles = static_cast<double>(spotlight.grid.num_angles());
  const double curves = spotlight.is_signed ? 2 : 1;
  const double tables = num_epsilons * num_planes * (curves * num_angles + 2);
  const double holistic = num_epsilons * curves * num_angles + curves * num_angles;
  const double curves_of_owner = num_chosen == planes.num_planes() ? 0 : needs_signed_tables(spotlight) ? 2 : 1;
  const double owner = num_epsilons * (2 + curves_of_owner * num_angles) + sizeof(Sums) / sizeof(std::int64_t);
  const double numbers = tables + holistic + static_cast<double>(num_owners) * owner + 2 * num_epsilons;
  return static_cast<std::int64_t>(std::min(sizeof(std::int64_t) * numbers + sizeof(Plane) * num_planes, 1e18));
}

void SpotlightTables::sweep(const Row& row, std::int64_t owner, std::int64_t num_owners) {
  const std::int64_t m = basis_.num_vectors();
  // A pair a < b is looked at from its first coordinate that is heavy.
  for (const std::int32_t i : row.heavy) {
    std::size_t next_heavy = 0;
    for (std::int64_t k = 0; k < i; ++k) {
      while (row.heavy[next_heavy] < k) ++next_heavy;  // ends at i itself
      if (row.heavy[next_heavy] != k && owner_of(k, i, num_owners) == owner) sweep_pair(k, i, row, owner);
    }
    for (std::int64_t j = i + 1; j < m; ++j) {
      if (owner_of(i, j, num_owners) == owner) sweep_pair(i, j, row, owner);
    }
  }
}

inline void SpotlightTables::sweep_pair(std::int64_t a, std::int64_t b, const Row& row, std::int64_t owner) {
  const PlaneShape shape = planes_.shape(a, b);
  if (shape.inverse_sine == 0) return;
  const double* c = row.coordinates;
  const float* y = row.scaled;
  add(a, b, plane_point(shape, c[a], c[b], y[a], y[b]), owner);
  if (planes_.pairs() == Pairs::kPermutation) add(b, a, plane_point(shape, c[b], c[a], y[b], y[a]), owner);
}

// A row in a plane that it may hit at the smallest epsilon.
struct SpotlightTables::Hit {
  std::int64_t place;  // of the plane among those chosen, or -1
  double length;       // of the plane's first vector
  double r;
  double phi;
  std::int64_t cosine;  // of 4 phi, in fixed point
};

inline std::optional<SpotlightTables::Hit> SpotlightTables::hit_of(std::int64_t i, std::int64_t j,
                                                                   const PlanePoint& point) const {
  const double length = basis_.length(i);
  const double r_squared = point.u * point.u + point.v * point.v;
  const double smallest = threshold_of(smallest_epsilon_, length);
  if (smallest > 0 && r_squared < smallest * smallest) return std::nullopt;
  // The reference turns towards minus b_j, which is e2 with the other sign.
  const double phi = std::atan2(spotlight_.sense == Sense::kNatural ? point.v : -point.v, point.u);
  return Hit{chosen_.index(i, j), length, std::sqrt(r_squared), phi,
             kernels::cosine_units(point.float_u, point.float_v)};
}

void SpotlightTables::add(std::int64_t i, std::int64_t j, const PlanePoint& point, std::int64_t owner) {
  const std::optional<Hit> hit = hit_of(i, j, point);
  if (!hit) return;
  for (std::int64_t e = 0; e < std::ssize(spotlight_.epsilon); ++e) {
    add_at(e, *hit, sums_[static_cast<std::size_t>(owner)]);
  }
}

void SpotlightTables::add_at(std::int64_t epsilon_index, std::int64_t i, std::int64_t j, const PlanePoint& point,
                             std::int64_t owner) {
  const std::optional<Hit> hit = hit_of(i, j, point);
  if (hit) add_at(epsilon_index, *hit, sums_[static_cast<std::size_t>(owner)]);
}

inline kernels::ArcCells SpotlightTables::cells_of(const Hit& hit, double threshold) const {
  if (-hit.r >= threshold) return {0, num_distinct_};
  return kernels::arc_cells(hit.phi, std::acos(threshold / hit.r), cells_per_radian_, num_distinct_);
}

bool SpotlightTables::is_inside(std::int64_t epsilon_index, std::int64_t i, std::int64_t j, const PlanePoint& point,
                                std::int64_t cell) const {
  const std::optional<Hit> hit = hit_of(i, j, point);
  if (!hit) return false;
  const double threshold = threshold_of(spotlight_.epsilon[static_cast<std::size_t>(epsilon_index)], hit->length);
  if (hit->r < threshold) return false;
  const kernels::ArcCells cells = cells_of(*hit, threshold);
  return (cell - cells.first + num_distinct_) % num_distinct_ < cells.num_cells;
}

void SpotlightTables::add_at(std::int64_t epsilon_index, const Hit& hit, Sums& sums) {
  const auto e = static_cast<std::size_t>(epsilon_index);
  const double threshold = threshold_of(spotlight_.epsilon[e], hit.length);
  if (hit.r < threshold) return;
  if (hit.r > 0) {
    with_table(epsilon_index, hit.place, [&](auto* table) { ++table[num_angles_]; });
    ++sums.num_hits[e];
    sums.cosine_sum[e] += hit.cosine;
  }
  const kernels::ArcCells cells = cells_of(hit, threshold);
  const std::int64_t holistic = epsilon_index * num_angles_;
  with_table(epsilon_index, hit.place, [&](auto* table) { kernels::add_arc(cells, num_distinct_, table); });
  if (!sums.holistic.empty()) kernels::add_arc(cells, num_distinct_, sums.holistic.data() + holistic);
  if (!has_signed_tables_ || -hit.r >= threshold) return;  // everywhere, the two sides cancel
  const double half_width = std::acos(threshold / hit.r);
  const double opposite = hit.phi > 0 ? hit.phi - std::numbers::pi : hit.phi + std::numbers::pi;
  const kernels::ArcCells back = kernels::arc_cells(opposite, half_width, cells_per_radian_, num_distinct_);
  const auto add_both = [&](std::int64_t* differences) {
    kernels::add_arc(cells, num_distinct_, differences);
    kernels::add_arc(back, num_distinct_, differences, -1);
  };
  const std::int64_t place = epsilon_index * chosen_.num_planes() + hit.place;
  if (hit.place >= 0) add_both(signed_tables_.data() + place * num_angles_);
  if (!sums.holistic_signed.empty()) add_both(sums.holistic_signed.data() + holistic);
}

void SpotlightTables::add_totals(std::int64_t epsilon_index, std::int64_t place, const kernels::ArcTotals& totals,
                                 std::int64_t owner) {
  Sums& sums = sums_[static_cast<std::size_t>(owner)];
  sums.num_hits[static_cast<std::size_t>(epsilon_index)] += totals.num_hits;
  sums.cosine_sum[static_cast<std::size_t>(epsilon_index)] += totals.cosine_sum;
  with_table(epsilon_index, place, [&](auto* table) {
    add_to_cell(table[0], totals.num_wrapped);
    add_to_cell(table[num_angles_], totals.num_hits);
  });
  if (std::int64_t* differences = holistic(epsilon_index, owner)) differences[0] += totals.num_wrapped;
}

const void* SpotlightTables::address(std::int64_t epsilon_index, std::int64_t place) const {
  if (place < 0) return nullptr;
  const std::int64_t begin = (epsilon_index * chosen_.num_planes() + place) * stride();
  return reinterpret_cast<const char*>(tables_.data()) + begin * cell_bytes();
}

void SpotlightTables::widen() {
  if (is_narrow_) widen(tables_);
  is_narrow_ = false;
}

// From behind: a wide cell never lies before its narrow one.
void SpotlightTables::widen(std::vector<std::int64_t>& tables) {
  const auto* narrow = reinterpret_cast<const NarrowCell*>(tables.data());
  for (std::size_t k = tables.size(); k-- > 0;) tables[k] = narrow[k];
}

std::int64_t* SpotlightTables::holistic(std::int64_t epsilon_index, std::int64_t owner) {
  Sums& sums = sums_[static_cast<std::size_t>(owner)];
  return sums.holistic.empty() ? nullptr : sums.holistic.data() + epsilon_index * num_angles_;
}

double SpotlightTables::largest_cosine_sum() const {
  double largest = 0;
  for (const Sums& sums : sums_) {
    for (const std::int64_t sum : sums.cosine_sum) largest = std::max(largest, std::abs(static_cast<double>(sum)));
  }
  return largest;
}

}  // namespace srm
