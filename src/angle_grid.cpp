#include "srm/angle_grid.h"

#include <algorithm>
#include <numbers>
#include <string>

#include "srm/error.h"

namespace srm {

const char* to_string(Sense sense) { return sense == Sense::kNatural ? "natural" : "reference"; }

const char* to_string(GridEnds ends) { return ends == GridEnds::kExclusive ? "exclusive" : "inclusive"; }

AngleGrid::AngleGrid(std::int64_t num_angles, GridEnds ends) : num_angles_(num_angles), ends_(ends) {
  if (num_angles < 1 || num_angles > (std::int64_t{1} << 24)) {
    throw Error("angle_grid", "the number of angles must be from 1 to 16777216", std::to_string(num_angles),
                "360 gives one angle a degree");
  }
}

std::int64_t AngleGrid::num_distinct() const {
  return ends_ == GridEnds::kExclusive ? num_angles_ : std::max<std::int64_t>(num_angles_ - 1, 1);
}

double AngleGrid::spacing_radians() const { return 2 * std::numbers::pi / static_cast<double>(num_distinct()); }

double AngleGrid::angle_radians(std::int64_t k) const {
  return 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(num_distinct());
}

std::vector<double> AngleGrid::angles_radians() const {
  std::vector<double> angles(static_cast<std::size_t>(num_angles_));
  for (std::int64_t k = 0; k < num_angles_; ++k) angles[static_cast<std::size_t>(k)] = angle_radians(k);
  return angles;
}

}  // namespace srm
