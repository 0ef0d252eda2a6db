// PRIVATE: how rows lie in the planes that they hit.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "srm/basis.h"
#include "srm/plane_set.h"

namespace srm::bases {

/// Of each row the planes in which r >= epsilon.
struct ArcSums {
  std::vector<double> cosines;  ///< (num_rows) the sum of cos(4 phi) over them
  std::vector<double> hits;     ///< (num_rows) how many
};

/// C4 of all rows: NaN below 100 hits, where it says nothing.
double arc_alignment(const ArcSums& sums);

/// The standard error of that as a ratio of two sums, sqrt(G / (G - 1) sum_b (cosines_b - C4 hits_b)^2) / hits,
/// `blocks` as in block_standard_error(). NaN below two blocks.
double arc_alignment_error(const ArcSums& sums, std::span<const std::int64_t> blocks);

/// C4 of rows in the planes of a basis, and in those of its rotations. Where all vectors are orthogonal to each other
/// (to rounding) a row costs num_vectors for each coordinate with c^2 >= epsilon^2 / 2, otherwise all planes.
/// Immutable; may be shared between threads.
class ArcPlanes {
 public:
  /// `set` must outlive this; `turned_type` is that of the rows to come in null_sums().
  ArcPlanes(const Basis& basis, const PlaneSet& set, double epsilon, at::ScalarType turned_type);

  /// Of float64 coordinates in the basis, (num_rows, num_vectors).
  ArcSums sums(const at::Tensor& coordinates) const;

  /// Of rows turned by a Haar rotation, (num_rows, dim): in a random rotation of the basis. That of orthogonal vectors
  /// has the first coordinates of such rows.
  ArcSums null_sums(const at::Tensor& turned) const;

 private:
  const PlaneSet* set_;
  double epsilon_;
  bool is_orthogonal_;
  at::Tensor columns_;  // of a basis that is not orthogonal
};

}  // namespace srm::bases
