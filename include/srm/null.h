#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "srm/basis.h"
#include "srm/significance.h"

namespace srm {

// Note [Rotations]
// Haar rotations are products of Householder reflections along Gaussian vectors (Stewart, SIAM J. Numer. Anal. 17,
// 1980), which is the Q of a Gaussian matrix without factorising one; they are applied to the rows, at the cost of one
// matrix product. Rotation k of a seed is the same whatever the number of rotations, and leaves Torch's own generators
// alone. Rotations run side by side on as many threads as Torch has, each operation on one (at::set_num_threads is 1
// meanwhile), so that the number of threads changes no bit. From 128 dimensions on they are float32: that changes a
// null score by less than 1e-8, thousands of times less than its spread (both in tests/null_test.cpp). Scores are
// float64.

/// How a score is compared with its null.
struct NullOptions {
  std::int64_t num_rotations = 200;  ///< R, at least 2; below 39 no p can be 5 % or less
  std::uint64_t seed = 0;            ///< of the rotations
  bool centred = false;              ///< the mean of the rows scored is taken off before they are normalised
  /// Called after each rotation, from any thread but never twice at once; what it throws ends the work.
  std::function<void(std::int64_t num_done, std::int64_t num_total)> progress;
};

/// The finite non-zero rows of `rows`, (num_rows, dim) of any floating type, in float64, the mean of these rows taken
/// off if `centred`, each divided by its length; rows that equal the mean have no direction and are left out too.
/// (num_left, dim). Throws srm::Error for other shapes and when no row is left.
at::Tensor unit_rows(const at::Tensor& rows, bool centred);

/// A4 of unit rows in the vectors of `basis`, each taken with length 1; see quartic_alignment(). Throws srm::Error
/// unless the rows, of which there must be one, have the dimension of the basis, at least 2.
double quartic_alignment(const at::Tensor& unit_rows, const Basis& basis);

/// A4 of `rows`, (num_rows, dim), against Haar rotations of the basis (of all its vectors together, if it is a frame).
/// p is exact under the null that the basis is any turn of itself, whatever the covariance and the dependence of the
/// rows. Work: num_rotations products of (num_rows, dim) with (dim, dim). Throws srm::Error as quartic_alignment().
NullTest haar_null(const at::Tensor& rows, const Basis& basis, const NullOptions& options = {});

/// What is turned in nonlinearity_null(): M1, the pre-activations; M1c, their deviations from their mean, which is
/// kept.
enum class MeanTurn { kTurned, kKept };

/// A4 of function(pre_activations) in the acting basis, against the same with the pre-activations, (num_rows, dim),
/// first turned by Haar rotations: is it beyond what the function makes of any such rows? `function` maps rows of the
/// basis's dimension to as many rows of it, and may be called from several threads at once. Rows with NaN or infinity
/// are left out; zero rows only where they are scored. Throws srm::Error for other shapes, and when no row is left to
/// be scored.
NullTest nonlinearity_null(const at::Tensor& pre_activations,
                           const std::function<at::Tensor(const at::Tensor&)>& function, const Basis& basis,
                           MeanTurn mean_turn, const NullOptions& options = {});

}  // namespace srm
