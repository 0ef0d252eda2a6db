// PRIVATE: columns of numbers out of rows, and which rows are long enough in the plane of two columns.
#pragma once

#include <cstdint>

#include "kernels/instruction_set.h"

namespace srm::kernels {

/// The most rows of one call of select(), the most points of other calls, and how far behind their end arrays may be
/// read and written (one vector).
constexpr std::int64_t kMostRows = 4096;
constexpr std::int64_t kMostPoints = 1024;
constexpr std::int64_t kPadding = 64;

/// Rows of float32 or float64 numbers, one of the two; row r starts at r * stride. factors[r] times its numbers are 2^7
/// times its coordinates.
struct RowsOfNumbers {
  const float* floats;
  const double* doubles;
  std::int64_t stride;
  const float* factors;
};

/// The kernels for one instruction set. Columns are of 2^7 times the coordinates of rows, as float32.
struct ColumnKernels {
  /// Writes columns first_column .. + num_columns of the rows `indices`, (num_rows), to `columns`, column c at
  /// c * column_stride. Asks the memory for those from `next_column` on, if that is larger.
  void (*transpose)(const RowsOfNumbers& rows, const std::uint32_t* indices, std::int64_t num_rows,
                    std::int64_t first_column, std::int64_t num_columns, float* columns, std::int64_t column_stride,
                    std::int64_t next_column);
  /// Writes the indices k, ascending, for which u^2 + v^2 may be as large as `squared_threshold`: u = a_k and
  /// v = (b_k - cosine a_k) inverse_sine. Returns how many, at most num_points, itself at most kMostRows.
  std::int64_t (*select)(const float* a, const float* b, std::int64_t num_points, float cosine, float inverse_sine,
                         float squared_threshold, std::uint16_t* indices);
  /// A byte for each number: 255 x^2 / squared_threshold, rounded down, 255 where it is more.
  void (*make_bytes)(const float* numbers, std::int64_t num_numbers, float squared_threshold, std::uint8_t* bytes);
  /// select() of orthogonal pairs by bytes, which selects a few more; nullptr where it is slower.
  std::int64_t (*select_bytes)(const std::uint8_t* a, const std::uint8_t* b, std::int64_t num_points,
                               std::uint16_t* indices);
};

/// nullptr where the instruction set has no vectors.
const ColumnKernels* column_kernels(InstructionSet instruction_set);

}  // namespace srm::kernels
