#include "srm/basis.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "srm/error.h"

namespace srm {
namespace {

// Scaled by the largest entry, so that neither tiny nor huge vectors lose their length to underflow or overflow.
double length_of(std::span<const double> row) {
  double largest = 0;
  for (double value : row) largest = std::max(largest, std::abs(value));
  if (largest == 0) return 0;
  double sum = 0;
  for (double value : row) sum += (value / largest) * (value / largest);
  return largest * std::sqrt(sum);
}

}  // namespace

Basis Basis::standard(std::int64_t dim) {
  if (dim < 1) throw Error("basis", "a basis needs at least one dimension", fmt::format("{}", dim), "give dim >= 1");
  Basis basis;
  basis.name_ = "standard";
  basis.num_vectors_ = dim;
  basis.dim_ = dim;
  basis.is_standard_ = true;
  basis.vectors_.assign(static_cast<std::size_t>(dim * dim), 0.0);
  for (std::int64_t i = 0; i < dim; ++i) basis.vectors_[static_cast<std::size_t>(i * dim + i)] = 1.0;
  return basis;
}

Basis Basis::from_vectors(std::string name, std::int64_t num_vectors, std::int64_t dim, std::vector<double> vectors,
                          VectorLengths lengths) {
  const std::string where = fmt::format("basis {}", name);
  if (dim < 1 || num_vectors < 0 || static_cast<std::int64_t>(vectors.size()) != num_vectors * dim) {
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
    const double length = length_of(row);
    if (length == 0 && !kept) {
      throw Error(where, "no vector may be zero, since it has no direction", fmt::format("zeros in row {}", i),
                  "remove the row");
    }
    if (std::abs(length - 1) > 1e-6) basis.was_rescaled_ = !kept;
    // A row that is of unit length up to rounding stays as it is: a standard basis from a file is the standard basis.
    const bool is_unit = std::abs(length - 1) <= 4 * std::numeric_limits<double>::epsilon();
    if (kept) {
      basis.lengths_of_rows_[static_cast<std::size_t>(i)] = length;
      for (std::size_t k = 0; k < row.size(); ++k) {
        basis.unit_vectors_[static_cast<std::size_t>(i * dim) + k] = is_unit || length == 0 ? row[k] : row[k] / length;
      }
    } else if (!is_unit) {
      for (double& value : row) value /= length;
    }
  }
  return basis;
}

}  // namespace srm
