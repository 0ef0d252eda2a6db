#include "srm/density_tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <utility>

#include "plane_bins.h"
#include "row_coordinates.h"
#include "srm/accumulator.h"
#include "srm/error.h"

namespace srm {
namespace {

using kernels::RowKind;

constexpr std::int64_t kMostBins = 1024;
constexpr std::int64_t kMostPoints = 1'000'000;

std::size_t to_size(std::int64_t number) { return static_cast<std::size_t>(number); }

void require_planes(const std::vector<Plane>& planes, const Basis& basis, std::string_view where) {
  for (auto it = planes.begin(); it != planes.end(); ++it) {
    const std::int64_t m = basis.num_vectors();
    if (it->i < 0 || it->j < 0 || it->i >= m || it->j >= m || it->i == it->j) {
      throw Error(where, fmt::format("a plane must be of two of the {} basis vectors, counted from 0", m),
                  fmt::format("({}, {})", it->i, it->j), "name two different ones");
    }
    if (it != planes.begin() && *it == it[-1]) {
      throw Error(where, "no plane may be given twice", fmt::format("({}, {}) twice", it->i, it->j),
                  "leave one of them out");
    }
  }
}

DensityOptions valid_for(const Basis& basis, DensityOptions options, std::string_view where) {
  AccumulatorOptions same;
  same.epsilon = {options.epsilon};
  require_valid(same, where);
  if (options.num_bins < 2 || options.num_bins > kMostBins || (options.num_bins & (options.num_bins - 1)) != 0) {
    throw Error(where, fmt::format("the bins of a side must be a power of two from 2 to {}", kMostBins),
                fmt::format("{}", options.num_bins), "128 show what there is to see");
  }
  if (options.num_points < 0 || options.num_points > kMostPoints) {
    throw Error(where, fmt::format("the points kept of a plane must be from 0 to {}", kMostPoints),
                fmt::format("{}", options.num_points), "1000 are enough to see");
  }
  std::sort(options.planes.begin(), options.planes.end(),
            [](const Plane& a, const Plane& b) { return a.i < b.i || (a.i == b.i && a.j < b.j); });
  require_planes(options.planes, basis, where);
  return options;
}

// The vectors that some plane needs, ascending.
std::vector<std::int64_t> vectors_of(const std::vector<Plane>& planes) {
  std::vector<std::int64_t> vectors;
  for (const Plane& plane : planes) vectors.insert(vectors.end(), {plane.i, plane.j});
  std::sort(vectors.begin(), vectors.end());
  vectors.erase(std::unique(vectors.begin(), vectors.end()), vectors.end());
  return vectors;
}

}  // namespace

struct DensityTally::State {
  State(std::shared_ptr<const Basis> basis_, DensityOptions options_, MemoryBudget& budget, std::string address);

  template <typename Number>
  void update(const Number* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              const RowTags& tags);
  void add_row(double length, const RowTag& tag);

  // A plane, and which of the coordinates at hand are those of its vectors.
  struct Binned {
    PlaneDensity density;
    PlaneShape shape;
    std::size_t first, second;
    std::vector<RankedPoint> points;  // a heap, the one that goes next in front
    void add(double u, double v, std::int64_t num_bins, std::vector<std::int64_t>& spare);
    void offer(const RankedPoint& point, std::size_t num_points);
  };

  std::string where;
  std::shared_ptr<const Basis> basis;
  DensityOptions options;
  MemoryReservation reservation;
  RowCoordinates coordinates_of;
  std::vector<double> coordinates;  // of the row at hand along the vectors of vectors_of(planes)
  std::vector<Binned> planes;
  std::vector<std::int64_t> spare;  // (num_bins, num_bins)

  std::int64_t num_rows_offered = 0;
  PlaneDensitiesParts parts;  // but for the planes
};

DensityTally::State::State(std::shared_ptr<const Basis> basis_, DensityOptions options_, MemoryBudget& budget,
                           std::string address)
    : where(fmt::format("densities {}", address)),
      basis(std::move(basis_)),
      options(valid_for(*basis, std::move(options_), where)),
      reservation(budget, bytes_needed(*basis, options),
                  fmt::format("{} planes x {} x {} bins and {} points of '{}'", options.planes.size(), options.num_bins,
                              options.num_bins, options.num_points, address)),
      coordinates_of(*basis, vectors_of(options.planes), options.mean, where) {
  parts.dim = basis->dim();
  parts.epsilon = options.epsilon;
  parts.num_bins = options.num_bins;
  parts.num_points = options.num_points;
  parts.seed = options.seed;
  const std::vector<std::int64_t> vectors = vectors_of(options.planes);
  coordinates.resize(vectors.size());
  spare.reserve(to_size(options.num_bins * options.num_bins));
  planes.reserve(options.planes.size());
  for (const Plane& plane : options.planes) {
    const PlaneShape shape = plane_shape(*basis, plane.i, plane.j);
    if (shape.inverse_sine == 0) {
      parts.left_out.push_back(plane);
      continue;
    }
    const auto place = [&](std::int64_t vector) {
      return static_cast<std::size_t>(std::lower_bound(vectors.begin(), vectors.end(), vector) - vectors.begin());
    };
    Binned& binned = planes.emplace_back();
    binned.density.plane = plane;
    binned.density.exponent = PlaneDensities::kLowestExponent;
    binned.density.counts.assign(to_size(options.num_bins * options.num_bins), 0);
    binned.shape = shape;
    binned.first = place(plane.i);
    binned.second = place(plane.j);
    binned.points.reserve(to_size(options.num_points));
  }
}

template <typename Number>
void DensityTally::State::update(const Number* rows, std::int64_t num_samples, std::int64_t dim,
                                 std::int64_t row_stride, const RowTags& tags) {
  if (dim != basis->dim()) {
    throw Error(where, fmt::format("rows must have {} numbers", basis->dim()), fmt::format("{}", dim),
                "observe layers of different width apart, or choose another basis");
  }
  require_valid(tags, num_samples, where);
  for (std::int64_t k = 0; k < num_samples; ++k, ++num_rows_offered) {
    const Number* row = rows + k * row_stride;
    if (coordinates_of(row, coordinates.data()) != RowKind::kDirection) continue;
    const double squared_length = coordinates_of.squared_length(row);
    if (!(squared_length >= 0x1p-1022 && squared_length <= 0x1p1022)) {
      ++parts.num_rows_out_of_range;
      continue;
    }
    ++parts.num_rows;
    parts.squared_lengths.add(squared_length);
    add_row(std::sqrt(squared_length), tag_of(tags, k, num_rows_offered));
  }
}

void DensityTally::State::add_row(double length, const RowTag& tag) {
  const double threshold = options.epsilon - 1e-12;  // see Note [Ties] in accumulator.h
  const std::uint64_t rank = point_rank(options.seed, tag.sample, tag.position);
  for (Binned& binned : planes) {
    const double u = coordinates[binned.first];
    const double v = (coordinates[binned.second] - binned.shape.cosine * u) * binned.shape.inverse_sine;
    if (std::sqrt(u * u + v * v) < threshold) continue;
    binned.add(u * length, v * length, options.num_bins, spare);
    binned.offer({rank, {u * length, v * length, tag.sample, tag.position, tag.label}}, to_size(options.num_points));
  }
}

void DensityTally::State::Binned::add(double u, double v, std::int64_t num_bins, std::vector<std::int64_t>& spare) {
  widen(density, std::max(density.exponent, exponent_of(u, v)), num_bins, spare);
  const std::int64_t row = bin_of(v, density.exponent, num_bins);
  ++density.counts[to_size(row * num_bins + bin_of(u, density.exponent, num_bins))];
}

void DensityTally::State::Binned::offer(const RankedPoint& point, std::size_t num_points) {
  if (points.size() == num_points) {
    if (num_points == 0 || !(point < points.front())) return;
    std::pop_heap(points.begin(), points.end());
    points.pop_back();
  }
  points.push_back(point);
  std::push_heap(points.begin(), points.end());
}

DensityTally::DensityTally(std::shared_ptr<const Basis> basis, DensityOptions options, MemoryBudget& budget,
                           std::string address) {
  try {
    state_ = std::make_unique<State>(std::move(basis), std::move(options), budget, std::move(address));
  } catch (const std::bad_alloc&) {
    throw Error("densities", "the memory that was asked for must be there", "less", "lower --memory");
  }
}

DensityTally::~DensityTally() = default;
DensityTally::DensityTally(DensityTally&&) noexcept = default;
DensityTally& DensityTally::operator=(DensityTally&&) noexcept = default;

std::int64_t DensityTally::bytes_needed(const Basis& basis, const DensityOptions& options) {
  // In double, which is exact where it matters and cannot overflow.
  const auto num_planes = static_cast<double>(options.planes.size());
  const auto num_bins = static_cast<double>(options.num_bins);
  const double num_vectors = std::min(2 * num_planes, static_cast<double>(basis.num_vectors()));
  const double bins = num_bins * num_bins * sizeof(std::int64_t);
  const double plane =
      bins + static_cast<double>(options.num_points) * sizeof(RankedPoint) + sizeof(State::Binned) + 3 * sizeof(Plane);
  const double small = (2 * num_vectors + static_cast<double>(options.mean.size())) * sizeof(double) + sizeof(State);
  const double bytes = num_planes * plane + bins + small + RowCoordinates::bytes_needed(basis, num_vectors);
  return static_cast<std::int64_t>(std::min(bytes, 1e18));
}

void DensityTally::update(const float* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                          const RowTags& tags) {
  state_->update(rows, num_samples, dim, row_stride, tags);
}

void DensityTally::update(const double* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                          const RowTags& tags) {
  state_->update(rows, num_samples, dim, row_stride, tags);
}

void DensityTally::resume(const PlaneDensities& earlier) {
  const PlaneDensitiesParts sum = merge(densities(), earlier, state_->where).parts();
  state_->parts.num_rows = sum.num_rows;
  state_->parts.num_rows_out_of_range = sum.num_rows_out_of_range;
  state_->parts.squared_lengths = sum.squared_lengths;
  for (std::size_t p = 0; p < sum.planes.size(); ++p) {
    State::Binned& binned = state_->planes[p];
    binned.density.exponent = sum.planes[p].exponent;
    binned.density.counts.assign(sum.planes[p].counts.begin(), sum.planes[p].counts.end());
    binned.points.clear();
    for (const PlanePoint& point : sum.planes[p].points) {
      binned.points.push_back({point_rank(sum.seed, point.sample, point.position), point});
    }
    std::make_heap(binned.points.begin(), binned.points.end());
  }
}

PlaneDensities DensityTally::densities() const {
  PlaneDensitiesParts parts = state_->parts;
  for (const State::Binned& binned : state_->planes) {
    PlaneDensity& density = parts.planes.emplace_back(binned.density);
    std::vector<RankedPoint> points = binned.points;
    std::sort_heap(points.begin(), points.end());
    for (const RankedPoint& one : points) density.points.push_back(one.point);
  }
  return PlaneDensities(std::move(parts), state_->where);
}

}  // namespace srm
