#pragma once

#include <ATen/ATen.h>

#include "srm/row_reservoir.h"

namespace srm {

/// Calls `take` with the numbers of contiguous rows (num_rows, dim) on the CPU in the type that they have, float32 or
/// float64.
template <typename Take>
void with_numbers(const at::Tensor& rows, const Take& take) {
  if (rows.scalar_type() == at::kDouble) {
    take(rows.const_data_ptr<double>());
  } else {
    take(rows.const_data_ptr<float>());
  }
}

/// The rows that were kept, (num_rows, dim) float64.
inline at::Tensor to_tensor(const RowReservoir& reservoir) {
  return at::tensor(reservoir.rows(), at::kDouble).reshape({-1, reservoir.dim()});
}

}  // namespace srm
