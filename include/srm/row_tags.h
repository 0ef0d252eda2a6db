#pragma once

#include <cstdint>
#include <span>

namespace srm {

/// What is known of the rows of one update() beside their numbers: (num_samples) each, or empty where it is not known.
struct RowTags {
  std::span<const std::int64_t> label = {};     ///< class of the row, from 0; -1 where unknown, as are all when empty
  std::span<const std::int64_t> sample = {};    ///< number of the sample in the data; empty: of the row in the stream
  std::span<const std::int64_t> position = {};  ///< place within the sample (a token, a pixel); empty: 0
};

}  // namespace srm
