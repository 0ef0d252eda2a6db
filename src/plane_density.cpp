#include "srm/plane_density.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>

#include "kernels/random_rank.h"
#include "plane_bins.h"
#include "value_checks.h"

namespace srm {
namespace {

bool is_before(const Plane& a, const Plane& b) { return a.i < b.i || (a.i == b.i && a.j < b.j); }

bool is_pair(const Plane& plane) { return plane.i >= 0 && plane.j >= 0 && plane.i != plane.j; }

std::vector<Plane> planes_of(const PlaneDensitiesParts& parts) {
  std::vector<Plane> planes;
  for (const PlaneDensity& density : parts.planes) planes.push_back(density.plane);
  return planes;
}

void require_planes(const std::vector<Plane>& planes, std::string_view where, std::string_view name) {
  for (std::size_t k = 0; k < planes.size(); ++k) {
    require(is_pair(planes[k]) && (k == 0 || is_before(planes[k - 1], planes[k])), where,
            fmt::format("{} must be pairs of different basis vectors in lexicographic order", name),
            fmt::format("({}, {})", planes[k].i, planes[k].j));
  }
}

RankedPoint ranked(std::uint64_t seed, const PlanePoint& point) {
  return {point_rank(seed, point.sample, point.position), point};
}

// How many points a plane has; throws where it holds what its settings do not allow.
std::int64_t require_plane(const PlaneDensitiesParts& parts, const PlaneDensity& density, std::string_view where) {
  const std::string name = fmt::format("plane ({}, {})", density.plane.i, density.plane.j);
  require(density.exponent >= PlaneDensities::kLowestExponent && density.exponent <= PlaneDensities::kHighestExponent,
          where,
          fmt::format("the exponent of {} must be from {} to {}", name, PlaneDensities::kLowestExponent,
                      PlaneDensities::kHighestExponent),
          fmt::format("{}", density.exponent));
  require_size(density.counts.size(), product({parts.num_bins, parts.num_bins}), where, "the counts of " + name);
  std::int64_t total = 0;
  for (const std::int64_t count : density.counts) {
    require(count >= 0 && count <= parts.num_rows - total, where,
            fmt::format("the points of {} must be among the {} rows", name, parts.num_rows),
            fmt::format("{} after {}", count, total));
    total += count;
  }
  require_size(density.points.size(), std::min(parts.num_points, total), where, "the sample of " + name);
  for (std::size_t k = 0; k < density.points.size(); ++k) {
    const PlanePoint& point = density.points[k];
    require(std::isfinite(point.u) && std::isfinite(point.v) && point.label >= -1 &&
                exponent_of(point.u, point.v) <= density.exponent,
            where, fmt::format("the points of {} must lie within its bins and have labels from -1", name),
            fmt::format("({}, {}) with label {}", point.u, point.v, point.label));
    require(k == 0 || !(ranked(parts.seed, point) < ranked(parts.seed, density.points[k - 1])), where,
            fmt::format("the points of {} must be in the order of their ranks", name), fmt::format("point {}", k));
  }
  return total;
}

std::string to_text(const std::vector<Plane>& planes) {
  std::string text;
  for (const Plane& plane : planes) text += fmt::format("({}, {})", plane.i, plane.j);
  return text;
}

void add(PlaneDensity& sum, const PlaneDensity& other, const PlaneDensitiesParts& settings, std::string_view where) {
  PlaneDensity same = other;
  std::vector<std::int64_t> spare;
  const std::int64_t exponent = std::max(sum.exponent, other.exponent);
  widen(sum, exponent, settings.num_bins, spare);
  widen(same, exponent, settings.num_bins, spare);
  add_exactly(sum.counts, same.counts, where);
  std::vector<PlanePoint> points;
  std::merge(
      sum.points.begin(), sum.points.end(), same.points.begin(), same.points.end(), std::back_inserter(points),
      [&](const PlanePoint& a, const PlanePoint& b) { return ranked(settings.seed, a) < ranked(settings.seed, b); });
  points.resize(std::min(points.size(), static_cast<std::size_t>(settings.num_points)));
  sum.points = std::move(points);
}

}  // namespace

std::uint64_t point_rank(std::uint64_t seed, std::int64_t sample, std::int64_t position) {
  return kernels::random_rank(kernels::random_rank(seed, sample), position);
}

PlaneDensities::PlaneDensities(PlaneDensitiesParts parts, std::string_view where) : parts_(std::move(parts)) {
  require(parts_.dim >= 1, where, "dim must be at least 1", fmt::format("{}", parts_.dim));
  require(parts_.epsilon >= -1 && parts_.epsilon <= 1, where, "epsilon must be in [-1, 1]",
          fmt::format("{}", parts_.epsilon));
  const std::int64_t bins = parts_.num_bins;
  require(bins >= 2 && (bins & (bins - 1)) == 0, where, "num_bins must be a power of two", fmt::format("{}", bins));
  require(parts_.num_points >= 0 && parts_.num_rows >= 0 && parts_.num_rows_out_of_range >= 0, where,
          "numbers of rows and points must not be negative",
          fmt::format("{}, {} and {}", parts_.num_points, parts_.num_rows, parts_.num_rows_out_of_range));
  require((parts_.num_rows == 0) == (parts_.squared_lengths == ExactSum()), where,
          "the sum of squared lengths must be above zero where there are rows, and zero else",
          fmt::format("{} of {} rows", parts_.squared_lengths.value(), parts_.num_rows));
  require_planes(planes_of(parts_), where, "planes");
  require_planes(parts_.left_out, where, "planes left out");
  for (const PlaneDensity& density : parts_.planes) num_points_.push_back(require_plane(parts_, density, where));
}

std::int64_t PlaneDensities::num_points(std::int64_t plane_index) const {
  if (plane_index < 0 || plane_index >= num_planes()) {
    throw Error("densities", fmt::format("the place of the plane must be from 0 and below {}", num_planes()),
                fmt::format("{}", plane_index), "ask num_planes()");
  }
  return num_points_[static_cast<std::size_t>(plane_index)];
}

double PlaneDensities::variance() const {
  if (parts_.num_rows == 0) return std::numeric_limits<double>::quiet_NaN();
  return parts_.squared_lengths.value() / static_cast<double>(parts_.num_rows) / static_cast<double>(parts_.dim);
}

PlaneDensities merge(const PlaneDensities& a, const PlaneDensities& b, std::string_view where) {
  PlaneDensitiesParts sum = a.parts();
  const PlaneDensitiesParts& other = b.parts();
  const auto same = [&](std::string_view name, const auto& in_a, const auto& in_b) {
    require_same(fmt::format("{} of densities", name), fmt::format("{}", in_a), fmt::format("{}", in_b), where);
  };
  same("dim", sum.dim, other.dim);
  same("epsilon", sum.epsilon, other.epsilon);
  same("num_bins", sum.num_bins, other.num_bins);
  same("num_points", sum.num_points, other.num_points);
  same("seed", sum.seed, other.seed);
  same("planes", to_text(planes_of(sum)), to_text(planes_of(other)));
  same("planes left out", to_text(sum.left_out), to_text(other.left_out));
  add_exactly(sum.num_rows, other.num_rows, where);
  add_exactly(sum.num_rows_out_of_range, other.num_rows_out_of_range, where);
  sum.squared_lengths.add(other.squared_lengths);
  for (std::size_t p = 0; p < sum.planes.size(); ++p) add(sum.planes[p], other.planes[p], sum, where);
  return PlaneDensities(std::move(sum), where);
}

}  // namespace srm
