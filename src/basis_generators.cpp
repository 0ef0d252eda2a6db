#include "srm/basis_generators.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bases/gaussian_numbers.h"
#include "bases/prepared_rows.h"
#include "srm/error.h"

namespace srm {

at::Tensor haar_rotation(std::int64_t dim, std::uint64_t seed) {
  if (dim < 1) {
    throw Error("haar_rotation", "a rotation needs a dimension", fmt::format("{}", dim), "give dim >= 1");
  }
  bases::GaussianNumbers gaussian(seed);
  const auto [q, r] = at::linalg_qr(gaussian.matrix(dim, dim));
  // A zero on R's diagonal has probability 0, but sign() would make a zero column of it.
  at::Tensor rotation = (q * at::where(r.diagonal() < 0, -1.0, 1.0)).contiguous();
  if (at::linalg_det(rotation).item<double>() < 0) rotation[0].neg_();
  return rotation;
}

at::Tensor pca_basis(const at::Tensor& rows, bool centre) {
  const at::Tensor prepared = bases::prepare_rows(rows, {.centre = centre}, "pca_basis").rows;
  const at::Tensor axes = std::get<1>(at::linalg_eigh(at::mm(prepared.t(), prepared))).t().flip(0).contiguous();
  const at::Tensor largest = axes.gather(1, axes.abs().argmax(1, /*keepdim=*/true));
  return at::where(largest < 0, -axes, axes);
}

}  // namespace srm
