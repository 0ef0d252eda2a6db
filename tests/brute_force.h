#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "srm/accumulator.h"

namespace srm::test {

/// How far from epsilon a cosine may be so that it need not, and may not, be inside; in cosines of unit vectors.
struct Slack {
  double surely_inside = 1e-6;
  double perhaps_inside = -1e-6;
};
/// Ties as srm/accumulator.h promises them: equal up to rounding is inside, what is clearly smaller is not.
constexpr Slack kTies = {-1e-13, -1e-11};

/// The method by its definition, in float64: every row against every spotlight of every plane, one dot product each.
/// All are (E, P, K): `counts`; `margin`, the least |x_hat . p - epsilon| that any row had there; and between which
/// numbers a count must be, with the slack given.
struct BruteForceCells {
  std::vector<std::int64_t> counts;
  std::vector<double> margin;
  std::vector<std::int64_t> least;
  std::vector<std::int64_t> most;
};
struct BruteForce : BruteForceCells {
  /// Rows with x_hat . p >= epsilon minus those with x_hat . p <= -epsilon.
  BruteForceCells with_signs;
};

/// `rows` is (num_samples, dim), row-major. Nothing of the library's arithmetic is used, only the pairs of its planes.
BruteForce brute_force(const std::vector<double>& rows, const Basis& basis, const std::vector<Plane>& planes,
                       const AccumulatorOptions& options, Slack slack = {});

/// How many cells, signed ones too where there are any, differ where no row is nearer to the threshold than
/// `least_margin`.
std::int64_t num_wrong_cells(const Resonance& resonance, const BruteForce& truth, double least_margin = 1e-6);

/// How many cells, signed ones too where there are any, are not between `least` and `most`.
std::int64_t num_cells_out_of_bounds(const Resonance& resonance, const BruteForce& truth);
/// The same for the holistic counts, where `truth` is of all planes that they are summed over.
std::int64_t num_holistic_cells_out_of_bounds(const Resonance& resonance, const BruteForce& truth);

/// Standard normal numbers by seed, (count).
std::vector<double> gaussian(std::int64_t count, unsigned seed);

/// One accumulator, one update, one result.
Resonance accumulate(const std::vector<double>& rows, const Basis& basis, const AccumulatorOptions& options,
                     std::span<const std::int64_t> blocks = {});

}  // namespace srm::test
