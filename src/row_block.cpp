#include "row_block.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/fixed_point.h"

namespace srm {
namespace {

using kernels::RowKind;

std::vector<double> transposed(const Basis& basis) {
  const auto rows = static_cast<std::size_t>(basis.num_vectors());
  const auto columns = static_cast<std::size_t>(basis.dim());
  std::vector<double> result(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < columns; ++k) result[k * rows + i] = basis.unit_vectors()[i * columns + k];
  }
  return result;
}

void add_directions(const double* direction, std::vector<std::int64_t>& sum) {
  for (std::size_t k = 0; k < sum.size(); ++k) {
    sum[k] += kernels::fixed_point(direction[k], Scores::kDirectionScale);
  }
}

void add_quartics(const double* coordinates, std::vector<std::int64_t>& sum) {
  for (std::size_t k = 0; k < sum.size(); ++k) {
    const double square = coordinates[k] * coordinates[k];
    sum[k] += kernels::fixed_point(square * square, Scores::kQuarticScale);
  }
}

}  // namespace

RowBlock::RowBlock(const Basis& basis, std::span<const double> mean, std::vector<double> heavy_bounds,
                   std::int64_t num_threads)
    : basis_(basis), mean_(mean), num_vectors_(basis.num_vectors()), heavy_bounds_(std::move(heavy_bounds)) {
  rows_.resize(static_cast<std::size_t>(capacity(num_vectors_)));
  coordinates_.resize(rows_.size() * static_cast<std::size_t>(num_vectors_));
  heavy_.resize(coordinates_.size());
  if (!basis.is_standard()) columns_ = transposed(basis);
  workers_.resize(static_cast<std::size_t>(num_threads));
  for (Worker& worker : workers_) {
    if (!basis.is_standard()) worker.direction.resize(static_cast<std::size_t>(basis.dim()));
    worker.direction_sum.resize(static_cast<std::size_t>(basis.dim()));
    worker.quartic_by_vector.resize(static_cast<std::size_t>(num_vectors_));
  }
}

std::int64_t RowBlock::capacity(std::int64_t num_vectors) {
  return std::clamp<std::int64_t>((std::int64_t{1} << 19) / std::max<std::int64_t>(num_vectors, 1), 16, 1024);
}

double RowBlock::bytes_needed(const Basis& basis, std::int64_t num_threads) {
  const auto m = static_cast<double>(basis.num_vectors());
  const auto n = static_cast<double>(basis.dim());
  const auto num_rows = static_cast<double>(capacity(basis.num_vectors()));
  const double block = num_rows * (m * (sizeof(double) + sizeof(std::int32_t)) + sizeof(Row));
  const double columns = basis.is_standard() ? 0 : m * n * sizeof(double);
  const double worker = (basis.is_standard() ? n + m : 2 * n + m) * sizeof(double) + sizeof(Worker);
  return block + columns + static_cast<double>(num_threads) * worker + m * sizeof(double);
}

template <typename Number>
void RowBlock::prepare(const Number* row, std::int64_t index, std::int64_t thread) {
  Worker& worker = workers_[static_cast<std::size_t>(thread)];
  const double* mean = mean_.empty() ? nullptr : mean_.data();
  double* c = coordinates_.data() + index * num_vectors_;
  double* direction = basis_.is_standard() ? c : worker.direction.data();
  Row& prepared = rows_[static_cast<std::size_t>(index)];
  prepared = {kernels::normalise_row(row, basis_.dim(), mean, direction), 0, 0};
  if (!basis_.is_standard()) kernels::project_row(columns_.data(), num_vectors_, basis_.dim(), direction, c);
  if (prepared.kind != RowKind::kDirection) return;
  prepared.quartic = std::llround(kernels::quartic_sum(c, num_vectors_) * static_cast<double>(Scores::kQuarticScale));
  prepared.num_heavy =
      kernels::heavy_coordinates(c, heavy_bounds_.data(), num_vectors_, heavy_.data() + index * num_vectors_);
  add_directions(direction, worker.direction_sum);
  add_quartics(c, worker.quartic_by_vector);
}

template void RowBlock::prepare(const float*, std::int64_t, std::int64_t);
template void RowBlock::prepare(const double*, std::int64_t, std::int64_t);

void RowBlock::read_out(Scores& scores) const {
  const auto add_to = [](std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& values) {
    sum.resize(values.size());
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += values[k];
  };
  for (const Worker& worker : workers_) {
    add_to(scores.direction_sum, worker.direction_sum);
    add_to(scores.quartic_by_vector, worker.quartic_by_vector);
  }
}

}  // namespace srm
