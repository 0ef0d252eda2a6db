#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "srm/exact_sum.h"
#include "srm/plane_set.h"

namespace srm {

// Note [Projection onto privileged planes]
// A row x (or x - mean, if centred) is a point of the plane (i, j) where its in-plane part is at least epsilon of its
// length, r / |x| >= epsilon (ties as in Note [Ties] in accumulator.h): the point (u, v) = (x . e1, x . e2), not
// normalised, with e1 = b_i / |b_i| and e2 the part of b_j orthogonal to e1, normalised, so towards plus b_j. Zero and
// non-finite rows are points of no plane, nor are rows of a length outside [2^-511, 2^511], whose square is no number.
//
// Points are counted in num_bins x num_bins square bins over [-2^e, 2^e)^2, half-open, with a border at zero. e is the
// least at which |u| and |v| of every point are below 2^e. It grows as points come: 2 x 2 bins are then joined, which
// is exact. So counts depend neither on order nor on how the rows were split.

/// A point of a plane that was drawn for the sample; the last three are the row's, see RowTags.
struct PlanePoint {
  double u = 0;               ///< coordinate along e1
  double v = 0;               ///< coordinate along e2
  std::int64_t sample = 0;    ///< number of the sample of the data
  std::int64_t position = 0;  ///< of the row in that sample: which token, which place
  std::int64_t label = -1;    ///< class of the sample; -1: none
  friend bool operator==(const PlanePoint&, const PlanePoint&) = default;
};

/// Where the points of one plane are.
struct PlaneDensity {
  Plane plane = {};                  ///< the vectors that span it
  std::int64_t exponent = 0;         ///< e: bins reach from -2^e to 2^e in units of the activations
  std::vector<std::int64_t> counts;  ///< (num_bins, num_bins): points by v, then by u, both ascending
  std::vector<PlanePoint> points;    ///< the min(num_points, all points) of lowest rank, in its order; see point_rank()
  friend bool operator==(const PlaneDensity&, const PlaneDensity&) = default;
};

/// Everything densities hold, in the words of the file format.
struct PlaneDensitiesParts {
  std::int64_t dim = 0;                    ///< n
  double epsilon = 0;                      ///< rows whose part in the plane is less are left out
  std::int64_t num_bins = 0;               ///< a side; a power of two
  std::int64_t num_points = 0;             ///< how many points of a plane are kept at most
  std::uint64_t seed = 0;                  ///< of which points are kept
  std::int64_t num_rows = 0;               ///< rows that could be points: finite, not zero, of a length in range
  std::int64_t num_rows_out_of_range = 0;  ///< rows of a length out of range
  ExactSum squared_lengths;                ///< the sum of |x|^2 over num_rows
  std::vector<PlaneDensity> planes;        ///< in lexicographic order
  std::vector<Plane> left_out;             ///< asked for, but of (anti-)parallel vectors, which have no e2
  friend bool operator==(const PlaneDensitiesParts&, const PlaneDensitiesParts&) = default;
};

/// The points of chosen planes of one layer, binned, and a sample of them. An immutable value; thread-safe to read.
class PlaneDensities {
 public:
  /// Exponents that bins may have. Points that are all nearer to zero than 2^-512 are in the four bins around it.
  static constexpr std::int64_t kLowestExponent = -512;
  static constexpr std::int64_t kHighestExponent = 512;  ///< the largest of them

  /// Throws srm::Error naming `where` when sizes, orders, ranges or sums contradict each other.
  explicit PlaneDensities(PlaneDensitiesParts parts, std::string_view where = "densities");

  /// All members, for files and reports.
  const PlaneDensitiesParts& parts() const { return parts_; }
  /// How many planes there are.
  std::int64_t num_planes() const { return static_cast<std::int64_t>(parts_.planes.size()); }
  /// The points of one plane; throws srm::Error for an index out of range.
  std::int64_t num_points(std::int64_t plane_index) const;
  /// sigma^2 = mean |x|^2 / n, the variance of an isotropic Gaussian of rows as long as these; NaN without rows.
  double variance() const;

  /// Equal in every member.
  friend bool operator==(const PlaneDensities& a, const PlaneDensities& b) { return a.parts_ == b.parts_; }

 private:
  PlaneDensitiesParts parts_;
  std::vector<std::int64_t> num_points_;  // (planes)
};

/// In which order points are kept: a hash of the seed and of the sample and position of the row, the same for all
/// planes. Of equal ranks the lower sample, position, label, u, v come first.
std::uint64_t point_rank(std::uint64_t seed, std::int64_t sample, std::int64_t position);

/// The densities over the union of two disjoint sets of rows of one layer and basis; of any split of the rows the same.
/// Throws srm::Error naming `where` for the first setting that differs, and when a sum would overflow.
PlaneDensities merge(const PlaneDensities& a, const PlaneDensities& b, std::string_view where = "merge");

}  // namespace srm
