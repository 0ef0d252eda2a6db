#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "srm/basis.h"

namespace srm {

/// Combination: every pair i < j once. Permutation: every ordered pair, (i, j) and (j, i).
enum class Pairs { kCombination, kPermutation };

/// Planes without an e2, since b_j has no part orthogonal to b_i (shorter than 2e-7 between unit vectors) or one of the
/// two is zero: they are left out and counted, or kept as planes whose counts stay zero (as the reference code does).
enum class DegeneratePlanes { kLeftOut, kKeptAsZeros };

/// One plane: the two basis vectors that span it, b_i first.
struct Plane {
  std::int64_t i;  ///< the vector at 0 degrees
  std::int64_t j;  ///< the vector that angles grow towards
  friend bool operator==(const Plane&, const Plane&) = default;
};

/// How in-plane coordinates follow from c = (unit rows of B) x_hat: u = c_i and v = (c_j - cosine * c_i) *
/// inverse_sine, which is x_hat . e2. A degenerate plane has inverse_sine 0.
struct PlaneShape {
  double cosine = 0;        ///< of the angle between b_i and b_j
  double inverse_sine = 1;  ///< 1 / |the part of unit b_j orthogonal to unit b_i|
};

/// The shape of the plane of two unit vectors (or zero), or of two vectors of a basis, i != j.
PlaneShape plane_shape(std::span<const double> a, std::span<const double> b);
PlaneShape plane_shape(const Basis& basis, std::int64_t i, std::int64_t j);  ///< of b_i and b_j

/// The planes of a basis in lexicographic (i, j) order. An immutable value; may be shared between threads.
class PlaneSet {
 public:
  /// All planes of `basis`; `degenerate` tells what becomes of parallel vectors.
  PlaneSet(const Basis& basis, Pairs pairs, DegeneratePlanes degenerate = DegeneratePlanes::kLeftOut);

  /// Bytes that the set of planes of such a basis takes at most; 1e18 stands for all that is more.
  static std::int64_t bytes_needed(const Basis& basis, Pairs pairs);

  /// Whether planes come in both orders.
  Pairs pairs() const { return pairs_; }
  /// m, the vectors of the basis.
  std::int64_t num_vectors() const { return num_vectors_; }
  /// P, the number of planes, with those that are kept as zeros and without those left out.
  std::int64_t num_planes() const { return num_planes_; }
  /// Pairs of parallel vectors, which span no plane, that were left out.
  std::int64_t num_left_out() const { return num_left_out_; }
  /// Pairs of parallel vectors that stay as planes that nothing hits.
  std::int64_t num_kept_as_zeros() const { return num_kept_as_zeros_; }

  /// All planes, (num_planes); made anew at each call.
  std::vector<Plane> planes() const;
  /// The plane at `place`, 0 <= place < num_planes(); not checked.
  Plane plane(std::int64_t place) const;
  /// The place of the plane (i, j) in that order, or -1 when it is not in the set.
  std::int64_t index(std::int64_t i, std::int64_t j) const;
  /// The shape of the plane (i, j), i != j, whether in the set or not.
  PlaneShape shape(std::int64_t i, std::int64_t j) const;
  /// min over the other vectors j of 1 - |cosine|, in planes that are not degenerate, to nine digits: what bounds r^2
  /// in the planes of b_i. 1 when there is no other.
  double smallest_gap(std::int64_t i) const;
  /// Whether all pairs are exactly orthogonal, so that shape() is the same everywhere.
  bool is_orthogonal() const { return shapes_.empty(); }

 private:
  std::int64_t full_index(std::int64_t i, std::int64_t j) const;

  Pairs pairs_;
  std::int64_t num_vectors_;
  std::int64_t num_planes_ = 0;
  std::int64_t num_left_out_ = 0;
  std::int64_t num_kept_as_zeros_ = 0;
  std::vector<PlaneShape> shapes_;      // by combination i < j; empty when all are orthogonal
  std::vector<double> smallest_gap_;    // by vector; empty when all are orthogonal
  std::vector<std::int64_t> left_out_;  // full_index of each plane that was, ascending
};

/// What the two enumerators are called in files and on the command line.
const char* to_string(Pairs pairs);

}  // namespace srm
