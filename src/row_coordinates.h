#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/row.h"
#include "srm/basis.h"

namespace srm {

/// The coordinates c_i = x_hat . b_i / |b_i| of rows along chosen vectors of a basis, row by row in float64: what comes
/// out depends on the row alone. O(dim num_vectors) a row, of the standard basis O(dim). Not thread-safe.
class RowCoordinates {
 public:
  /// `vectors` say which of the basis, none below 0 or beyond it; `mean` is (dim), or empty for no centring: throws
  /// srm::Error naming `where` otherwise, and for a mean that is not finite.
  RowCoordinates(const Basis& basis, std::vector<std::int64_t> vectors, std::vector<double> mean,
                 std::string_view where);

  static double bytes_needed(const Basis& basis, double num_vectors);

  /// Writes c, (num_vectors), zeros where the row has no direction; what the row is.
  template <typename Number>
  kernels::RowKind operator()(const Number* row, double* coordinates);
  /// |x|^2, or |x - mean|^2; see kernels::squared_length.
  template <typename Number>
  double squared_length(const Number* row) const {
    return kernels::squared_length(row, static_cast<std::int64_t>(direction_.size()), mean());
  }
  bool is_centred() const { return !mean_.empty(); }

 private:
  const double* mean() const { return mean_.empty() ? nullptr : mean_.data(); }

  std::vector<std::int64_t> vectors_;
  std::vector<double> mean_;
  std::vector<double> columns_;    // (dim, num_vectors), the unit vectors transposed; none for the standard basis
  std::vector<double> direction_;  // (dim), of the row at hand
};

}  // namespace srm
