#include "bases/basis_columns.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "srm/error.h"

namespace srm::bases {

at::Tensor basis_columns(const Basis& basis, at::ScalarType type) {
  if (basis.is_standard()) return {};
  // The tensor only borrows the numbers, until they are copied.
  auto* vectors = const_cast<double*>(basis.unit_vectors().data());
  const at::Tensor rows = at::from_blob(vectors, {basis.num_vectors(), basis.dim()}, at::kDouble);
  return rows.t().to(type, /*non_blocking=*/false, /*copy=*/true);
}

at::Tensor coordinates_in(const at::Tensor& columns, const at::Tensor& rows) {
  return columns.defined() ? at::mm(rows, columns) : rows;
}

void require_scorable(const at::Tensor& rows, const Basis& basis, std::string_view where) {
  if (rows.size(0) >= 1 && rows.size(1) == basis.dim() && rows.size(1) >= 2 && basis.num_vectors() >= 1) return;
  throw Error(where, "there must be rows with a direction, of the basis's dimension, and that at least 2",
              fmt::format("{} rows of {} numbers and a basis of {} vectors of {}", rows.size(0), rows.size(1),
                          basis.num_vectors(), basis.dim()),
              "give rows that are finite, not zero and not all alike, and a basis that fits them");
}

}  // namespace srm::bases
