#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "srm/significance.h"

namespace srm {

/// How much of the sum of fourth powers, sum over rows of |B x_hat|_4^4, a few basis vectors carry.
struct TopShare {
  std::vector<std::int64_t> vectors;  ///< those that carry most, the first most of all
  double share = 0;                   ///< in [0, 1]
  /// A4 of the rows with these coordinates taken off, normalised again, in the remaining dimensions. None where that is
  /// undefined: for a basis that is not orthonormal, or below two dimensions.
  std::optional<double> a4_without = {};
  friend bool operator==(const TopShare&, const TopShare&) = default;
};

/// Whether a score is more than what the nonlinearity makes of any pre-activations: both nulls turn them by Haar
/// rotations before the function is applied.
struct NonlinearityTests {
  std::string function;  ///< its name
  NullTest turned;       ///< M1: the pre-activations are turned
  NullTest mean_kept;    ///< M1c: their deviations are turned about their mean, which stays
  friend bool operator==(const NonlinearityTests&, const NonlinearityTests&) = default;
};

/// One plane (i, j): with u and v the coordinates of x_hat in it, c4 = sum r^4 cos(4 phi) / sum r^4 over rows (above 0
/// on axes, below on diagonals) and the share of rows with r >= epsilon; p against planes of Haar rotations of the same
/// rows, pooled; q by Benjamini and Hochberg over all planes tested.
struct PlaneTest {
  std::int64_t i = 0;     ///< the vector at 0 degrees
  std::int64_t j = 0;     ///< the vector that angles grow towards
  double c4 = 0;          ///< above 0 on axes, below on diagonals
  double p_c4 = 1;        ///< of c4
  double q_c4 = 1;        ///< of c4
  double hit_rate = 0;    ///< in [0, 1]
  double p_hit_rate = 1;  ///< of the hit rate
  double q_hit_rate = 1;  ///< of the hit rate
  friend bool operator==(const PlaneTest&, const PlaneTest&) = default;
};

/// What the tests say of every plane of chosen vectors, as a map. All vectors are chosen where there are at most
/// kMostVectors; of more those that come first in the planes from the strongest on (in the order of
/// PlaneTests::strongest), so that the strongest planes are in it. It takes 32 KB at most.
struct PlaneMap {
  static constexpr std::int64_t kMostVectors = 64;  ///< that a map is of
  std::vector<std::int64_t> vectors;                ///< (V) ascending
  /// (V (V - 1) / 2) each: of the pairs i < j of them in lexicographic order, see PlaneTest. All four are NaN where
  /// vectors are parallel and where a plane was not among those tested.
  std::vector<float> c4;
  std::vector<float> q_c4;        ///< of c4
  std::vector<float> hit_rate;    ///< in [0, 1]
  std::vector<float> q_hit_rate;  ///< of the hit rate

  /// The place of (vectors[a], vectors[b]), a < b, in these.
  std::size_t place(std::size_t a, std::size_t b) const { return a * (2 * vectors.size() - a - 1) / 2 + b - a - 1; }
  friend bool operator==(const PlaneMap& a, const PlaneMap& b);  ///< NaN is NaN here
};

/// C4(epsilon), arc alignment, of the rows tested in all planes of the basis together; see arc_alignment() in
/// srm/statistics.h.
struct ArcAlignmentTest {
  double score = 0;           ///< C4
  double standard_error = 0;  ///< of it, a ratio of two sums, by blocks as that of A4; NaN below two blocks
  /// C4 against Haar rotations of the basis. Those with fewer than 100 hits say nothing and are left out; none where
  /// fewer than half of all rotations, or fewer than two, are left.
  std::optional<NullTest> haar = {};
  friend bool operator==(const ArcAlignmentTest&, const ArcAlignmentTest&) = default;
};

/// The planes of a layer, each tested.
struct PlaneTests {
  double epsilon = 0;                  ///< of the hit rate and of C4
  std::int64_t num_planes = 0;         ///< of the basis, i < j, without those of parallel vectors
  std::int64_t num_planes_tested = 0;  ///< all, or a seeded random subset where there are too many
  std::int64_t num_rotations = 0;      ///< that planes were drawn from
  std::int64_t num_pooled = 0;  ///< planes of rotations that p was taken from; p is at least 2 / (1 + num_pooled)
  /// How many are significant at a false discovery rate of 5 %: by c4, Benjamini and Hochberg.
  std::int64_t num_c4_bh = 0;
  std::int64_t num_c4_by = 0;        ///< by c4, Benjamini and Yekutieli
  std::int64_t num_hit_rate_bh = 0;  ///< by hit rate, Benjamini and Hochberg
  std::int64_t num_hit_rate_by = 0;  ///< by hit rate, Benjamini and Yekutieli
  std::vector<PlaneTest> strongest;  ///< by p of c4, then by |c4|, the strongest first
  std::optional<PlaneMap> map = {};  ///< none in results of before there were any
  /// None below 100 hits, where C4 says nothing, and in results of before it was tested.
  std::optional<ArcAlignmentTest> arc_alignment = {};
  friend bool operator==(const PlaneTests&, const PlaneTests&) = default;
};

/// Everything that a verdict on one layer rests on. The rows tested are a sample of the layer's, without those that are
/// zero or not finite; scores are of these rows, not of all that the layer's curves count.
struct LayerTests {
  std::int64_t dim = 0;                   ///< n
  std::int64_t num_vectors = 0;           ///< m
  bool centred = false;                   ///< the mean of the rows tested was taken off before they were normalised
  std::uint64_t seed = 0;                 ///< of the rotations
  std::int64_t num_rows = 0;              ///< tested
  std::int64_t num_rows_offered = 0;      ///< of which the tested ones were sampled
  std::int64_t num_blocks = 0;            ///< samples of the data that the rows tested are parts of
  NullTest haar;                          ///< A4 against Haar rotations of the basis
  double standard_error = 0;              ///< of A4 by blocks, see block_standard_error(); NaN below two blocks
  double effective_dimension = 0;         ///< (tr C)^2 / tr C^2, C the mean outer product of the unit rows; in [1, n]
  std::vector<TopShare> top_shares = {};  ///< of the first vector and of the first three (as far as there are)
  std::optional<NonlinearityTests> nonlinearity = {};  ///< none where pre-activations and function were not known
  std::optional<PlaneTests> planes = {};               ///< none where they were not tested
  friend bool operator==(const LayerTests&, const LayerTests&) = default;
};

/// Throws srm::Error naming `where` when numbers contradict each other or are out of range: what a damaged file holds.
void require_valid(const LayerTests& tests, std::string_view where);

}  // namespace srm
