#include "export/exported_planes.h"

#include <fmt/format.h>

#include <numeric>

namespace srm::exports {

std::vector<std::int64_t> places_of(const Resonance& layer, const ExportPlanes& planes) {
  std::vector<std::int64_t> places;
  if (planes.all) {
    places.resize(static_cast<std::size_t>(layer.num_planes()));
    std::iota(places.begin(), places.end(), std::int64_t{0});
    return places;
  }
  for (const Plane& plane : planes.listed) places.push_back(layer.plane_index(plane.i, plane.j));
  return places;
}

std::string python_number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

}  // namespace srm::exports
