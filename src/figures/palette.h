#pragma once

#include <cstddef>

namespace srm::figures {

/// Parts in [0, 1].
struct Colour {
  double red = 0, green = 0, blue = 0, alpha = 1;

  Colour with_alpha(double opacity) const { return {red, green, blue, opacity}; }
  friend bool operator==(const Colour&, const Colour&) = default;
};

constexpr Colour kPaper = {1, 1, 1};
constexpr Colour kInk = {0.13, 0.13, 0.13};
constexpr Colour kSoftInk = {0.38, 0.38, 0.38};  // 5.9 : 1 on paper
constexpr Colour kRule = {0.87, 0.87, 0.87};
constexpr Colour kBlank = {0.8, 0.8, 0.8};  ///< a cell of a map that has no value

/// How many lines a figure can tell apart by colour.
constexpr std::size_t kNumLineColours = 6;
/// Okabe and Ito's colours, which readers with any colour vision tell apart, without their yellow, which paper
/// swallows. They repeat after kNumLineColours.
Colour line_colour(std::size_t index);

/// From dark violet by green to yellow as `share` grows from 0 to 1, lighter all the way. Clamped; so is the next.
Colour sequential_colour(double share);
/// Blue at -1 by white at 0 to orange at 1.
Colour diverging_colour(double share);

}  // namespace srm::figures
