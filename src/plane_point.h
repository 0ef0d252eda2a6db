#pragma once

#include <cmath>

#include "srm/plane_set.h"

namespace srm {

/// What float32 columns and points hold of a coordinate of 1: with factors of 2^7 sums of rows need no other one.
constexpr double kUnit = 128;

/// A row in a plane, along e1 and e2: in float64, and 2^7 times that in float32, by which vectors count.
struct PlanePoint {
  double u;
  double v;
  float float_u;
  float float_v;
};

/// Whether the two vectors are orthogonal as far as float32 can tell. A plane of a zero vector has no shape.
inline bool is_square(const PlaneShape& shape) { return std::abs(shape.cosine) <= 1e-9 && shape.inverse_sine != 0; }

/// Of coordinates c_a = x_hat . b_i and c_b = x_hat . b_j, and of 2^7 times them as float32 numbers.
inline PlanePoint plane_point(const PlaneShape& shape, double c_a, double c_b, float y_a, float y_b) {
  const double v = (c_b - shape.cosine * c_a) * shape.inverse_sine;
  return {c_a, v, y_a, is_square(shape) ? y_b : 128 * static_cast<float>(v)};
}

}  // namespace srm
