#include "row_coordinates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "srm/error.h"

namespace srm {

RowCoordinates::RowCoordinates(const Basis& basis, std::vector<std::int64_t> vectors, std::vector<double> mean,
                               std::string_view where)
    : vectors_(std::move(vectors)), mean_(std::move(mean)), direction_(static_cast<std::size_t>(basis.dim())) {
  if (!mean_.empty() && mean_.size() != direction_.size()) {
    throw Error(where, fmt::format("the mean must have {} numbers, one a dimension", basis.dim()),
                fmt::format("{}", mean_.size()), "take the mean of the same layer");
  }
  if (!std::all_of(mean_.begin(), mean_.end(), [](double x) { return std::isfinite(x); })) {
    throw Error(where, "the mean must be finite", "NaN or an infinity", "leave non-finite rows out of it");
  }
  if (basis.is_standard()) return;
  columns_.resize(direction_.size() * vectors_.size());
  for (std::size_t v = 0; v < vectors_.size(); ++v) {
    const auto first = static_cast<std::size_t>(vectors_[v]) * direction_.size();
    for (std::size_t k = 0; k < direction_.size(); ++k) {
      columns_[k * vectors_.size() + v] = basis.unit_vectors()[first + k];
    }
  }
}

double RowCoordinates::bytes_needed(const Basis& basis, double num_vectors) {
  const auto dim = static_cast<double>(basis.dim());
  const double columns = basis.is_standard() ? 0 : dim * num_vectors;
  return sizeof(double) * (columns + 2 * dim) + sizeof(std::int64_t) * num_vectors;
}

template <typename Number>
kernels::RowKind RowCoordinates::operator()(const Number* row, double* coordinates) {
  const auto dim = static_cast<std::int64_t>(direction_.size());
  const kernels::RowKind kind = kernels::normalise_row(row, dim, mean(), direction_.data());
  if (columns_.empty()) {
    for (std::size_t v = 0; v < vectors_.size(); ++v) {
      coordinates[v] = direction_[static_cast<std::size_t>(vectors_[v])];
    }
  } else {
    kernels::project_row(columns_.data(), static_cast<std::int64_t>(vectors_.size()), dim, direction_.data(),
                         coordinates);
  }
  return kind;
}

template kernels::RowKind RowCoordinates::operator()(const float*, double*);
template kernels::RowKind RowCoordinates::operator()(const double*, double*);

}  // namespace srm
