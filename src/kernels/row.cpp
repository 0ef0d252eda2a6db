#include "kernels/row.h"

#include <algorithm>
#include <cmath>

#include "srm/half_numbers.h"

namespace srm::kernels {
namespace {

constexpr int kLanes = 8;

double sum_of_tree(const double* lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

// Eight running sums, then a fixed tree: as fast as the vector units allow, and the same on every instruction set.
template <typename Term>
double sum_in_lanes(std::int64_t size, Term term) {
  double lanes[kLanes] = {};
  std::int64_t k = 0;
  for (; k + kLanes <= size; k += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) lanes[lane] += term(k + lane);
  }
  for (int lane = 0; k < size; ++k, ++lane) lanes[lane] += term(k);
  return sum_of_tree(lanes);
}

double sum_of_squares(const double* values, std::int64_t size) {
  return sum_in_lanes(size, [values](std::int64_t k) { return values[k] * values[k]; });
}

// Between these a sum of squares is neither overflow nor has it lost digits to underflow.
constexpr double kSafeLow = 1e-250;
constexpr double kSafeHigh = 1e250;

RowKind without_direction(RowKind kind, std::int64_t dim, double* direction) {
  std::fill_n(direction, dim, 0.0);
  return kind;
}

}  // namespace

template <typename Number>
RowKind normalise_row(const Number* row, std::int64_t dim, const double* mean, double* direction) {
  bool is_zero = true;
  for (std::int64_t k = 0; k < dim; ++k) {
    const double value = static_cast<double>(row[k]);
    is_zero &= value == 0;
    direction[k] = value;
  }
  if (is_zero) return without_direction(RowKind::kZeroNorm, dim, direction);
  if (mean != nullptr) {
    for (std::int64_t k = 0; k < dim; ++k) {
      if (!std::isfinite(direction[k])) return without_direction(RowKind::kNonfinite, dim, direction);
    }
    for (std::int64_t k = 0; k < dim; ++k) direction[k] -= mean[k];
  }
  double squares = sum_of_squares(direction, dim);
  if (!(squares > kSafeLow && squares < kSafeHigh)) {
    double largest = 0;
    for (std::int64_t k = 0; k < dim; ++k) {
      if (!std::isfinite(direction[k])) return without_direction(RowKind::kNonfinite, dim, direction);
      largest = std::max(largest, std::abs(direction[k]));
    }
    if (largest == 0) return without_direction(RowKind::kAtMean, dim, direction);
    // A power of two, which rounds nothing; by ldexp, since the inverse of a subnormal number would be infinite.
    int exponent = 0;
    std::frexp(largest, &exponent);
    for (std::int64_t k = 0; k < dim; ++k) direction[k] = std::ldexp(direction[k], -exponent);
    squares = sum_of_squares(direction, dim);
  }
  const double norm = std::sqrt(squares);
  for (std::int64_t k = 0; k < dim; ++k) direction[k] /= norm;
  return RowKind::kDirection;
}

template RowKind normalise_row(const float*, std::int64_t, const double*, double*);
template RowKind normalise_row(const double*, std::int64_t, const double*, double*);
template RowKind normalise_row(const BFloat16*, std::int64_t, const double*, double*);
template RowKind normalise_row(const Half*, std::int64_t, const double*, double*);

template <typename Number>
NarrowMoments narrow_moments_of(const Number* row, std::int64_t dim) {
  constexpr std::int64_t kFolded = kNarrowChunk / 2;
  float lanes[2][kNarrowChunk] = {};
  double folded[2][kFolded] = {};
  for (std::int64_t k = 0; k < dim; ++k) {
    const std::int64_t lane = narrow_lane(row, k % kNarrowChunk);
    const auto number = static_cast<float>(row[k]);
    const float square = number * number;
    lanes[0][lane] += square;
    lanes[1][lane] += square * square;
    if (k + 1 != dim && (k + 1) % (kNarrowChunk * kNarrowChunks) != 0) continue;
    for (int power = 0; power < 2; ++power) {
      for (std::int64_t i = 0; i < kFolded; ++i) {
        folded[power][i] += static_cast<double>(lanes[power][i] + lanes[power][i + kFolded]);
      }
      std::fill_n(lanes[power], kNarrowChunk, 0.0F);
    }
  }
  const auto total = [](double* sums) {
    for (int i = 0; i < kLanes; ++i) sums[i] += sums[i + kLanes];
    return sum_of_tree(sums);
  };
  return {total(folded[0]), total(folded[1])};
}

template <typename Number>
RowMoments moments_of(const Number* row, std::int64_t dim) {
  const auto square = [row](std::int64_t k) {
    const double value = static_cast<double>(row[k]);
    return value * value;
  };
  const double squares = sum_in_lanes(dim, square);
  if constexpr (kIsNarrow<Number>) {
    const NarrowMoments narrow = narrow_moments_of(row, dim);
    return {squares, narrow.quartics, narrow.squares};
  } else {
    return {squares, sum_in_lanes(dim, [&](std::int64_t k) { return square(k) * square(k); }), squares};
  }
}

template RowMoments moments_of(const float*, std::int64_t);
template RowMoments moments_of(const double*, std::int64_t);
template RowMoments moments_of(const BFloat16*, std::int64_t);
template RowMoments moments_of(const Half*, std::int64_t);

template <typename Number>
double squared_length(const Number* row, std::int64_t dim, const double* mean) {
  return sum_in_lanes(dim, [row, mean](std::int64_t k) {
    const double value = static_cast<double>(row[k]) - (mean == nullptr ? 0.0 : mean[k]);
    return value * value;
  });
}

template double squared_length(const float*, std::int64_t, const double*);
template double squared_length(const double*, std::int64_t, const double*);

void project_row(const double* columns, std::int64_t num_vectors, std::int64_t dim, const double* direction,
                 double* coordinates) {
  std::fill_n(coordinates, num_vectors, 0.0);
  for (std::int64_t k = 0; k < dim; ++k) {
    const double* column = columns + k * num_vectors;
    for (std::int64_t i = 0; i < num_vectors; ++i) coordinates[i] += column[i] * direction[k];
  }
}

double quartic_sum(const double* coordinates, std::int64_t size) {
  return sum_in_lanes(size, [coordinates](std::int64_t k) {
    const double square = coordinates[k] * coordinates[k];
    return square * square;
  });
}

std::int64_t heavy_coordinates(const double* coordinates, const double* bounds, std::int64_t size,
                               std::int32_t* heavy) {
  std::int64_t num_heavy = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    heavy[num_heavy] = static_cast<std::int32_t>(i);
    num_heavy += coordinates[i] * coordinates[i] >= bounds[i] ? 1 : 0;
  }
  return num_heavy;
}

}  // namespace srm::kernels
