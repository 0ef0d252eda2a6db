#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace srm {

/// How two bases agree up to the order and the signs of their vectors.
struct BasisMatch {
  /// Of the pairs below: 1 for the same basis in another order with other signs.
  double mean_matched_cosine = 0;
  /// For each vector of the first basis its partner in the second, none twice; -1 for those that find none because the
  /// second has fewer vectors.
  std::vector<std::int64_t> match;
  /// For each vector of the first basis the cosine with its partner, with its sign; 0 without a partner.
  std::vector<double> cosines;
  /// Amari distance in [0, 1]: with P = A B^-1, the mean over rows and columns of (sum |p| / max |p| - 1) / (n - 1). 0
  /// for the same basis, scaled or not. NaN unless both have n vectors that span their n >= 2 dimensions.
  double amari_distance = 0;
  /// What mean_matched_cosine is by chance: its mean over random turns of the second basis, and the value that 95 % of
  /// these stay below. With orthonormal bases of n = 8, 16, 24, 32, 64, 128, 256 the mean is
  /// .63, .51, .44, .40, .31, .24, .18.
  double chance = 0;
  double chance_95 = 0;  ///< see chance
};

/// Compares (num_vectors, dim) with (other_num_vectors, dim), whose rows need be neither of length 1 nor orthogonal:
/// pairs them so that the sum of |cosine| is the largest there is (exact assignment, O(n^3)), as many as the smaller
/// has vectors. Throws srm::Error for other shapes, vectors that are zero or not finite, and widths that differ.
BasisMatch compare_bases(const at::Tensor& a, const at::Tensor& b);

}  // namespace srm
