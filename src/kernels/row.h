#pragma once

#include <cstdint>

#include "srm/half_numbers.h"

namespace srm::kernels {

/// What a row turned out to be; see Note [Rows without a direction] in srm/accumulator.h.
/// kAtMean is a row that was centred and then had no direction left, since it equals the mean.
enum class RowKind : std::uint8_t { kDirection, kZeroNorm, kNonfinite, kAtMean };

/// Writes the unit vector of `row` minus `mean` (nullptr: nothing is taken off) to `direction`, both (dim), in float64.
/// What is written depends on the row alone: the order of every sum is fixed. With a mean, a row that is zero before it
/// is taken off is kZeroNorm and is not centred. `direction` of a row without one is all zeros.
template <typename Number>
RowKind normalise_row(const Number* row, std::int64_t dim, const double* mean, double* direction);

/// Sums over a row's numbers, each in its fixed order: |row|^2 in float64, and what |x_hat|_4^4 is made of,
/// quartics / quartic_squares^2. Both of these are float64 too, but of 16-bit numbers, see narrow_moments_of().
struct RowMoments {
  double squares;
  double quartics;
  double quartic_squares;
};
template <typename Number>
RowMoments moments_of(const Number* row, std::int64_t dim);
/// Whether float32 can hold the squares of such a row's numbers: its length is from 1e-12 to 1e12.
inline bool is_plain(double squares) { return squares >= 1e-24 && squares <= 1e24; }

/// Rows of 16-bit numbers are summed in float32, which holds each square exactly: number k of a chunk of kNarrowChunk
/// goes to lane narrow_lane(k), and after each kNarrowChunks chunks, and at the end, float64 takes over. So A4 of one
/// row is within 3e-6 of it, relatively, and 2^-30 is what is kept of it.
constexpr std::int64_t kNarrowChunk = 32;
constexpr std::int64_t kNarrowChunks = 16;
constexpr std::int64_t narrow_lane(const BFloat16* /*type*/, std::int64_t k) {
  return k % 2 * kNarrowChunk / 2 + k / 2;
}
constexpr std::int64_t narrow_lane(const Half* /*type*/, std::int64_t k) { return k; }
struct NarrowMoments {
  double squares;
  double quartics;
};
template <typename Number>
NarrowMoments narrow_moments_of(const Number* row, std::int64_t dim);
/// Whether float32 can hold fourth powers as well: the length is from 1e-8 to 1e8.
inline bool is_plain_narrow(double squares) { return squares >= 1e-16 && squares <= 1e16; }
/// Whether `Number` is summed so.
template <typename Number>
constexpr bool kIsNarrow = sizeof(Number) < sizeof(float);

template <typename Number>
bool has_plain(const RowMoments& moments) {
  return kIsNarrow<Number> ? is_plain_narrow(moments.quartic_squares) : is_plain(moments.squares);
}

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
