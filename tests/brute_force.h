#pragma once

#include <cstdint>
#include <vector>

#include "srm/accumulator.h"

namespace srm::test {

/// The method by its definition, in float64: every row against every spotlight of every plane, one dot product each.
/// `counts` is (E, P, K); `margin`, of the same shape, is the least |x_hat . p - epsilon| that any row had there.
struct BruteForce {
  std::vector<std::int64_t> counts;
  std::vector<double> margin;
};

/// `rows` is (num_samples, dim), row-major. Nothing of the library's arithmetic is used, only the pairs of its planes.
BruteForce brute_force(const std::vector<double>& rows, const Basis& basis, const std::vector<Plane>& planes,
                       const AccumulatorOptions& options);

/// How many cells differ where no row is nearer to the threshold than `least_margin`.
std::int64_t num_wrong_cells(const Resonance& resonance, const BruteForce& truth, double least_margin = 1e-6);

/// Standard normal numbers by seed, (count).
std::vector<double> gaussian(std::int64_t count, unsigned seed);

/// One accumulator, one update, one result.
Resonance accumulate(const std::vector<double>& rows, const Basis& basis, const AccumulatorOptions& options);

}  // namespace srm::test
