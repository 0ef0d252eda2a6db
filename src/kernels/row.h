#pragma once

#include <cstdint>

namespace srm::kernels {

/// What a row turned out to be; see Note [Rows without a direction] in srm/accumulator.h.
/// kAtMean is a row that was centred and then had no direction left, since it equals the mean.
enum class RowKind : std::uint8_t { kDirection, kZeroNorm, kNonfinite, kAtMean };

/// Writes the unit vector of `row` minus `mean` (nullptr: nothing is taken off) to `direction`, both (dim), in float64.
/// What is written depends on the row alone: the order of every sum is fixed. With a mean, a row that is zero before it
/// is taken off is kZeroNorm and is not centred. `direction` of a row without one is all zeros.
template <typename Number>
RowKind normalise_row(const Number* row, std::int64_t dim, const double* mean, double* direction);

/// Sums over a row's numbers in float64: of squares and of fourth powers, each in its fixed order.
struct RowMoments {
  double squares;
  double quartics;
};
template <typename Number>
RowMoments moments_of(const Number* row, std::int64_t dim);
/// Whether float32 can hold the squares of such a row's numbers: its length is from 1e-12 to 1e12.
inline bool is_plain(const RowMoments& moments) { return moments.squares >= 1e-24 && moments.squares <= 1e24; }

/// |row - mean|^2 in float64, in a fixed order; infinite or zero where that is beyond float64, NaN for a row with NaN.
template <typename Number>
double squared_length(const Number* row, std::int64_t dim, const double* mean);

/// c = U x_hat for unit vectors stored by column, `columns` being U transposed, (dim, num_vectors); c is (num_vectors).
void project_row(const double* columns, std::int64_t num_vectors, std::int64_t dim, const double* direction,
                 double* coordinates);

/// The sum of the fourth powers of c, (size), in a fixed order.
double quartic_sum(const double* coordinates, std::int64_t size);

/// Writes to `heavy` the indices i, ascending, of all c_i^2 >= bounds[i]; returns how many there are.
std::int64_t heavy_coordinates(const double* coordinates, const double* bounds, std::int64_t size, std::int32_t* heavy);

}  // namespace srm::kernels
