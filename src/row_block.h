#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/direct_row.h"
#include "kernels/kept_row.h"
#include "kernels/plane_arcs.h"
#include "kernels/row.h"
#include "prepared_rows.h"
#include "srm/basis.h"
#include "srm/scores.h"

namespace srm {

/// Some rows of an update, made ready: their lengths and heavy coordinates found; and what is summed over rows alone,
/// (dim) and (num_vectors), by thread. Different threads may prepare different rows at the same time.
/// Coordinates c = B x_hat are numbers(row) / norm(row), nearly numbers(row) * factor(row) / 2^7: the numbers are those
/// of the update itself where that can be (the standard basis without centring, by a vector kernel: the block is
/// direct), else what the block keeps.
class RowBlock {
 public:
  /// The coordinates of one row, (m), 2^7 times those as float32 numbers, and the indices i, ascending, of
  /// c_i^2 >= heavy_bounds[i].
  struct Coordinates {
    const double* values;
    const float* scaled;
    std::span<const std::int32_t> heavy;
  };

  /// `basis` and `mean`, (dim) or none, must outlive it; `heavy_bounds` is (num_vectors).
  RowBlock(const Basis& basis, std::span<const double> mean, std::vector<double> heavy_bounds, std::int64_t num_threads,
           bool has_sums, kernels::InstructionSet instruction_set);

  /// How many rows it holds: enough that starting threads is nothing, few enough to stay in cache where they are kept,
  /// and where not so many that most vectors are heavy in some.
  static std::int64_t capacity(const Basis& basis, bool is_direct);
  static bool can_be_direct(const Basis& basis, std::span<const double> mean);
  /// In double, which cannot overflow.
  static double bytes_needed(const Basis& basis, bool is_direct, std::int64_t num_threads);

  bool is_direct() const { return is_direct_; }
  std::int64_t capacity() const { return rows_.capacity(); }
  /// Makes the rows at `input`, (num_rows, dim), those at `first_index` and behind, below capacity(), and adds them to
  /// the sums of `thread`.
  template <typename Number>
  void prepare(const Number* input, std::int64_t row_stride, std::int64_t first_index, std::int64_t num_rows,
               std::int64_t thread);

  const PreparedRows& rows() const { return rows_; }
  /// Where the block is not direct: the coordinates of a row, (m), and of all.
  const double* kept(std::int64_t index) const { return coordinates_.data() + index * num_vectors_; }
  kernels::RowsOfNumbers kept_numbers() const { return {nullptr, coordinates_.data(), num_vectors_, rows_.factors()}; }
  /// Where it is direct: the numbers of all rows, those of the update.
  kernels::RowsOfNumbers numbers(const float* input, std::int64_t stride) const {
    return {input, nullptr, stride, rows_.factors()};
  }
  kernels::RowsOfNumbers numbers(const double* input, std::int64_t stride) const {
    return {nullptr, input, stride, rows_.factors()};
  }
  /// In float64 by the scalar kernels; good until `thread` prepares or asks again. `row` is as it was prepared.
  template <typename Number>
  Coordinates coordinates(const Number* row, std::int64_t index, std::int64_t thread);

  /// Writes direction_sum and quartic_by_vector of all rows that were ever prepared, or nothing without sums.
  void read_out(Scores& scores) const;
  /// The way back: adds what was read out of a block of the same settings.
  void resume(const Scores& scores);

 private:
  /// What one thread works on: a direction, (dim), where coordinates are not kept or not the direction itself, a list
  /// of heavy coordinates, and its sums.
  struct Worker {
    std::vector<double> direction;
    std::vector<float> scaled;
    std::vector<std::int32_t> heavy;
    std::vector<std::int64_t> direction_sum;
    std::vector<std::int64_t> quartic_by_vector;
    kernels::DirectSums sums() {
      if (direction_sum.empty()) return {nullptr, nullptr};
      return {direction_sum.data(), quartic_by_vector.data()};
    }
  };

  template <typename Number>
  bool prepare_direct(const Number* row, std::int64_t row_stride, std::int64_t index, std::int64_t num_rows,
                      std::int64_t thread);
  template <typename Number>
  bool prepare_kept(const Number* row, std::int64_t index, std::int64_t thread);
  template <typename Number>
  void prepare_by_twin(const Number* row, std::int64_t index, std::int64_t thread);
  template <typename Number>
  kernels::RowMoments direct_moments(const Number* row) const;
  template <typename Number>
  void scale(const Number* row, const double* coordinates, std::vector<float>& scaled) const;
  bool keeps_direction() const { return basis_.is_standard() && !is_direct(); }

  const Basis& basis_;
  std::span<const double> mean_;
  const kernels::DirectKernels* direct_;  // or nullptr, as the next
  const kernels::KeptKernels* kept_;
  bool is_direct_;
  bool has_sums_;
  std::int64_t num_vectors_;
  std::vector<double> heavy_bounds_;
  std::vector<double> columns_;      // (dim, m), the unit vectors transposed; none for the standard basis
  PreparedRows rows_;                // of norm 1 where coordinates are kept
  std::vector<double> coordinates_;  // (capacity, m); none where the block is direct
  std::vector<Worker> workers_;      // by thread
};

}  // namespace srm
