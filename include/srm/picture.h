#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace srm {

/// Numbers that are drawn as a picture, line by line from the top.
struct Picture {
  std::int64_t height = 0;     ///< in pixels
  std::int64_t width = 0;      ///< in pixels
  std::vector<double> values;  ///< (height, width)
};

/// The picture of the sample of this number; throws srm::Error where there is none.
using PictureOf = std::function<Picture(std::int64_t sample)>;

}  // namespace srm
