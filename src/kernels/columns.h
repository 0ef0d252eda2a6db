// PRIVATE: columns of numbers out of rows, and which rows are long enough in the plane of two columns.
#pragma once

#include <cstdint>

#include "kernels/instruction_set.h"

namespace srm::kernels {

/// The most rows of one call, and how far behind their end arrays may be read and written (one vector).
constexpr std::int64_t kMostPoints = 1024;
constexpr std::int64_t kPadding = 64;

/// Rows of float32 or float64 numbers, one of the two; row r starts at r * stride.
struct RowsOfNumbers {
  const float* floats;
  const double* doubles;
  std::int64_t stride;
};

/// The kernels for one instruction set.
struct ColumnKernels {
  /// Writes columns first_column .. + num_columns of the rows `indices`, (num_rows), to `columns`, column c at
  /// c * column_stride; and to `rests`, where there are doubles, what float32 lost. Asks the memory for those from
  /// `next_column` on, if that is larger.
  void (*transpose)(const RowsOfNumbers& rows, const std::uint32_t* indices, std::int64_t num_rows,
                    std::int64_t first_column, std::int64_t num_columns, float* columns, float* rests,
                    std::int64_t column_stride, std::int64_t next_column);
  /// Writes the indices k, ascending, for which (u, v) may be as long as the threshold times the row: u = a_k and
  /// v = (b_k - cosine a_k) inverse_sine. Returns how many, at most num_points, itself at most kMostPoints.
  std::int64_t (*select)(const float* a, const float* b, const float* squared_norm, std::int64_t num_points,
                         float cosine, float inverse_sine, float squared_threshold, std::uint16_t* indices);
  /// A byte for each number: 255 (x / norm)^2 / threshold^2, rounded down, 255 where it is more.
  void (*make_bytes)(const float* numbers, const float* squared_norm, std::int64_t num_numbers,
                     float squared_threshold, std::uint8_t* bytes);
  /// select() of orthogonal pairs by bytes, which selects a few more; nullptr where it is slower.
  std::int64_t (*select_bytes)(const std::uint8_t* a, const std::uint8_t* b, std::int64_t num_points,
                               std::uint16_t* indices);
};

/// nullptr where the instruction set has no vectors.
const ColumnKernels* column_kernels(InstructionSet instruction_set);

}  // namespace srm::kernels
