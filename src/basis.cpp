#include "srm/basis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "srm/error.h"

namespace srm {
namespace {

// The length of `row` divided by 2^exponent, the power of two above its largest entry: dividing by that rounds nothing,
// and neither tiny nor huge vectors lose their length to underflow or overflow.
double scaled_length(std::span<const double> row, int exponent) {
  double sum = 0;
  for (const double value : row) {
    const double scaled = std::ldexp(value, -exponent);
    sum += scaled * scaled;
  }
  return std::sqrt(sum);
}

int exponent_of(std::span<const double> row) {
  double largest = 0;
  for (const double value : row) largest = std::max(largest, std::abs(value));
  int exponent = 0;
  std::frexp(largest, &exponent);
  return exponent;
}

}  // namespace

const char* to_string(VectorLengths lengths) { return lengths == VectorLengths::kKept ? "kept" : "normalised"; }

Basis Basis::standard(std::int64_t dim) {
  if (dim < 1 || dim > std::numeric_limits<std::int32_t>::max()) {
    throw Error("basis", "a basis needs from 1 to 2147483647 dimensions", fmt::format("{}", dim), "give dim >= 1");
  }
  Basis basis;
  basis.name_ = "standard";
  basis.num_vectors_ = dim;
  basis.dim_ = dim;
  basis.is_standard_ = true;
  return basis;
}

Basis Basis::from_vectors(std::string name, std::int64_t num_vectors, std::int64_t dim, std::vector<double> vectors,
                          VectorLengths lengths) {
  const std::string where = fmt::format("basis {}", name);
  const auto num_numbers = static_cast<std::int64_t>(vectors.size());
  if (dim < 1 || num_vectors < 0 || num_numbers % dim != 0 || num_numbers / dim != num_vectors) {
    throw Error(where, "vectors must be (num_vectors, dim) numbers with dim >= 1",
                fmt::format("({}, {}) and {} numbers", num_vectors, dim, vectors.size()),
                "give one row for each basis vector");
  }
  Basis basis;
  basis.name_ = std::move(name);
  basis.num_vectors_ = num_vectors;
  basis.dim_ = dim;
  basis.lengths_ = lengths;
  basis.vectors_ = std::move(vectors);
  const bool kept = lengths == VectorLengths::kKept;
  if (kept) {
    basis.unit_vectors_.resize(basis.vectors_.size());
    basis.lengths_of_rows_.resize(static_cast<std::size_t>(num_vectors));
  }
  for (std::int64_t i = 0; i < num_vectors; ++i) {
    const std::span<double> row(basis.vectors_.data() + i * dim, static_cast<std::size_t>(dim));
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (!std::isfinite(row[k])) {
        throw Error(where, "every number must be finite", fmt::format("{} at row {}, column {}", row[k], i, k),
                    "remove the row or repair the file");
      }
    }
    const int exponent = exponent_of(row);
    const double scaled = scaled_length(row, exponent);
    const double length = std::ldexp(scaled, exponent);
    if (scaled == 0 && !kept) {
      throw Error(where, "no vector may be zero, since it has no direction", fmt::format("zeros in row {}", i),
                  "remove the row");
    }
    if (kept && !std::isfinite(length)) {
      throw Error(where, "every length must be finite", fmt::format("one above 1.8e308 in row {}", i),
                  "scale the vectors down");
    }
    if (std::abs(length - 1) > 1e-6) basis.was_rescaled_ = !kept;
    // A row that is of unit length up to rounding stays as it is: a standard basis from a file is the standard basis.
    const bool is_unit = std::abs(length - 1) <= 4 * std::numeric_limits<double>::epsilon();
    const std::span<double> unit =
        kept ? std::span(basis.unit_vectors_).subspan(static_cast<std::size_t>(i * dim), row.size()) : row;
    if (kept) basis.lengths_of_rows_[static_cast<std::size_t>(i)] = length;
    for (std::size_t k = 0; k < row.size(); ++k) {
      unit[k] = is_unit || scaled == 0 ? row[k] : std::ldexp(row[k], -exponent) / scaled;
    }
  }
  return basis;
}

std::vector<double> Basis::vectors() const {
  if (!is_standard_) return vectors_;
  std::vector<double> identity(static_cast<std::size_t>(dim_ * dim_), 0.0);
  for (std::int64_t i = 0; i < dim_; ++i) identity[static_cast<std::size_t>(i * dim_ + i)] = 1.0;
  return identity;
}

}  // namespace srm
