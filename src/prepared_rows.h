#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/row.h"

namespace srm {

/// What is known of rows before planes are looked at: what each is, its length and which of its coordinates are heavy.
/// Coordinates c = B x_hat are numbers / norm, nearly numbers * factor / 2^7, of whatever numbers belong to the row.
class PreparedRows {
 public:
  /// What a row is, and |B x_hat|_4^4 times Scores::kQuarticScale. A plain row has a direction and a norm from 1e-12
  /// to 1e12, so that float32 can hold squares of its numbers; only such a row has a norm and heavy coordinates.
  struct Row {
    kernels::RowKind kind;
    bool is_plain;
    std::int32_t num_heavy;
    std::int64_t quartic;
  };

  PreparedRows(std::int64_t capacity, std::int64_t num_vectors);
  /// In double, which cannot overflow.
  static double bytes_needed(std::int64_t capacity, std::int64_t num_vectors);

  std::int64_t capacity() const { return static_cast<std::int64_t>(rows_.size()); }
  const Row& row(std::int64_t index) const { return rows_[static_cast<std::size_t>(index)]; }
  double norm(std::int64_t index) const { return norms_[static_cast<std::size_t>(index)]; }
  const float* factors() const { return factors_.data(); }
  std::int64_t num_heavy(std::int64_t index) const { return row(index).num_heavy; }
  /// Of a plain row that has any, bit i: whether c_i^2 >= heavy_bounds[i], to the precision of float32.
  std::span<const std::uint64_t> heavy_bits(std::int64_t index) const {
    return {heavy_.data() + index * num_words_, static_cast<std::size_t>(num_words_)};
  }

  /// Calls `take` with each of those i, ascending.
  void for_each_heavy(std::int64_t index, const auto& take) const {
    for (std::int64_t word = 0; word < num_words_; ++word) {
      for (std::uint64_t bits = heavy_[static_cast<std::size_t>(index * num_words_ + word)]; bits != 0;
           bits &= bits - 1) {
        take(word * 64 + std::countr_zero(bits));
      }
    }
  }

  void set(std::int64_t index, const Row& row) { rows_[static_cast<std::size_t>(index)] = row; }
  void set(std::int64_t index, const Row& row, double norm, float factor) {
    set(index, row);
    norms_[static_cast<std::size_t>(index)] = norm;
    factors_[static_cast<std::size_t>(index)] = factor;
  }
  std::uint64_t* heavy_words(std::int64_t index) { return heavy_.data() + index * num_words_; }
  std::int64_t num_words() const { return num_words_; }
  /// What `from` knows of its row `index` is known here of row `to`.
  void copy(const PreparedRows& from, std::int64_t index, std::int64_t to);

 private:
  std::int64_t num_words_;  // of heavy bits, a row
  std::vector<Row> rows_;
  std::vector<double> norms_;
  std::vector<float> factors_;  // row_factor() of the norms
  std::vector<std::uint64_t> heavy_;
};

}  // namespace srm
