#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace srm {

/// kAligned: the rotation in which A4 of the rows is largest, so that they lie on its axes; kDiagonal: in which it is
/// smallest, so that they lie between them; kPca: principal axes. Rows of heavy tails (sparse codes, ReLU) have their
/// own basis where A4 is largest, rows of saturated numbers (tanh) where it is smallest.
enum class LearnMethod { kAligned, kDiagonal, kPca };

/// "aligned", "diagonal", "pca".
const char* to_string(LearnMethod method);

/// Where a learner is: what it works on ("all rows", "first half", "second half"), which start, which sweep, and A4.
struct LearnProgress {
  const char* rows = "";        ///< "all rows", "first half" or "second half"
  int restart = 0;              ///< which start, from 0
  int sweep = 0;                ///< how many sweeps over all planes are done
  double score = 0;             ///< A4 after that sweep
  double largest_rotation = 0;  ///< radians
};

/// How to learn. What is done to rows is done in the order of the members; PCA takes `centre` alone.
struct LearnOptions {
  LearnMethod method = LearnMethod::kDiagonal;  ///< what is sought in the rows
  bool centre = true;                           ///< takes off the mean of the finite non-zero rows
  bool whiten = false;  ///< multiplies rows by C^-1/2: directions of little variance count like any other
  /// Makes each row one direction, as A4 is defined; without it a row weighs |x|^4. Rows of a ReLU need it off: its own
  /// basis is not where A4 of directions is largest.
  bool normalise_rows = true;
  int num_restarts = 4;        ///< starts from random rotations; the best score is taken
  std::uint64_t seed = 0;      ///< of the starts and the halves
  int max_sweeps = 200;        ///< over all planes
  double tolerance = 1e-4;     ///< a start has converged when no plane was turned by more, in radians
  bool compare_halves = true;  ///< learns twice more, from either half; without it nothing is called stable
  std::function<void(const LearnProgress&)> on_sweep = {};  ///< called after each sweep; may throw to end it all
};

/// A basis that was found in rows, and how far to believe it.
struct LearnedBasis {
  /// (dim, dim) float64, rows of length 1, in the order and with the signs that put them nearest to the axes (PCA: by
  /// descending variance). Orthonormal but for whitening: then the directions in which each whitened coordinate moves
  /// the rows, the unit rows of B C^1/2.
  at::Tensor basis;
  double score = 0;  ///< A4 of the prepared rows in the rotation found; of rows not normalised weighted by |x|^4
  std::vector<double> score_by_sweep;    ///< of the start that was taken; monotone. Empty for PCA
  std::vector<double> score_by_restart;  ///< of each start, the best among them; empty for PCA
  double largest_rotation = 0;           ///< in the last sweep, radians
  bool converged = false;     ///< whether the start that was taken turned no plane by more than the tolerance at last
  std::int64_t num_rows = 0;  ///< rows that it was learned from
  std::int64_t num_rows_left_out = 0;  ///< zero, not finite, or at the mean
  /// Mean matched |cosine| (see compare_bases()) of what either half of the rows alone gives; NaN if not asked for.
  double halves_agreement = 0;
  /// Mean over the other starts of that with the one that was taken; NaN for a single start and for PCA.
  double restarts_agreement = 0;
  double chance = 0;     ///< that of random bases
  double chance_95 = 0;  ///< which 95 % of random bases stay below
  /// Whether halves agree: at least kStableShare of the way from chance to 1, and above chance_95. Only then there is a
  /// basis to speak of. A score says nothing of it, for learning finds an extreme in any rows.
  bool is_stable = false;
};

/// See LearnedBasis::is_stable.
constexpr double kStableShare = 0.8;

/// Learns a basis from rows (num_rows, dim), float32 or float64. `blocks`, (num_rows) or empty, says which sample each
/// row is a part of: those of one sample go into the same half.
///
/// Aligned and diagonal turn one plane (i, j) at a time by the angle that is best for it, arg(sum r^4 e^{4 i phi}) / 4,
/// and 45 degrees more for the diagonal one: every rotation improves A4, and there is no step size. Planes of a round
/// share no vector and are turned in parallel; each is one thread's, so that threads change nothing but what rounding
/// in matrix products does. Takes learning_bytes() beside the rows, O(num_rows dim^2) a sweep. Rows needed to find a
/// planted basis: 1,500 at dim = 16, 10,000 at 64, 160,000 (saturated) or 40,000 (sparse) at 256.
/// Throws srm::Error for dim < 2, fewer than 4 rows that can be used (2 for either half), when `blocks` does not fit or
/// holds one sample, for options out of range, and when whitening meets rows that do not span all dimensions.
LearnedBasis learn_basis(const at::Tensor& rows, const LearnOptions& options,
                         std::span<const std::int64_t> blocks = {});

/// The most bytes that learn_basis() takes beside the rows it is given. Above 64 MB of rows its columns are float32,
/// which halves them: angles are then right to about 1e-5.
std::int64_t learning_bytes(std::int64_t num_rows, std::int64_t dim);

}  // namespace srm
