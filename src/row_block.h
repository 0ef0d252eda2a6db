#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/row.h"
#include "srm/basis.h"
#include "srm/scores.h"

namespace srm {

/// Some rows of an update, made ready: normalised, projected, their heavy coordinates found; and what is summed over
/// rows alone, (dim) and (num_vectors), by thread. Different threads may prepare different rows at the same time.
class RowBlock {
 public:
  /// What a row is, how many of its coordinates are heavy, |B x_hat|_4^4 times Scores::kQuarticScale.
  struct Row {
    kernels::RowKind kind;
    std::int64_t num_heavy;
    std::int64_t quartic;
  };

  /// `basis` and `mean`, (dim) or none, must outlive it; `heavy_bounds` is (num_vectors).
  RowBlock(const Basis& basis, std::span<const double> mean, std::vector<double> heavy_bounds,
           std::int64_t num_threads);

  /// How many rows it holds: enough that starting threads is nothing, few enough to stay in cache.
  static std::int64_t capacity(std::int64_t num_vectors);
  /// In double, which cannot overflow.
  static double bytes_needed(const Basis& basis, std::int64_t num_threads);

  std::int64_t capacity() const { return static_cast<std::int64_t>(rows_.size()); }
  /// Makes `row`, (dim), the row at `index`, 0 <= index < capacity(), and adds it to the sums of `thread`.
  template <typename Number>
  void prepare(const Number* row, std::int64_t index, std::int64_t thread);

  const Row& row(std::int64_t index) const { return rows_[static_cast<std::size_t>(index)]; }
  /// c = B x_hat, (num_vectors).
  const double* coordinates(std::int64_t index) const { return coordinates_.data() + index * num_vectors_; }
  /// The indices i, ascending, of the coordinates with c_i^2 >= heavy_bounds[i].
  std::span<const std::int32_t> heavy(std::int64_t index) const {
    return {heavy_.data() + index * num_vectors_, static_cast<std::size_t>(row(index).num_heavy)};
  }

  /// Writes direction_sum and quartic_by_vector of all rows that were ever prepared.
  void read_out(Scores& scores) const;

 private:
  /// What one thread works on: a direction, (dim), where coordinates are not the direction itself, and its sums.
  struct Worker {
    std::vector<double> direction;
    std::vector<std::int64_t> direction_sum;
    std::vector<std::int64_t> quartic_by_vector;
  };

  const Basis& basis_;
  std::span<const double> mean_;
  std::int64_t num_vectors_;
  std::vector<double> heavy_bounds_;
  std::vector<double> columns_;  // (dim, m), the unit vectors transposed; none for the standard basis
  std::vector<Row> rows_;
  std::vector<double> coordinates_;  // (capacity, m)
  std::vector<std::int32_t> heavy_;  // (capacity, m)
  std::vector<Worker> workers_;      // by thread
};

}  // namespace srm
