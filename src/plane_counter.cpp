#include "plane_counter.h"

#include <algorithm>
#include <cmath>

namespace srm {
namespace {

// Below it arcs are hardly shorter than half turns, and what is not hit is rare: no need for float32.
constexpr double kLeastThreshold = 1e-3;
// Of vectors more nearly parallel than that float32 has lost too much of v.
constexpr double kMostInverseSine = 16;
// How many rows' cells are asked for before the next plane is counted.
constexpr std::int64_t kPrefetchedRows = 16;

}  // namespace

double PlainRows::coordinate(std::uint32_t row, std::int64_t i) const {
  const std::int64_t place = static_cast<std::int64_t>(row) * numbers.stride + i;
  const double number = numbers.floats != nullptr ? static_cast<double>(numbers.floats[place]) : numbers.doubles[place];
  return number / block->norm(row);
}

ColumnPair ColumnPair::part(std::int64_t first, std::int64_t count) const {
  const auto from = [first](const float* column) { return column == nullptr ? nullptr : column + first; };
  return {a,    b, from(at_a), from(at_b), from(rest_a), from(rest_b), from(norm), from(squared_norm), rows + first,
          count};
}

PlaneCounter::PlaneCounter(const Basis& basis, const PlaneSet& planes, const ChosenPlanes& chosen,
                           const Spotlight& spotlight, const kernels::PlaneKernels& kernels, SpotlightTables& tables,
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
      if (std::isfinite(pair.norm[k])) add_by_twin(all, pair, shape, pair.rows[k]);
    }
    return;
  }
  const double threshold = threshold_of(smallest_epsilon_, basis_.length(pair.a));
  for (std::int64_t first = 0; first < pair.num_rows; first += kernels::kMostPoints) {
    const ColumnPair part = pair.part(first, std::min(kernels::kMostPoints, pair.num_rows - first));
    Scratch& scratch = scratch_.front();
    const std::int64_t num_selected = kernels_.select(
        part.at_a, part.at_b, part.squared_norm, part.num_rows, static_cast<float>(shape.cosine),
        static_cast<float>(shape.inverse_sine), static_cast<float>(threshold * threshold), scratch.indices.data());
    if (num_selected == 0) continue;
    select_points(part, shape, num_selected);
    const bool has_rests = part.rest_a != nullptr || shape.cosine != 0;
    count_points(all, part, shape,
                 {scratch.u.data(), scratch.v.data(), has_rests ? scratch.u_rest.data() : nullptr,
                  has_rests ? scratch.v_rest.data() : nullptr, scratch.norm.data(), num_selected},
                 scratch.indices.data());
  }
}

// Gathers what the selected rows have in the plane. Away from orthogonal pairs v is found in float64.
void PlaneCounter::select_points(const ColumnPair& pair, const PlaneShape& shape, std::int64_t num_selected) {
  Scratch& scratch = scratch_.front();
  const bool is_exact = pair.rest_a == nullptr;
  const bool is_orthogonal = shape.cosine == 0;
  for (std::int64_t k = 0; k < num_selected; ++k) {
    const auto at = static_cast<std::size_t>(k);
    const std::int32_t index = scratch.indices[at];
    scratch.u[at] = pair.at_a[index];
    scratch.v[at] = pair.at_b[index];
    scratch.norm[at] = pair.norm[index];
    if (is_exact && is_orthogonal) continue;
    scratch.u_rest[at] = is_exact ? 0 : pair.rest_a[index];
    scratch.v_rest[at] = is_exact ? 0 : pair.rest_b[index];
    if (is_orthogonal) continue;
    const double a = static_cast<double>(scratch.u[at]) + static_cast<double>(scratch.u_rest[at]);
    const double b = static_cast<double>(scratch.v[at]) + static_cast<double>(scratch.v_rest[at]);
    const double v = (b - shape.cosine * a) * shape.inverse_sine;
    scratch.v[at] = static_cast<float>(v);
    scratch.v_rest[at] = static_cast<float>(v - static_cast<double>(scratch.v[at]));
  }
}

void PlaneCounter::count_all(const PlainRows& all, const ColumnPair& pair) {
  const PlaneShape shape = planes_.shape(pair.a, pair.b);
  if (shape.cosine != 0 || shape.inverse_sine != 1) {
    count_selected(all, pair);
    return;
  }
  for (std::int64_t first = 0; first < pair.num_rows; first += kernels::kMostPoints) {
    const ColumnPair part = pair.part(first, std::min(kernels::kMostPoints, pair.num_rows - first));
    count_points(all, part, shape, {part.at_a, part.at_b, part.rest_a, part.rest_b, part.norm, part.num_rows}, nullptr);
    if (planes_.pairs() == Pairs::kCombination) continue;
    const ColumnPair turned = part.turned();
    count_points(all, turned, shape,
                 {turned.at_a, turned.at_b, turned.rest_a, turned.rest_b, turned.norm, part.num_rows}, nullptr);
  }
}

void PlaneCounter::count_points(const PlainRows& all, const ColumnPair& pair, const PlaneShape& shape,
                                const kernels::PlanePoints& points, const std::int32_t* indices) {
  kernels::ArcScratch& arcs = scratch_.front().arcs;
  const std::int64_t place = chosen_.index(pair.a, pair.b);
  const double length = basis_.length(pair.a);
  kernels_.measure(points, grid_, arcs);
  for (std::int64_t e = 0; e < std::ssize(spotlight_.epsilon); ++e) {
    const double threshold = threshold_of(spotlight_.epsilon[static_cast<std::size_t>(e)], length);
    const kernels::ArcTotals totals = kernels_.find_ends(points.num_points, static_cast<float>(threshold), grid_, arcs);
    tables_.add_arcs(e, place, totals, arcs, points.num_points, owner_);
    for (std::int64_t k = 0; k < totals.num_undecided; ++k) {
      const std::int32_t point = arcs.undecided[k];
      const std::uint32_t row = pair.rows[indices == nullptr ? point : indices[point]];
      const double u = all.coordinate(row, pair.a);
      const double v = (all.coordinate(row, pair.b) - shape.cosine * u) * shape.inverse_sine;
      tables_.add_at(e, pair.a, pair.b, u, v, owner_);
    }
  }
  tables_.prefetch(place + 1, arcs, std::min(points.num_points, kPrefetchedRows));
}

void PlaneCounter::add_by_twin(const PlainRows& all, const ColumnPair& pair, const PlaneShape& shape,
                               std::uint32_t row) {
  const double u = all.coordinate(row, pair.a);
  const double v = (all.coordinate(row, pair.b) - shape.cosine * u) * shape.inverse_sine;
  tables_.add(pair.a, pair.b, u, v, owner_);
}

}  // namespace srm
