#include "figures/palette.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace srm::figures {
namespace {

constexpr Colour of(int red, int green, int blue) { return {red / 255.0, green / 255.0, blue / 255.0}; }

constexpr std::array<Colour, kNumLineColours> kLines = {of(0, 114, 178),   of(213, 94, 0),  of(0, 158, 115),
                                                        of(204, 121, 167), of(230, 159, 0), of(86, 180, 233)};
// Anchors at equal distances; between two of them the parts are mixed.
constexpr std::array<Colour, 5> kSequential = {of(68, 1, 84), of(59, 82, 139), of(33, 145, 140), of(94, 201, 98),
                                               of(253, 231, 37)};
constexpr std::array<Colour, 7> kDiverging = {of(5, 48, 97),    of(33, 102, 172), of(146, 197, 222), of(248, 248, 248),
                                              of(253, 184, 99), of(213, 94, 0),   of(120, 50, 0)};

template <std::size_t N>
Colour mixed(const std::array<Colour, N>& anchors, double share) {
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(N - 1);
  const auto below = std::min(static_cast<std::size_t>(place), N - 2);
  const double part = place - static_cast<double>(below);
  const Colour &a = anchors[below], &b = anchors[below + 1];
  return {std::lerp(a.red, b.red, part), std::lerp(a.green, b.green, part), std::lerp(a.blue, b.blue, part)};
}

}  // namespace

Colour line_colour(std::size_t index) { return kLines[index % kLines.size()]; }
Colour sequential_colour(double share) { return mixed(kSequential, share); }
Colour diverging_colour(double share) { return mixed(kDiverging, (share + 1) / 2); }

}  // namespace srm::figures
