#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "srm/neuron_pictures.h"

namespace srm::cli {

struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// "28x28": height and width; none when it is empty. Throws Misuse.
std::optional<ImageSize> image_size_of(const std::string& flag);

/// The inputs in FILE[:KEY] as pictures: (num_samples, height, width), with 1 or 3 channels before these two, or
/// (num_samples, n) of `size`, or without one square. Three channels become their luminance. Throws srm::Error for
/// anything else; what is returned throws it for a sample that is not there.
PictureOf read_pictures(const std::string& spec, const std::optional<ImageSize>& size);

}  // namespace srm::cli
