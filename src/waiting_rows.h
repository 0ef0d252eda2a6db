#pragma once

#include <cstdint>
#include <vector>

#include "plane_counter.h"
#include "prepared_rows.h"

namespace srm {

/// Plain rows that hit planes, copied, until they are enough to be swept at once: to look at the tables of all planes
/// for a few rows of a call costs more than the rows.
class WaitingRows {
 public:
  /// Rows of `num_numbers` numbers each: of float32, or of float64.
  WaitingRows(std::int64_t num_numbers, std::int64_t num_vectors, bool has_doubles);
  static std::int64_t capacity(std::int64_t num_vectors);
  /// In double, which cannot overflow.
  static double bytes_needed(std::int64_t num_numbers, std::int64_t num_vectors, bool has_doubles);

  std::int64_t num_rows() const { return num_rows_; }
  std::int64_t capacity() const { return prepared_.capacity(); }
  bool is_full() const { return num_rows_ == capacity(); }
  /// Only while it is not full.
  template <typename Number>
  void add(const PreparedRows& rows, std::int64_t index, const Number* numbers);
  PlainRows rows() const;
  void clear() { num_rows_ = 0; }

 private:
  std::int64_t num_numbers_;
  std::int64_t num_rows_ = 0;
  PreparedRows prepared_;
  std::vector<float> floats_;  // (capacity, num_numbers), one of the two
  std::vector<double> doubles_;
};

}  // namespace srm
