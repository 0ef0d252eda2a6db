// PRIVATE: rows of the standard basis, straight from a layer's numbers. The scalar twin is kernels/row.h: whatever is
// written here is, bit for bit, what it and fixed_point.h give.
#pragma once

#include <cstdint>
#include <tuple>

#include "kernels/instruction_set.h"
#include "srm/half_numbers.h"

namespace srm::kernels {

/// What is summed over rows, (dim) each: x_hat in units of 1 / kDirectionUnits and its fourth powers in units of
/// 1 / kQuarticUnits; or both nullptr, and nothing is summed.
struct DirectSums {
  std::int64_t* directions;
  std::int64_t* quartics;
};

/// What became of a row: its length, the sum of the fourth powers of x_hat, and which numbers of x_hat may be heavy.
struct DirectRow {
  double norm;
  float factor;  // row_factor() of it
  double quartic_sum;
  std::int32_t num_heavy;  // where it is 0 nothing is written to `heavy`
  std::uint64_t* heavy;    // ceil(dim / 64) words: bit i is set where x_hat_i^2 >= bound, to the precision of float32
};

/// So many rows share the way to the sums.
constexpr std::int64_t kDirectRows = 8;

/// Sums are of x_hat = row / |row|, (dim), of kDirectRows rows or of one, each of which begins a stride behind the one
/// before. False, with nothing done, where for one of them |row|^2 is not plain (kernels/row.h).
template <typename Number>
using PrepareDirect = bool (*)(const Number* row, std::int64_t row_stride, std::int64_t dim, double bound,
                               const DirectSums& sums, DirectRow* prepared);

template <typename Number>
struct DirectKernelsOf {
  PrepareDirect<Number> prepare_one;
  PrepareDirect<Number> prepare_some;
};

struct DirectKernels {
  std::tuple<DirectKernelsOf<float>, DirectKernelsOf<double>, DirectKernelsOf<BFloat16>, DirectKernelsOf<Half>> all;

  template <typename Number>
  const DirectKernelsOf<Number>& of() const {
    return std::get<DirectKernelsOf<Number>>(all);
  }
};

/// nullptr where the instruction set has no vectors.
const DirectKernels* direct_kernels(InstructionSet instruction_set);

}  // namespace srm::kernels
