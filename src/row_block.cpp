#include "row_block.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "kernels/fixed_point.h"
#include "srm/half_numbers.h"

namespace srm {
namespace {

using kernels::RowKind;

constexpr double kMostDirectBits = 0x1p25;  // 4 MB of heavy bits
// What is known of more rows at once leaves the caches, and groups of so many rows gain nothing by growing.
constexpr double kMostRowsOfVector = 512;

std::vector<double> transposed(const Basis& basis) {
  const auto rows = static_cast<std::size_t>(basis.num_vectors());
  const auto columns = static_cast<std::size_t>(basis.dim());
  std::vector<double> result(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < columns; ++k) result[k * rows + i] = basis.unit_vectors()[i * columns + k];
  }
  return result;
}

// Adds numbers * factor / 128, which are x_hat or its coordinates.
void add_directions(const auto* numbers, float factor, std::vector<std::int64_t>& sum) {
  for (std::size_t k = 0; k < sum.size(); ++k) {
    sum[k] += kernels::direction_units(static_cast<float>(numbers[k]) * factor);
  }
}

void add_quartics(const auto* numbers, float factor, std::vector<std::int64_t>& sum) {
  for (std::size_t k = 0; k < sum.size(); ++k) {
    sum[k] += kernels::quartic_units(static_cast<float>(numbers[k]) * factor);
  }
}

std::int64_t to_fixed_quartic(double sum) { return kernels::fixed_point(sum, Scores::kQuarticScale); }

}  // namespace

RowBlock::RowBlock(const Basis& basis, std::span<const double> mean, std::vector<double> heavy_bounds,
                   std::int64_t num_threads, bool has_sums, kernels::InstructionSet instruction_set)
    : basis_(basis),
      mean_(mean),
      direct_(kernels::direct_kernels(instruction_set)),
      kept_(kernels::kept_kernels(instruction_set)),
      is_direct_(direct_ != nullptr && can_be_direct(basis, mean)),
      has_sums_(has_sums),
      num_vectors_(basis.num_vectors()),
      heavy_bounds_(std::move(heavy_bounds)),
      rows_(capacity(basis, is_direct_), num_vectors_) {
  if (!is_direct()) coordinates_.resize(static_cast<std::size_t>(rows_.capacity() * num_vectors_));
  if (!basis.is_standard()) columns_ = transposed(basis);
  workers_.resize(static_cast<std::size_t>(num_threads));
  for (Worker& worker : workers_) {
    if (!keeps_direction()) worker.direction.resize(static_cast<std::size_t>(basis.dim()));
    worker.scaled.resize(static_cast<std::size_t>(num_vectors_));
    worker.heavy.resize(static_cast<std::size_t>(num_vectors_));
    if (!has_sums) continue;
    worker.direction_sum.resize(static_cast<std::size_t>(basis.dim()));
    worker.quartic_by_vector.resize(static_cast<std::size_t>(num_vectors_));
  }
}

std::int64_t RowBlock::capacity(const Basis& basis, bool is_direct) {
  const auto m = static_cast<double>(std::max<std::int64_t>(basis.num_vectors(), 1));
  if (!is_direct) return static_cast<std::int64_t>(std::clamp(0x1p19 / m, 16.0, 4096.0));
  const double most = std::clamp(kMostRowsOfVector * m, 4096.0, 65536.0);
  return static_cast<std::int64_t>(std::clamp(kMostDirectBits / m, 16.0, most));
}

bool RowBlock::can_be_direct(const Basis& basis, std::span<const double> mean) {
  return basis.is_standard() && mean.empty();
}

double RowBlock::bytes_needed(const Basis& basis, bool is_direct, std::int64_t num_threads) {
  const auto m = static_cast<double>(basis.num_vectors());
  const auto n = static_cast<double>(basis.dim());
  const std::int64_t num_rows = capacity(basis, is_direct);
  const double kept = is_direct ? 0 : static_cast<double>(num_rows) * m * sizeof(double);
  const double block = kept + PreparedRows::bytes_needed(num_rows, basis.num_vectors());
  const double columns = basis.is_standard() ? 0 : m * n * sizeof(double);
  const double direction = basis.is_standard() && !is_direct ? 0 : n;
  const double worker =
      (direction + n + m) * sizeof(double) + m * (sizeof(std::int32_t) + sizeof(float)) + sizeof(Worker);
  return block + columns + static_cast<double>(num_threads) * worker + m * sizeof(double);
}

template <typename Number>
void RowBlock::prepare(const Number* input, std::int64_t row_stride, std::int64_t first_index, std::int64_t num_rows,
                       std::int64_t thread) {
  for (std::int64_t done = 0; done < num_rows;) {
    const Number* row = input + done * row_stride;
    const std::int64_t index = first_index + done;
    const std::int64_t most = num_rows - done >= kernels::kDirectRows ? kernels::kDirectRows : 1;
    if (prepare_direct(row, row_stride, index, most, thread)) {
      done += most;
      continue;
    }
    if (prepare_kept(row, index, thread)) {
      ++done;
      continue;
    }
    for (std::int64_t k = 0; k < most; ++k, ++done) {
      const bool is_done = most > 1 && prepare_direct(row + k * row_stride, row_stride, index + k, 1, thread);
      if (!is_done) prepare_by_twin(row + k * row_stride, index + k, thread);
    }
  }
}

template void RowBlock::prepare(const float*, std::int64_t, std::int64_t, std::int64_t, std::int64_t);
template void RowBlock::prepare(const double*, std::int64_t, std::int64_t, std::int64_t, std::int64_t);
template void RowBlock::prepare(const BFloat16*, std::int64_t, std::int64_t, std::int64_t, std::int64_t);
template void RowBlock::prepare(const Half*, std::int64_t, std::int64_t, std::int64_t, std::int64_t);

// One row, or kDirectRows of them; false, with nothing done, where the block is not direct or one of them is not plain.
template <typename Number>
bool RowBlock::prepare_direct(const Number* row, std::int64_t row_stride, std::int64_t index, std::int64_t num_rows,
                              std::int64_t thread) {
  if (!is_direct()) return false;
  Worker& worker = workers_[static_cast<std::size_t>(thread)];
  const kernels::DirectKernelsOf<Number>* kernels = &direct_->of<Number>();
  std::array<kernels::DirectRow, kernels::kDirectRows> direct;
  for (std::int64_t k = 0; k < num_rows; ++k) {
    direct[static_cast<std::size_t>(k)].heavy = rows_.heavy_words(index + k);
  }
  const double bound = heavy_bounds_.front();  // of orthonormal vectors all are the same
  const auto prepare = num_rows == 1 ? kernels->prepare_one : kernels->prepare_some;
  const kernels::DirectSums sums = worker.sums();
  if (!prepare(row, row_stride, basis_.dim(), bound, sums, direct.data())) return false;
  for (std::int64_t k = 0; k < num_rows; ++k) {
    const kernels::DirectRow& one = direct[static_cast<std::size_t>(k)];
    rows_.set(index + k, {RowKind::kDirection, true, one.num_heavy, to_fixed_quartic(one.quartic_sum)}, one.norm,
              one.factor);
  }
  return true;
}

// One row of a block that keeps coordinates; false, with nothing done, where it does not, or the row is not plain.
template <typename Number>
bool RowBlock::prepare_kept(const Number* row, std::int64_t index, std::int64_t thread) {
  if (is_direct() || kept_ == nullptr) return false;
  Worker& worker = workers_[static_cast<std::size_t>(thread)];
  double* kept = coordinates_.data() + index * num_vectors_;
  double* direction = basis_.is_standard() ? kept : worker.direction.data();
  const double* mean = mean_.empty() ? nullptr : mean_.data();
  if (!kept_->normalise<Number>()(row, basis_.dim(), mean, direction)) return false;
  if (!basis_.is_standard()) kept_->project(columns_.data(), num_vectors_, basis_.dim(), direction, kept);
  const kernels::DirectSums sums = worker.sums();
  if (has_sums_) kept_->add_direction(direction, basis_.dim(), sums.directions);
  const kernels::KeptRow known =
      kept_->prepare(kept, num_vectors_, heavy_bounds_.data(), sums.quartics, rows_.heavy_words(index));
  rows_.set(index, {RowKind::kDirection, true, known.num_heavy, to_fixed_quartic(known.quartic_sum)}, 1,
            kernels::row_factor(1));
  return true;
}

template <typename Number>
void RowBlock::prepare_by_twin(const Number* row, std::int64_t index, std::int64_t thread) {
  Worker& worker = workers_[static_cast<std::size_t>(thread)];
  double* kept = is_direct() ? worker.direction.data() : coordinates_.data() + index * num_vectors_;
  double* direction = basis_.is_standard() ? kept : worker.direction.data();
  const double* mean = mean_.empty() ? nullptr : mean_.data();
  PreparedRows::Row prepared = {kernels::normalise_row(row, basis_.dim(), mean, direction), false, 0, 0};
  if (!basis_.is_standard()) {
    const auto project = kept_ != nullptr ? kept_->project : kernels::project_row;
    project(columns_.data(), num_vectors_, basis_.dim(), direction, kept);
  }
  if (prepared.kind != RowKind::kDirection) return rows_.set(index, prepared);
  const kernels::RowMoments moments = direct_moments(row);
  if (kernels::has_plain<Number>(moments)) {
    const float factor = kernels::row_factor(std::sqrt(moments.squares));
    prepared.quartic = to_fixed_quartic(moments.quartics / (moments.quartic_squares * moments.quartic_squares));
    add_directions(row, factor, worker.direction_sum);
    add_quartics(row, factor, worker.quartic_by_vector);
  } else {
    const float factor = kernels::row_factor(1);
    prepared.quartic = to_fixed_quartic(kernels::quartic_sum(kept, num_vectors_));
    add_directions(direction, factor, worker.direction_sum);
    add_quartics(kept, factor, worker.quartic_by_vector);
  }
  if (is_direct()) return rows_.set(index, prepared);
  prepared.is_plain = true;
  std::uint64_t* bits = rows_.heavy_words(index);
  std::fill_n(bits, rows_.num_words(), std::uint64_t{0});
  for (std::int64_t i = 0; i < num_vectors_; ++i) {
    const bool is_heavy = kept[i] * kept[i] >= heavy_bounds_[static_cast<std::size_t>(i)];
    bits[i / 64] |= static_cast<std::uint64_t>(is_heavy) << (i % 64);
    prepared.num_heavy += is_heavy ? 1 : 0;
  }
  rows_.set(index, prepared, 1, kernels::row_factor(1));
}

// Those of a row whose numbers are its coordinates but for one factor; else such as are not plain.
template <typename Number>
kernels::RowMoments RowBlock::direct_moments(const Number* row) const {
  if (!can_be_direct(basis_, mean_)) return {0, 0, 0};
  return kernels::moments_of(row, basis_.dim());
}

// What columns hold of the same row.
template <typename Number>
void RowBlock::scale(const Number* row, const double* coordinates, std::vector<float>& scaled) const {
  const kernels::RowMoments moments = direct_moments(row);
  const bool is_direct_row = kernels::has_plain<Number>(moments);
  const float factor = kernels::row_factor(is_direct_row ? std::sqrt(moments.squares) : 1);
  for (std::size_t k = 0; k < scaled.size(); ++k) {
    scaled[k] = (is_direct_row ? static_cast<float>(row[k]) : static_cast<float>(coordinates[k])) * factor;
  }
}

template <typename Number>
RowBlock::Coordinates RowBlock::coordinates(const Number* row, std::int64_t index, std::int64_t thread) {
  Worker& worker = workers_[static_cast<std::size_t>(thread)];
  const double* values = coordinates_.data() + index * num_vectors_;
  if (is_direct()) {
    kernels::normalise_row(row, basis_.dim(), nullptr, worker.direction.data());
    values = worker.direction.data();
  }
  const std::int64_t num_heavy =
      kernels::heavy_coordinates(values, heavy_bounds_.data(), num_vectors_, worker.heavy.data());
  scale(row, values, worker.scaled);
  return {values, worker.scaled.data(), {worker.heavy.data(), static_cast<std::size_t>(num_heavy)}};
}

template RowBlock::Coordinates RowBlock::coordinates(const float*, std::int64_t, std::int64_t);
template RowBlock::Coordinates RowBlock::coordinates(const double*, std::int64_t, std::int64_t);
template RowBlock::Coordinates RowBlock::coordinates(const BFloat16*, std::int64_t, std::int64_t);
template RowBlock::Coordinates RowBlock::coordinates(const Half*, std::int64_t, std::int64_t);

void RowBlock::read_out(Scores& scores) const {
  const auto add_to = [](std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& values, std::int64_t unit) {
    sum.resize(values.size());
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += values[k] * unit;
  };
  for (const Worker& worker : workers_) {
    add_to(scores.direction_sum, worker.direction_sum, Scores::kDirectionScale / kernels::kDirectionUnits);
    add_to(scores.quartic_by_vector, worker.quartic_by_vector, Scores::kQuarticScale / kernels::kQuarticUnits);
  }
}

void RowBlock::resume(const Scores& scores) {
  const auto add_to = [](std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& values, std::int64_t unit) {
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += values[k] / unit;
  };
  Worker& worker = workers_.front();
  add_to(worker.direction_sum, scores.direction_sum, Scores::kDirectionScale / kernels::kDirectionUnits);
  add_to(worker.quartic_by_vector, scores.quartic_by_vector, Scores::kQuarticScale / kernels::kQuarticUnits);
}

}  // namespace srm
