#include "srm/row_mean.h"

#include <algorithm>
#include <cmath>

namespace srm {

RowMean::RowMean(std::int64_t dim) : sum_(static_cast<std::size_t>(dim), 0.0), lost_(sum_) {}

template <typename Number>
void RowMean::add_rows(const Number* rows, std::int64_t num_samples, std::int64_t row_stride) {
  for (std::int64_t s = 0; s < num_samples; ++s) {
    const Number* row = rows + s * row_stride;
    const bool finite = std::all_of(row, row + dim(), [](Number x) { return std::isfinite(x); });
    const bool zero = std::all_of(row, row + dim(), [](Number x) { return x == 0; });
    if (!finite || zero) continue;
    ++num_rows_;
    for (std::size_t k = 0; k < sum_.size(); ++k) {
      const double value = static_cast<double>(row[k]);
      const double total = sum_[k] + value;
      lost_[k] += std::abs(sum_[k]) >= std::abs(value) ? (sum_[k] - total) + value : (value - total) + sum_[k];
      sum_[k] = total;
    }
  }
}

void RowMean::update(const float* rows, std::int64_t num_samples, std::int64_t row_stride) {
  add_rows(rows, num_samples, row_stride);
}

void RowMean::update(const double* rows, std::int64_t num_samples, std::int64_t row_stride) {
  add_rows(rows, num_samples, row_stride);
}

std::vector<double> RowMean::mean() const {
  std::vector<double> mean(sum_.size(), 0.0);
  for (std::size_t k = 0; k < mean.size() && num_rows_ > 0; ++k) {
    mean[k] = (sum_[k] + lost_[k]) / static_cast<double>(num_rows_);
  }
  return mean;
}

}  // namespace srm
