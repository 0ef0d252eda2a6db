#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace srm {

/// What is known of the rows of one update() beside their numbers: (num_samples) each, or empty where it is not known.
struct RowTags {
  std::span<const std::int64_t> label = {};     ///< class of the row, from 0; -1 where unknown, as are all when empty
  std::span<const std::int64_t> sample = {};    ///< number of the sample in the data; empty: of the row in the stream
  std::span<const std::int64_t> position = {};  ///< place within the sample (a token, a pixel); empty: 0
};

/// Throws srm::Error that names `where` unless each list is empty or has `num_samples` numbers, and labels are from -1.
void require_valid(const RowTags& tags, std::int64_t num_samples, std::string_view where);

/// What is known of one row.
struct RowTag {
  std::int64_t label = -1;    ///< class of the sample; -1: none
  std::int64_t sample = 0;    ///< number of the sample of the data
  std::int64_t position = 0;  ///< of the row in that sample: which token, which place
};
/// That of row k of an update, which is row number `row_number` of the stream.
inline RowTag tag_of(const RowTags& tags, std::int64_t k, std::int64_t row_number) {
  const auto at = static_cast<std::size_t>(k);
  return {.label = tags.label.empty() ? -1 : tags.label[at],
          .sample = tags.sample.empty() ? row_number : tags.sample[at],
          .position = tags.position.empty() ? 0 : tags.position[at]};
}

}  // namespace srm
