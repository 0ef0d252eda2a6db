#include "plane_bins.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace srm {

std::int64_t exponent_of(double u, double v) {
  int exponent = 0;
  const double largest = std::max(std::abs(u), std::abs(v));
  std::frexp(largest, &exponent);  // largest < 2^exponent, and at least half of it
  return largest == 0 ? PlaneDensities::kLowestExponent
                      : std::max<std::int64_t>(exponent, PlaneDensities::kLowestExponent);
}

std::int64_t bin_of(double coordinate, std::int64_t exponent, std::int64_t num_bins) {
  // A division by the width of a bin, a power of two, which rounds nothing but numbers too small for a double: those of
  // less than zero belong to the bin below zero still.
  const double bins = std::ldexp(coordinate, static_cast<int>(-exponent)) * static_cast<double>(num_bins / 2);
  const double place = bins == 0 && coordinate < 0 ? -1.0 : std::floor(bins);
  return static_cast<std::int64_t>(place) + num_bins / 2;
}

void widen(PlaneDensity& density, std::int64_t exponent, std::int64_t num_bins, std::vector<std::int64_t>& spare) {
  if (exponent == density.exponent) return;
  const int halvings = static_cast<int>(std::min<std::int64_t>(exponent - density.exponent, 62));
  const std::int64_t half = num_bins / 2;
  spare.assign(density.counts.size(), 0);
  for (std::int64_t row = 0; row < num_bins; ++row) {
    for (std::int64_t column = 0; column < num_bins; ++column) {
      // Of numbers below zero too, a shift to the right is a division that rounds down.
      const std::int64_t wide_row = ((row - half) >> halvings) + half;
      const std::int64_t wide_column = ((column - half) >> halvings) + half;
      spare[static_cast<std::size_t>(wide_row * num_bins + wide_column)] +=
          density.counts[static_cast<std::size_t>(row * num_bins + column)];
    }
  }
  density.counts.swap(spare);
  density.exponent = exponent;
}

bool operator<(const RankedPoint& a, const RankedPoint& b) {
  const PlanePoint& p = a.point;
  const PlanePoint& q = b.point;
  return std::tie(a.rank, p.sample, p.position, p.label, p.u, p.v) <
         std::tie(b.rank, q.sample, q.position, q.label, q.u, q.v);
}

}  // namespace srm
