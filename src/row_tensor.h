#pragma once

#include <ATen/ATen.h>

#include "srm/half_numbers.h"
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

/// The same where they may be bfloat16 or half too.
template <typename Take>
void with_numbers_of_any_width(const at::Tensor& rows, const Take& take) {
  if (rows.scalar_type() == at::kBFloat16) {
    take(reinterpret_cast<const BFloat16*>(rows.const_data_ptr()));
  } else if (rows.scalar_type() == at::kHalf) {
    take(reinterpret_cast<const Half*>(rows.const_data_ptr()));
  } else {
    with_numbers(rows, take);
  }
}

/// The rows that were kept, (num_rows, dim) float64.
inline at::Tensor to_tensor(const RowReservoir& reservoir) {
  return at::tensor(reservoir.rows(), at::kDouble).reshape({-1, reservoir.dim()});
}

}  // namespace srm
