#include "prepared_rows.h"

#include <algorithm>

namespace srm {
namespace {

std::int64_t num_words_of(std::int64_t num_vectors) { return (num_vectors + 63) / 64; }

}  // namespace

PreparedRows::PreparedRows(std::int64_t capacity, std::int64_t num_vectors)
    : num_words_(num_words_of(num_vectors)),
      rows_(static_cast<std::size_t>(capacity)),
      norms_(rows_.size()),
      factors_(rows_.size()),
      heavy_(rows_.size() * static_cast<std::size_t>(num_words_)) {}

double PreparedRows::bytes_needed(std::int64_t capacity, std::int64_t num_vectors) {
  const double bits = static_cast<double>(num_words_of(num_vectors)) * sizeof(std::uint64_t);
  return static_cast<double>(capacity) * (bits + sizeof(Row) + sizeof(double) + sizeof(float));
}

void PreparedRows::copy(const PreparedRows& from, std::int64_t index, std::int64_t to) {
  set(to, from.row(index), from.norm(index), from.factors()[index]);
  std::copy_n(from.heavy_.data() + index * num_words_, num_words_, heavy_words(to));
}

}  // namespace srm
