// PRIVATE: two columns of coordinates as points (x, y) of a plane.
#pragma once

#include <cstdint>

namespace srm::kernels {

/// With r^2 = x^2 + y^2 and phi = atan2(y, x), sums over points.
struct FourthHarmonic {
  double cosine = 0;  ///< of r^4 cos 4 phi
  double sine = 0;    ///< of r^4 sin 4 phi
  double weight = 0;  ///< of r^4
};

/// O(size), in one order: float32 sums reach over 1024 points at most before they become float64.
FourthHarmonic fourth_harmonic(const float* x, const float* y, std::int64_t size);
FourthHarmonic fourth_harmonic(const double* x, const double* y, std::int64_t size);

/// Turns the axes by `angle` radians, x towards y: x' = x cos + y sin, y' = y cos - x sin, so that phi' = phi - angle.
void rotate(float* x, float* y, std::int64_t size, double angle);
void rotate(double* x, double* y, std::int64_t size, double angle);

/// The sum of x^4, summed likewise.
double sum_of_fourth_powers(const float* x, std::int64_t size);
double sum_of_fourth_powers(const double* x, std::int64_t size);

}  // namespace srm::kernels
