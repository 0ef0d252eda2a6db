#pragma once

#include <bit>
#include <cstdint>

namespace srm::kernels {

/// `value` * `scale`, rounded to the nearest integer (ties to even), for results below 2^51 in size. `scale` is a power
/// of two, so that nothing else is rounded. Unlike std::llround a compiler can do this for many values at once.
inline std::int64_t fixed_point(double value, std::int64_t scale) {
  constexpr double kOneAndAHalf = 0x1.8p52;  // neighbours of it are whole numbers, whose bits count on
  const double shifted = value * static_cast<double>(scale) + kOneAndAHalf;
  return std::bit_cast<std::int64_t>(shifted) - std::bit_cast<std::int64_t>(kOneAndAHalf);
}

}  // namespace srm::kernels
