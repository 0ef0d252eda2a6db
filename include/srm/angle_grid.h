#pragma once

#include <cstdint>
#include <vector>

namespace srm {

// Note [Angle convention]
// The probe of the plane (i, j) is p(theta) = cos(theta) e1 + sin(theta) e2 with e1 = b_i / |b_i| and e2 the part of
// b_j orthogonal to e1, normalised. In the natural sense theta grows from +b_i towards +b_j: for an orthogonal pair
// +b_j is at 90 degrees, -b_i at 180, -b_j at 270. In the reference sense (that of the method's published code) theta
// grows from +b_i towards MINUS b_j: e2 changes its sign, and the curve is that of -theta. Angles are stored in
// radians.

/// Which way theta turns; see Note [Angle convention].
enum class Sense { kNatural, kReference };

/// Whether the grid stops before 2 pi (K different angles) or repeats the first angle as its last (K - 1 different
/// ones).
enum class GridEnds { kExclusive, kInclusive };

/// "natural" | "reference" and "exclusive" | "inclusive", as in files and on the command line.
const char* to_string(Sense sense);
const char* to_string(GridEnds ends);  ///< "exclusive" | "inclusive"

/// The K angles at which every curve is sampled: theta_k = 2 pi k / K (exclusive) or 2 pi k / (K - 1) (inclusive).
/// A value; all members are const and may be called from any thread.
class AngleGrid {
 public:
  /// `num_angles` is K, from 1 to 2^24; throws srm::Error outside that. An inclusive grid of one angle is {0}.
  explicit AngleGrid(std::int64_t num_angles = 360, GridEnds ends = GridEnds::kExclusive);

  /// K, the number of angles.
  std::int64_t num_angles() const { return num_angles_; }
  /// Whether the last angle repeats the first.
  GridEnds ends() const { return ends_; }
  /// How many of the angles are different directions: K, or K - 1 when the last one repeats the first.
  std::int64_t num_distinct() const;
  /// The distance between neighbours in radians.
  double spacing_radians() const;
  /// theta_k in radians, 0 <= k < num_angles(); not checked.
  double angle_radians(std::int64_t k) const;
  /// All of them, (num_angles).
  std::vector<double> angles_radians() const;

  friend bool operator==(const AngleGrid&, const AngleGrid&) = default;

 private:
  std::int64_t num_angles_;
  GridEnds ends_;
};

}  // namespace srm
