#pragma once

#include <cstdint>
#include <vector>

#include "srm/plane_density.h"

namespace srm {

// The bins of Note [Projection onto privileged planes] in plane_density.h.

/// The least exponent, from PlaneDensities::kLowestExponent, at which the point is within all bins.
std::int64_t exponent_of(double u, double v);

/// Which of `num_bins` bins over [-2^exponent, 2^exponent) a coordinate of less than 2^exponent is in.
std::int64_t bin_of(double coordinate, std::int64_t exponent, std::int64_t num_bins);

/// Joins bins until they reach to 2^exponent, at least as far as they do; `spare` is memory of as many bins.
void widen(PlaneDensity& density, std::int64_t exponent, std::int64_t num_bins, std::vector<std::int64_t>& spare);

/// A point with its rank, ordered as points are kept.
struct RankedPoint {
  std::uint64_t rank;
  PlanePoint point;
  friend bool operator<(const RankedPoint& a, const RankedPoint& b);
};

}  // namespace srm
