#pragma once

#include <cstdint>
#include <vector>

namespace srm {

/// The mean of all finite non-zero rows, for centring: the first of two passes over the data. Sums are compensated and
/// taken row by row, so that how rows are cut into calls changes nothing. Not thread-safe.
class RowMean {
 public:
  /// Of no rows yet, which will have `dim` numbers, 1 or more.
  explicit RowMean(std::int64_t dim);

  /// Adds `num_samples` rows of dim() numbers, row-major; row k starts at rows + k * row_stride.
  void update(const float* rows, std::int64_t num_samples, std::int64_t row_stride);
  /// The same for rows of float64.
  void update(const double* rows, std::int64_t num_samples, std::int64_t row_stride);

  /// How many numbers a row has.
  std::int64_t dim() const { return static_cast<std::int64_t>(sum_.size()); }
  /// How many rows are in the mean.
  std::int64_t num_rows() const { return num_rows_; }
  /// (dim); zeros while there are no rows.
  std::vector<double> mean() const;

 private:
  template <typename Number>
  void add_rows(const Number* rows, std::int64_t num_samples, std::int64_t row_stride);

  std::int64_t num_rows_ = 0;
  std::vector<double> sum_;
  std::vector<double> lost_;  // what rounding took from the sum so far
};

}  // namespace srm
