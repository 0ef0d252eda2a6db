#include "spotlight_tables.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/arc.h"

namespace srm {
namespace {

// See Note [Ties] in srm/accumulator.h. What x_hat . e must reach, for a unit vector e, so that x_hat . (length e) is
// inside.
double threshold_of(double epsilon, double length) { return epsilon / length - 1e-12; }

std::int64_t table_size(const PlaneSet& planes, const Spotlight& spotlight) {
  return static_cast<std::int64_t>(spotlight.epsilon.size()) * planes.num_planes() * (spotlight.grid.num_angles() + 1);
}

}  // namespace

SpotlightTables::SpotlightTables(const Basis& basis, const PlaneSet& planes, Spotlight spotlight)
    : basis_(basis),
      planes_(planes),
      spotlight_(std::move(spotlight)),
      num_distinct_(spotlight_.grid.num_distinct()),
      cells_per_radian_(1 / spotlight_.grid.spacing_radians()),
      smallest_epsilon_(*std::min_element(spotlight_.epsilon.begin(), spotlight_.epsilon.end())),
      tables_(static_cast<std::size_t>(table_size(planes, spotlight_)), 0) {
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

std::int64_t SpotlightTables::bytes_needed(const PlaneSet& planes, const Spotlight& spotlight) {
  // The tables themselves, and of a result the hits, the list of planes, the holistic counts and the sum that they are
  // checked against. In double, which is exact where it matters and cannot overflow.
  const auto num_epsilons = static_cast<double>(spotlight.epsilon.size());
  const auto num_planes = static_cast<double>(planes.num_planes());
  const auto num_angles = static_cast<double>(spotlight.grid.num_angles());
  const double numbers = num_epsilons * (num_planes * (num_angles + 2) + num_angles) + num_angles;
  const double bytes = sizeof(std::int64_t) * numbers + sizeof(Plane) * num_planes;
  return static_cast<std::int64_t>(std::min(bytes, 1e18));
}

void SpotlightTables::sweep(const Row& row, std::int64_t owner, std::int64_t num_owners, Tally& tally) {
  const std::int64_t m = basis_.num_vectors();
  const double* c = row.coordinates;
  // A pair a < b belongs to owner a mod num_owners, and is looked at from its first coordinate that is heavy.
  for (const std::int32_t i : row.heavy) {
    std::size_t next_heavy = 0;
    for (std::int64_t k = owner; k < i; k += num_owners) {
      while (row.heavy[next_heavy] < k) ++next_heavy;  // ends at i itself
      if (row.heavy[next_heavy] != k) sweep_pair(k, i, c, tally);
    }
    if (i % num_owners != owner) continue;
    for (std::int64_t j = i + 1; j < m; ++j) sweep_pair(i, j, c, tally);
  }
}

inline void SpotlightTables::sweep_pair(std::int64_t a, std::int64_t b, const double* c, Tally& tally) {
  const PlaneShape shape = planes_.shape(a, b);
  if (shape.inverse_sine == 0) return;
  add(a, b, c[a], (c[b] - shape.cosine * c[a]) * shape.inverse_sine, tally);
  if (planes_.pairs() == Pairs::kPermutation) {
    add(b, a, c[b], (c[a] - shape.cosine * c[b]) * shape.inverse_sine, tally);
  }
}

inline void SpotlightTables::add(std::int64_t i, std::int64_t j, double u, double v, Tally& tally) {
  const double length = basis_.length(i);
  const double r_squared = u * u + v * v;
  const double smallest = threshold_of(smallest_epsilon_, length);
  if (smallest > 0 && r_squared < smallest * smallest) return;
  const double r = std::sqrt(r_squared);
  // The reference turns towards minus b_j, which is e2 with the other sign.
  const double phi = std::atan2(spotlight_.sense == Sense::kNatural ? v : -v, u);
  const std::int64_t cosine =
      r > 0 ? std::llround(kernels::cosine_of_four_phi(u, v, r) * static_cast<double>(Scores::kCosineScale)) : 0;
  const std::int64_t plane = planes_.index(i, j);
  for (std::size_t e = 0; e < spotlight_.epsilon.size(); ++e) {
    const double threshold = threshold_of(spotlight_.epsilon[e], length);
    if (r < threshold) continue;
    std::int64_t* table = tables_.data() + (static_cast<std::int64_t>(e) * planes_.num_planes() + plane) * stride();
    if (r > 0) {
      ++table[spotlight_.grid.num_angles()];
      ++tally.num_hits[e];
      tally.cosine_sum[e] += cosine;
    }
    const bool everywhere = -r >= threshold;
    const kernels::ArcCells cells =
        everywhere ? kernels::ArcCells{0, num_distinct_}
                   : kernels::arc_cells(phi, std::acos(threshold / r), cells_per_radian_, num_distinct_);
    kernels::add_arc(cells, num_distinct_, table);
  }
}

void SpotlightTables::read_out(std::int64_t num_rows_everywhere, ResonanceParts& parts) const& {
  read_out(tables_, num_rows_everywhere, parts);
}

void SpotlightTables::read_out(std::int64_t num_rows_everywhere, ResonanceParts& parts) && {
  read_out(std::move(tables_), num_rows_everywhere, parts);
}

void SpotlightTables::read_out(std::vector<std::int64_t> tables, std::int64_t num_rows_everywhere,
                               ResonanceParts& parts) const {
  const std::int64_t num_angles = spotlight_.grid.num_angles();
  const auto num_epsilons = static_cast<std::int64_t>(spotlight_.epsilon.size());
  parts.planes = planes_.planes();
  parts.plane_hits.assign(static_cast<std::size_t>(num_epsilons * planes_.num_planes()), 0);
  parts.holistic_counts.assign(static_cast<std::size_t>(num_epsilons * num_angles), 0);
  // In place: a plane's counts never lie behind its table, since each table before it is one number longer.
  auto hits = parts.plane_hits.begin();
  for (std::int64_t e = 0; e < num_epsilons; ++e) {
    std::int64_t* holistic = parts.holistic_counts.data() + e * num_angles;
    for (std::int64_t p = 0; p < planes_.num_planes(); ++p, ++hits) {
      const std::int64_t* table = tables.data() + (e * planes_.num_planes() + p) * stride();
      std::int64_t* counts = tables.data() + (e * planes_.num_planes() + p) * num_angles;
      *hits = table[num_angles];
      const Plane& plane = parts.planes[static_cast<std::size_t>(p)];
      const bool degenerate = planes_.shape(plane.i, plane.j).inverse_sine == 0;
      std::int64_t count =
          spotlight_.epsilon[static_cast<std::size_t>(e)] <= 0 && !degenerate ? num_rows_everywhere : 0;
      const std::int64_t first_count = count + table[0];
      for (std::int64_t k = 0; k < num_angles; ++k) {
        count += table[k];
        counts[k] = k < num_distinct_ ? count : first_count;
        holistic[k] += counts[k];
      }
    }
  }
  tables.resize(static_cast<std::size_t>(num_epsilons * planes_.num_planes() * num_angles));
  parts.counts = std::move(tables);
}

}  // namespace srm
