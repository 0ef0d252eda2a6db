// PRIVATE: rows of the standard basis, straight from a layer's numbers. The scalar twin is kernels/row.h: whatever is
// written here is, bit for bit, what it and fixed_point() give.
#pragma once

#include <cstdint>

#include "kernels/instruction_set.h"

namespace srm::kernels {

/// What is summed over rows, (dim) each: x_hat and its fourth powers in fixed point.
struct DirectSums {
  std::int64_t* directions;
  std::int64_t* quartics;
};

/// What became of a row: its length, and the sum of the fourth powers of x_hat.
struct DirectRow {
  double norm;
  double quartic_sum;
};

/// Sums are of x_hat = row / |row|, (dim); bit i of `heavy`, ceil(dim / 64) words, says whether x_hat_i^2 >= bound.
/// False, with nothing done, where |row|^2 is not from 1e-24 to 1e24, as of rows without a direction.
template <typename Number>
using PrepareDirect = bool (*)(const Number* row, std::int64_t dim, double bound, const DirectSums& sums,
                               std::uint64_t* heavy, DirectRow& prepared);

struct DirectKernels {
  PrepareDirect<float> prepare_floats;
  PrepareDirect<double> prepare_doubles;
};

/// nullptr where the instruction set has no vectors.
const DirectKernels* direct_kernels(InstructionSet instruction_set);

}  // namespace srm::kernels
