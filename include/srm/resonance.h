#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "srm/angle_grid.h"
#include "srm/plane_set.h"
#include "srm/scores.h"

namespace srm {

/// Everything a result holds, in the words of the file format; see Resonance for what must hold between the members.
struct ResonanceParts {
  std::string address = "activations";  ///< of the layer, or "activations" without a model
  std::string group;                    ///< label of the class that these rows are of; "" where all rows are counted
  std::int64_t dim = 0;                 ///< n
  std::int64_t num_vectors = 0;         ///< m
  std::string basis_name;               ///< as Basis::name()
  std::vector<double> basis;  ///< (m, n) as used: unit rows unless basis_lengths is kKept; none for the standard basis
  VectorLengths basis_lengths = VectorLengths::kNormalised;  ///< what happened to the lengths of its vectors
  Pairs pairs = Pairs::kCombination;                         ///< planes i < j, or both orders
  std::vector<Plane> planes;                                 ///< (P) with a table of their own, in lexicographic order
  std::string plane_choice = "all";                          ///< which those are: to_string(PlaneChoice)
  std::uint64_t plane_seed = 0;                              ///< by which they were drawn, else 0
  std::int64_t num_planes_summed = 0;    ///< all planes of the basis, which holistic_counts is the sum over: P or more
  std::int64_t num_planes_left_out = 0;  ///< pairs of parallel vectors
  std::vector<double> epsilon;           ///< (E) in the order given
  AngleGrid grid;                        ///< the angles of every curve
  Sense sense = Sense::kNatural;         ///< which way they turn
  std::vector<std::int64_t> counts;      ///< (E, P, K): rows inside the spotlight
  std::vector<std::int64_t> plane_hits;  ///< (E, P): rows with r >= epsilon (r > 0) in that plane
  std::vector<std::int64_t> holistic_counts;  ///< (E, K): sum of counts over all num_planes_summed planes
  std::vector<std::int64_t> signed_counts;    ///< (E, P, K): rows inside minus rows with x_hat . p <= -epsilon; or none
  std::vector<std::int64_t> holistic_signed_counts;  ///< (E, K): the same summed over all planes; or none
  Scores scores;                                     ///< sums that A4, C4 and their like follow from
  std::int64_t num_samples_seen = 0;                 ///< N, the denominator of every fraction
  std::int64_t num_samples_zero_norm = 0;            ///< see Note [Rows without a direction] in accumulator.h
  std::int64_t num_samples_nonfinite = 0;            ///< rows with NaN or an infinity
  std::int64_t num_samples_skipped = 0;  ///< left out by a mask, by sampling or beyond a limit; in no other number
  std::int64_t num_calls = 0;            ///< updates: calls of the layer, or batches
  bool centred = false;                  ///< whether a mean was taken off the rows
  std::vector<double> mean;              ///< (n) when centred, else empty
};

/// The result for one layer as an immutable value: integer counts and what they were counted with. Thread-safe to read.
class Resonance {
 public:
  /// Throws srm::Error naming `where` when sizes, orders, ranges or sums contradict each other.
  explicit Resonance(ResonanceParts parts, std::string_view where = "resonance");

  /// All members, for files and reports.
  const ResonanceParts& parts() const { return parts_; }
  /// Where in the model.
  const std::string& address() const { return parts_.address; }
  /// n, the numbers of a row.
  std::int64_t dim() const { return parts_.dim; }
  /// P, the planes that have tables.
  std::int64_t num_planes() const { return static_cast<std::int64_t>(parts_.planes.size()); }
  /// E, the cosine thresholds.
  std::int64_t num_epsilons() const { return static_cast<std::int64_t>(parts_.epsilon.size()); }
  /// K, the angles of a curve.
  std::int64_t num_angles() const { return parts_.grid.num_angles(); }
  /// N, the rows that came.
  std::int64_t num_samples_seen() const { return parts_.num_samples_seen; }
  /// Whether signed counts were taken.
  bool is_signed() const { return !parts_.holistic_signed_counts.empty(); }
  /// Whether every plane of the basis has a table of its own.
  bool has_all_planes() const { return num_planes() == parts_.num_planes_summed; }

  /// The same as if no plane had had a table: holistic curves and scores.
  Resonance without_tables() const;

  /// The counts of one plane at one epsilon, (K); both indices as in parts(), throws srm::Error outside.
  std::span<const std::int64_t> counts(std::int64_t epsilon_index, std::int64_t plane_index) const;
  /// The sum of all planes' counts at one epsilon, (K).
  std::span<const std::int64_t> holistic_counts(std::int64_t epsilon_index) const;
  /// The place of `epsilon` (exactly that number) in parts().epsilon; throws srm::Error naming those there are.
  std::int64_t epsilon_index(double epsilon) const;
  /// The place of the plane (i, j); throws srm::Error when it is not among the planes.
  std::int64_t plane_index(std::int64_t i, std::int64_t j) const;

  /// b_i as used, (n); throws srm::Error unless 0 <= i < m.
  std::vector<double> basis_vector(std::int64_t i) const;

  /// f_ij(theta_k) = counts / N of one plane, (K); all zeros when N is 0.
  std::vector<double> curve(std::int64_t epsilon_index, std::int64_t plane_index) const;
  /// g_ij(theta_k) = signed counts / N of one plane, in [-1, 1], (K). Throws srm::Error where none were counted.
  std::vector<double> signed_curve(std::int64_t epsilon_index, std::int64_t plane_index) const;
  /// Mean of f_ij(theta_k), or of g_ij(theta_k), over all planes of the basis, (K); zeros when there are no planes or
  /// no samples.
  std::vector<double> holistic_mean(std::int64_t epsilon_index) const;
  /// The same of signed counts; throws srm::Error where none were taken.
  std::vector<double> holistic_signed_mean(std::int64_t epsilon_index) const;
  /// Standard deviation of f_ij(theta_k) over planes (of the P planes themselves, not an estimate beyond them), (K).
  /// Where planes were drawn, it is of those drawn around their own mean; NaN where they were listed or none.
  std::vector<double> holistic_std(std::int64_t epsilon_index) const;
  /// Mean of x_hat . p(theta_k) over the finite non-zero rows, p being of length 1, in any plane of the basis, (K);
  /// zeros without rows or in a plane of parallel vectors. Throws srm::Error for a plane that there is none of, and
  /// where directions were not summed.
  std::vector<double> mean_cosine(const Plane& plane) const;

 private:
  std::span<const std::int64_t> plane_part(const std::vector<std::int64_t>& counts, std::int64_t epsilon_index,
                                           std::int64_t plane_index) const;
  std::span<const std::int64_t> holistic_part(const std::vector<std::int64_t>& counts,
                                              std::int64_t epsilon_index) const;

  ResonanceParts parts_;
};

}  // namespace srm
