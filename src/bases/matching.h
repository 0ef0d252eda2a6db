// PRIVATE: bases up to the order and the signs of their vectors.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace srm::bases {

/// The largest mean |cosine| that pairs of rows of `cosines` with columns of their own can have.
struct Matching {
  double mean_cosine = 0;
  std::vector<std::int64_t> column_of;  ///< for each row, -1 without a partner
};

/// Pairs rows and columns of (num_rows, num_columns) float64 cosines, whichever are fewer all.
Matching match(const at::Tensor& cosines);

/// How well unit vectors (num_vectors, dim) are matched by random turns of others (other_num_vectors, dim).
struct Chance {
  double mean = 0;
  double quantile_95 = 0;
};
/// Measured, by fewer turns where dim is large: their spread falls with it, and 20 tell the mean to .001 at dim = 64.
Chance chance_of(const at::Tensor& a, const at::Tensor& b);

/// An orthonormal basis in the order and with the signs that put it nearest to the coordinate axes.
at::Tensor nearest_to_axes(const at::Tensor& basis);

}  // namespace srm::bases
