#include "bases/gaussian_numbers.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace srm::bases {

double GaussianNumbers::next() {
  if (kept_) {
    const double kept = *kept_;
    kept_.reset();
    return kept;
  }
  constexpr double kUnit = 0x1p-53;  // 53 random bits fill a double of (0, 1]
  const double u = (static_cast<double>(bits_() >> 11) + 1) * kUnit;
  const double turn = 2 * std::numbers::pi * (static_cast<double>(bits_() >> 11) * kUnit);
  const double radius = std::sqrt(-2 * std::log(u));
  kept_ = radius * std::sin(turn);
  return radius * std::cos(turn);
}

at::Tensor GaussianNumbers::matrix(std::int64_t num_rows, std::int64_t num_columns) {
  at::Tensor numbers = at::empty({num_rows, num_columns}, at::kDouble);
  double* values = numbers.mutable_data_ptr<double>();
  for (std::int64_t k = 0; k < numbers.numel(); ++k) values[k] = next();
  return numbers;
}

std::uint64_t GaussianNumbers::below(std::uint64_t limit) {
  // The last, incomplete run of 64-bit numbers would favour the small ones.
  const std::uint64_t end = limit * (UINT64_MAX / limit);
  std::uint64_t drawn = bits_();
  while (drawn >= end) drawn = bits_();
  return drawn % limit;
}

std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t k) {
  // SplitMix64's output function over a counter of odd step.
  std::uint64_t mixed = seed * 0xd1342543de82ef95U + (k + 1) * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31);
}

}  // namespace srm::bases
