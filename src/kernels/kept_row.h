// PRIVATE: rows whose coordinates are kept: centred ones and those of other bases. The scalar twin is kernels/row.h:
// whatever is written here is, bit for bit, what it and fixed_point.h give.
#pragma once

#include <cstdint>
#include <tuple>

#include "kernels/instruction_set.h"
#include "srm/half_numbers.h"

namespace srm::kernels {

/// What became of the coordinates of a row.
struct KeptRow {
  double quartic_sum;
  std::int32_t num_heavy;
};

/// As kernels::normalise_row; false, with nothing that counts done, for rows that are not plain or all zeros.
template <typename Number>
using Normalise = bool (*)(const Number* row, std::int64_t dim, const double* mean, double* direction);

/// Adds a direction, (dim), to such a sum.
using AddDirection = void (*)(const double* direction, std::int64_t dim, std::int64_t* sum);

/// Sums fourth powers of coordinates, (num_vectors), adds them to `quartics`, unless that is nullptr, and sets bit i of
/// `heavy` where c_i^2 >= bounds[i].
using PrepareKept = KeptRow (*)(const double* coordinates, std::int64_t num_vectors, const double* bounds,
                                std::int64_t* quartics, std::uint64_t* heavy);

/// As kernels::project_row, of all whose sums it keeps the order.
using ProjectRow = void (*)(const double* columns, std::int64_t num_vectors, std::int64_t dim, const double* direction,
                            double* coordinates);

struct KeptKernels {
  std::tuple<Normalise<float>, Normalise<double>, Normalise<BFloat16>, Normalise<Half>> normalise_all;
  ProjectRow project;
  AddDirection add_direction;
  PrepareKept prepare;

  template <typename Number>
  Normalise<Number> normalise() const {
    return std::get<Normalise<Number>>(normalise_all);
  }
};

/// nullptr where the instruction set has no vectors.
const KeptKernels* kept_kernels(InstructionSet instruction_set);

}  // namespace srm::kernels
