#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace srm {

/// What unit vectors that repel one another came to rest as. kSimplex: every two have the cosine -1/(m - 1);
/// kCrossPolytope: the two ends of orthonormal axes, thus an orthonormal basis and its negative; kOther.
enum class FrameShape { kSimplex, kCrossPolytope, kOther };

/// "simplex", "cross-polytope", "other".
const char* to_string(FrameShape shape);

/// Unit vectors spread by repulsion, and what they look like.
struct ThomsonFrame {
  at::Tensor vectors;                     ///< (num_vectors, dim) float64, of length 1
  FrameShape shape = FrameShape::kOther;  ///< the shape that it has
  double energy = 0;                      ///< sum over pairs of 1 / |f_i - f_j|
  double largest_residual = 0;  ///< largest force along the sphere on one vector, over the mean force on a vector
  bool is_at_rest = false;      ///< whether that is below 1e-6
  double min_cosine = 0;        ///< over pairs; 0 when there are none
  double max_cosine = 0;        ///< over pairs
  double min_eigenvalue = 0;    ///< of the frame operator sum_i f_i f_i^T; both are num_vectors / dim when it is tight
  double max_eigenvalue = 0;    ///< of the frame operator
};

/// Spreads `num_vectors` unit vectors of `dim` numbers by repulsion: a local minimum of sum_{i<j} 1 / |f_i - f_j|
/// (Thomson's problem) from evenly drawn ones, by L-BFGS. num_vectors = 2 dim falls into a cross-polytope, and up to
/// dim + 1 into a simplex: `shape` says so. O(num_vectors^2 dim) a step. Throws srm::Error unless num_vectors >= 1 and
/// dim >= 1, and for more than 2 vectors on a line. Note [What a seed decides] in srm/basis_generators.h holds; forces
/// are summed in one order whatever the threads.
ThomsonFrame thomson_frame(std::int64_t num_vectors, std::int64_t dim, std::uint64_t seed);

}  // namespace srm
