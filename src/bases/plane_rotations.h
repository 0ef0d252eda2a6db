// PRIVATE: Jacobi rotations towards an extreme of A4.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace srm::bases {

enum class Extreme { kLargest, kSmallest };

struct RotationLimits {
  int max_sweeps = 200;
  double tolerance = 1e-4;  ///< radians
};

/// The rotation that was found, and the way there.
struct Rotated {
  at::Tensor basis;                    ///< (dim, dim) float64, orthonormal
  std::vector<double> score_by_sweep;  ///< A4 after each
  double largest_rotation = 0;         ///< in the last sweep, radians
  bool converged = false;
};

/// A4 of directions x / |x| weighted by |x|^4, from rows (num_rows, dim) in an orthonormal basis (dim, dim).
double weighted_quartic_alignment(const at::Tensor& rows, const at::Tensor& basis);

/// Turns the orthonormal rows of `start` (dim, dim), plane by plane, until A4 of `rows` (num_rows, dim), float32 or
/// float64, none above 1 in magnitude, is at an extreme. Planes whose points have no direction that is better than
/// another up to rounding stay. `on_sweep` is called with the sweep from 0, A4 and the largest rotation.
Rotated rotate_to_extreme(const at::Tensor& rows, const at::Tensor& start, Extreme extreme,
                          const RotationLimits& limits, const std::function<void(int, double, double)>& on_sweep);

}  // namespace srm::bases
