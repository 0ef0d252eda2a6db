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

// Sums of x_hat and of its fourth powers, by dimension, are of float32 numbers: y = number * row_factor(norm), which is
// 2^7 x_hat, in steps of 2^-13, and y^4 in whole numbers.
constexpr std::int64_t kDirectionUnits = 1 << 20;  ///< of add_to_sums() in 1
constexpr std::int64_t kQuarticUnits = 1 << 28;

inline float row_factor(double norm) { return static_cast<float>(128 / norm); }
inline std::int64_t direction_units(float y) { return fixed_point(static_cast<double>(y), 1 << 13); }
inline std::int64_t quartic_units(float y) {
  const float square = y * y;
  return fixed_point(static_cast<double>(square * square), 1);
}

}  // namespace srm::kernels
