#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>

#include "srm/basis.h"

namespace srm::bases {

/// The vectors of a basis, each of length 1, as columns: (dim, num_vectors). Undefined for the standard basis.
at::Tensor basis_columns(const Basis& basis, at::ScalarType type);

/// The coordinates of rows, (num_rows, dim), in those columns: (num_rows, num_vectors); the rows themselves when the
/// columns are undefined.
at::Tensor coordinates_in(const at::Tensor& columns, const at::Tensor& rows);

/// Throws srm::Error that names `where` unless there is a row, and rows have the dimension of the basis, at least 2.
void require_scorable(const at::Tensor& rows, const Basis& basis, std::string_view where);

}  // namespace srm::bases
