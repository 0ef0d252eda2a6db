#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "brute_force.h"

namespace srm::test {

/// Standard normal numbers by seed, (num_rows, dim) float64.
inline at::Tensor gaussian_rows(std::int64_t num_rows, std::int64_t dim, unsigned seed) {
  std::vector<double> numbers = gaussian(num_rows * dim, seed);
  return at::from_blob(numbers.data(), {num_rows, dim}, at::kDouble).clone();
}

/// A rotation by a route of its own: the Q of a Gaussian matrix, (dim, dim).
inline at::Tensor random_rotation(std::int64_t dim, unsigned seed) {
  const auto [q, r] = at::linalg_qr(gaussian_rows(dim, dim, seed));
  return q * at::sign(r.diagonal());
}

/// Gaussian rows whose covariance has the eigenvalues 1, 2^-a, 3^-a, ... along random directions.
inline at::Tensor anisotropic_rows(std::int64_t num_rows, std::int64_t dim, double a, unsigned seed) {
  const at::Tensor scale = at::arange(1, dim + 1, at::kDouble).pow(-a / 2);
  return at::mm(gaussian_rows(num_rows, dim, seed) * scale, random_rotation(dim, seed + 1'000'000));
}

/// The same, `rows_a_block` rows sharing most of what they are.
inline at::Tensor clustered_rows(std::int64_t num_blocks, std::int64_t rows_a_block, std::int64_t dim, unsigned seed) {
  const at::Tensor centres = anisotropic_rows(num_blocks, dim, 1, seed);
  return centres.repeat_interleave(rows_a_block, 0) + 0.3 * gaussian_rows(num_blocks * rows_a_block, dim, seed + 7);
}

/// The Kolmogorov-Smirnov distance of numbers from the uniform distribution on [0, 1], times sqrt(count): above 1.63 in
/// 1 % of all cases, above 1.95 in 0.1 %. Numbers that only come in steps (a p of R rotations) are compared at those:
/// between them their distribution stands still, which many trials would show as a distance.
inline double distance_from_uniform(std::vector<double> numbers, double step = 0) {
  std::sort(numbers.begin(), numbers.end());
  const double count = static_cast<double>(numbers.size());
  double largest = 0;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const double before = static_cast<double>(k) / count;
    largest = std::max({largest, numbers[k] - step - before, before + 1 / count - numbers[k]});
  }
  return largest * std::sqrt(count);
}

/// The share of p-values that are at most `alpha`.
inline double share_below(const std::vector<double>& p, double alpha) {
  const auto below = std::count_if(p.begin(), p.end(), [&](double value) { return value <= alpha; });
  return static_cast<double>(below) / static_cast<double>(p.size());
}

}  // namespace srm::test
