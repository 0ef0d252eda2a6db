// Rows whose own basis is known.
#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "bases/gaussian_numbers.h"
#include "srm/basis_generators.h"

namespace srm {

/// Rows f(z) B: what a layer that works number by number in the basis B (rows) makes of independent z.
struct PlantedRows {
  at::Tensor rows;   // (num_rows, dim) float64
  at::Tensor basis;  // (dim, dim)
};

inline PlantedRows plant(std::int64_t num_rows, std::int64_t dim,
                         const std::function<at::Tensor(const at::Tensor&)>& function, std::uint64_t seed = 1) {
  bases::GaussianNumbers gaussian(seed);
  PlantedRows planted{{}, haar_rotation(dim, seed + 1000)};
  planted.rows = at::mm(function(gaussian.matrix(num_rows, dim)), planted.basis);
  return planted;
}

inline at::Tensor saturated(const at::Tensor& z) { return at::tanh(3 * z); }
inline at::Tensor cubed(const at::Tensor& z) { return z.pow(3); }
inline at::Tensor rectified(const at::Tensor& z) { return at::relu(z); }
/// One number in ten is not zero; some rows are zero altogether.
inline at::Tensor sparse(const at::Tensor& z) {
  bases::GaussianNumbers gaussian(77);
  const at::Tensor chosen = gaussian.matrix(z.size(0), z.size(1)) > 1.2816;
  return z * chosen;
}

}  // namespace srm
