#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace srm {

// Note [What a seed decides]
// Bases that are drawn come from a std::mt19937_64 of their own: a seed gives the same basis whatever else the process
// draws. What LibTorch's linear algebra then does to it (QR, eigenvectors) can round otherwise with another number of
// threads or another LibTorch, in the last digits of a float64.

/// A rotation (dim, dim) float64 drawn evenly from all of them (Haar measure on SO(dim)): rows are orthonormal and the
/// determinant is +1. The Q of a Gaussian matrix, with the signs of R's diagonal moved into it; the first row's sign is
/// turned where that leaves a reflection. Throws srm::Error unless dim >= 1. See Note [What a seed decides].
at::Tensor haar_rotation(std::int64_t dim, std::uint64_t seed);

/// The principal axes (dim, dim) float64 of rows (num_rows, dim): eigenvectors of their second moments by descending
/// eigenvalue, each with its largest entry above 0; `centre` takes the mean off first. Rows that are zero or not finite
/// are left out. Throws srm::Error for any other shape and when no row is left.
at::Tensor pca_basis(const at::Tensor& rows, bool centre);

}  // namespace srm
