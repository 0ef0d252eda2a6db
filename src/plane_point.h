#pragma once

#include <cmath>

#include "srm/plane_set.h"

namespace srm {

/// A row in a plane, along e1 and e2: in float64, and 2^7 times that in float32, by which vectors count.
struct PlanePoint {
  double u;
  double v;
  float float_u;
  float float_v;
};

/// What float32 keeps of a coordinate and of what it lost first, times 2^7.
struct SplitCoordinate {
  explicit SplitCoordinate(double c)
      : main(static_cast<float>(c) * 128), rest(static_cast<float>(c - static_cast<double>(static_cast<float>(c))) * 128) {}
  SplitCoordinate(float main_, float rest_) : main(main_), rest(rest_) {}
  double sum() const { return static_cast<double>(main) + static_cast<double>(rest); }
  float main;
  float rest;
};

/// Whether the two vectors are orthogonal as far as float32 can tell.
inline bool is_square(const PlaneShape& shape) { return std::abs(shape.cosine) <= 1e-9; }

/// Along e2, of coordinates along b_i and b_j: only where is_square() says no.
inline float oblique_v(const PlaneShape& shape, const SplitCoordinate& a, const SplitCoordinate& b) {
  return static_cast<float>((b.sum() - shape.cosine * a.sum()) * shape.inverse_sine);
}

/// Of coordinates c_a = x_hat . b_i and c_b = x_hat . b_j, and of 2^7 times them as float32 numbers.
inline PlanePoint plane_point(const PlaneShape& shape, double c_a, double c_b, float y_a, float y_b) {
  const float y_v = is_square(shape) ? y_b : oblique_v(shape, SplitCoordinate(c_a), SplitCoordinate(c_b));
  return {c_a, (c_b - shape.cosine * c_a) * shape.inverse_sine, y_a, y_v};
}

}  // namespace srm
