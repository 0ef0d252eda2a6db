#include "srm/row_reservoir.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "kernels/random_rank.h"
#include "srm/error.h"

namespace srm {
namespace {

template <typename Number>
bool has_direction(const Number* row, std::int64_t dim) {
  return std::all_of(row, row + dim, [](Number x) { return std::isfinite(x); }) &&
         std::any_of(row, row + dim, [](Number x) { return x != 0; });
}

}  // namespace

RowReservoir::RowReservoir(std::int64_t dim, std::int64_t capacity, std::uint64_t seed)
    : dim_(dim), capacity_(capacity), seed_(seed) {
  if (dim < 1 || capacity < 1) {
    throw Error("row_reservoir", "dim and capacity must be at least 1", fmt::format("{} and {}", dim, capacity),
                "keep at least one row of at least one number");
  }
}

std::int64_t RowReservoir::bytes_needed(std::int64_t dim, std::int64_t capacity) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t bytes_per_row = 0;
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(dim, static_cast<std::int64_t>(sizeof(double)), &bytes_per_row)) return kMost;
  if (__builtin_add_overflow(bytes_per_row, static_cast<std::int64_t>(sizeof(Kept)), &bytes_per_row)) return kMost;
  // While it grows, old and new memory are there at once.
  if (__builtin_mul_overflow(bytes_per_row, capacity, &bytes) || bytes > kMost / 2) return kMost;
  return 2 * bytes;
}

bool RowReservoir::is_lower(const Kept& a, const Kept& b) { return a.rank < b.rank; }

// One more row of values_, in steps that never go beyond the capacity.
void RowReservoir::grow() {
  const auto reserve = [&](auto& vector, std::int64_t size_of_row) {
    if (vector.size() < vector.capacity()) return;
    const std::int64_t doubled = std::max<std::int64_t>(2 * num_rows(), 16);
    vector.reserve(static_cast<std::size_t>(std::min(doubled, capacity_) * size_of_row));
  };
  reserve(kept_, 1);
  reserve(values_, dim_);
  values_.resize(values_.size() + static_cast<std::size_t>(dim_));
}

template <typename Number>
void RowReservoir::offer(const Number* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                         std::span<const std::int64_t> blocks) {
  if (dim != dim_) {
    throw Error("row_reservoir.update", fmt::format("rows must have {} numbers", dim_), fmt::format("{}", dim),
                "make a reservoir for each layer");
  }
  if (!blocks.empty() && static_cast<std::int64_t>(blocks.size()) != num_samples) {
    throw Error("row_reservoir.update", "blocks must have a number for every row",
                fmt::format("{} for {} rows", blocks.size(), num_samples), "leave it out or give (num_samples)");
  }
  for (std::int64_t s = 0; s < num_samples; ++s) {
    const std::int64_t row_number = num_rows_offered_++;
    const bool is_full = num_rows() == capacity_;
    const std::uint64_t rank = kernels::random_rank(seed_, row_number);
    if (is_full && rank > kept_.front().rank) continue;
    const Number* row = rows + s * row_stride;
    if (!has_direction(row, dim)) continue;
    std::int64_t slot = num_rows();
    if (is_full) {
      std::pop_heap(kept_.begin(), kept_.end(), is_lower);
      slot = kept_.back().slot;
      kept_.pop_back();
    } else {
      grow();
    }
    std::copy_n(row, dim, values_.begin() + slot * dim);
    kept_.push_back({rank, row_number, blocks.empty() ? row_number : blocks[static_cast<std::size_t>(s)], slot});
    std::push_heap(kept_.begin(), kept_.end(), is_lower);
  }
}

void RowReservoir::update(const float* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                          std::span<const std::int64_t> blocks) {
  offer(rows, num_samples, dim, row_stride, blocks);
}

void RowReservoir::update(const double* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                          std::span<const std::int64_t> blocks) {
  offer(rows, num_samples, dim, row_stride, blocks);
}

void RowReservoir::resume(const State& earlier) {
  const std::size_t num_kept = earlier.row_numbers.size();
  const std::vector<std::int64_t>& numbers = earlier.row_numbers;
  const bool fits = num_kept <= static_cast<std::size_t>(capacity_) && earlier.blocks.size() == num_kept &&
                    earlier.rows.size() == num_kept * static_cast<std::size_t>(dim_);
  const bool is_ascending = std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) == numbers.end();
  const bool is_within = numbers.empty() || (numbers.front() >= 0 && numbers.back() < earlier.num_rows_offered);
  if (!fits || !is_ascending || !is_within || earlier.num_rows_offered < 0) {
    throw Error("row_reservoir.resume", "rows, blocks and ascending row numbers must be as many, within the capacity",
                fmt::format("{} of {} rows", num_kept, earlier.num_rows_offered), "it is damaged; begin anew");
  }
  num_rows_offered_ = earlier.num_rows_offered;
  values_ = earlier.rows;
  kept_.clear();
  for (std::size_t k = 0; k < num_kept; ++k) {
    const auto slot = static_cast<std::int64_t>(k);
    kept_.push_back({kernels::random_rank(seed_, numbers[k]), numbers[k], earlier.blocks[k], slot});
  }
  std::make_heap(kept_.begin(), kept_.end(), is_lower);
}

std::vector<RowReservoir::Kept> RowReservoir::in_stream_order() const {
  std::vector<Kept> ordered = kept_;
  std::sort(ordered.begin(), ordered.end(), [](const Kept& a, const Kept& b) { return a.row_number < b.row_number; });
  return ordered;
}

std::vector<double> RowReservoir::rows() const {
  std::vector<double> rows;
  rows.reserve(values_.size());
  for (const Kept& kept : in_stream_order()) {
    const auto row = values_.begin() + kept.slot * dim_;
    rows.insert(rows.end(), row, row + dim_);
  }
  return rows;
}

std::vector<std::int64_t> RowReservoir::blocks() const {
  std::vector<std::int64_t> blocks;
  for (const Kept& kept : in_stream_order()) blocks.push_back(kept.block);
  return blocks;
}

std::vector<std::int64_t> RowReservoir::row_numbers() const {
  std::vector<std::int64_t> numbers;
  for (const Kept& kept : in_stream_order()) numbers.push_back(kept.row_number);
  return numbers;
}

}  // namespace srm
