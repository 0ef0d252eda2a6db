#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "srm/neuron_pictures.h"

namespace srm::report {

/// Throws srm::Error when a picture is empty or has not height * width values.
void require_whole(const Picture& picture);

/// Means over the areas that height * width equal cells take of a picture.
Picture resampled(const Picture& picture, std::int64_t height, std::int64_t width);

/// The shade of every value, from 0 at the lowest to num_shades - 1 at the highest; of one that is not finite 0.
std::vector<int> shades_of(const Picture& cells, int num_shades);

/// A picture as text for the terminal; every line takes `num_columns`.
struct DrawnPicture {
  int num_columns = 0;
  std::vector<std::string> lines;
};

/// See neurons_text(); throws srm::Error when it is empty or has not height * width values.
DrawnPicture drawn(const Picture& picture, const ConsoleOptions& options);

struct TitledPicture {
  std::string title;
  DrawnPicture picture;
};

/// Pictures side by side, each below its title: as many as fit the width, the first in any case. Lines end in \n.
std::string side_by_side(const std::vector<TitledPicture>& pictures, const ConsoleOptions& options);

/// The inputs of the samples nearest to a signed vector side by side, a sample with several rows among them once.
std::string nearest_pictures(const NeuronTable& neurons, std::int64_t vector, Side side, const PictureOf& picture_of,
                             const ConsoleOptions& options);

}  // namespace srm::report
