#pragma once

#include <cstdint>
#include <vector>

#include "srm/plane_density.h"

namespace srm {

// Note [Isotropic points]
// A row of n independent normal numbers of variance sigma^2 has in-plane part r and the rest q: r^2 / sigma^2 is
// chi-squared with 2 degrees of freedom, q^2 / sigma^2 with n - 2, and the two are independent. It is a point of the
// plane when r^2 >= epsilon^2 (r^2 + q^2), so when q^2 <= r^2 (1 - epsilon^2) / epsilon^2. At a distance r from zero
// the density of points is therefore
//     exp(-r^2 / (2 sigma^2)) / (2 pi sigma^2) P(chi^2_{n-2} <= (r / sigma)^2 (1 - epsilon^2) / epsilon^2)
// where P is 1 for n = 2 and for epsilon <= 0. r^2 / |x|^2 is beta(1, (n - 2)/2), so that over the whole plane this is
// (1 - epsilon^2)^((n-2)/2). A reference to draw beside measured densities, never a test. See
// Note [Projection onto privileged planes] in plane_density.h.

/// The share of isotropic rows that are points of a plane, (1 - epsilon^2)^((n-2)/2); 1 for epsilon <= 0.
/// Throws srm::Error unless dim >= 2 and -1 <= epsilon <= 1, as the next.
double isotropic_plane_rate(std::int64_t dim, double epsilon);

/// The density of points of isotropic rows with sigma = 1 at the distance `radius` from zero, as a share of all rows.
double isotropic_plane_density(std::int64_t dim, double epsilon, double radius);

/// How many points each bin would hold if the rows were isotropic with the variance that they have, (num_bins,
/// num_bins): num_rows times the integral over the bin, to some 1e-4 of the largest. Beyond 9 sigma, where there are
/// 3e-18 of all rows, it is taken for zero; all are zero without rows. Throws srm::Error for an index out of range.
std::vector<double> isotropic_counts(const PlaneDensities& densities, std::int64_t plane_index);

}  // namespace srm
