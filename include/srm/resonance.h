#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "srm/angle_grid.h"
#include "srm/plane_set.h"

namespace srm {

/// Integer sums from which scores follow; real numbers are rounded once, per row or hit, to fixed point at these
/// scales, so that sums over disjoint data add up exactly in any order.
struct Scores {
  static constexpr std::int64_t kQuarticScale = std::int64_t{1} << 30;
  static constexpr std::int64_t kCosineScale = std::int64_t{1} << 20;

  std::int64_t num_rows = 0;             ///< finite non-zero rows (after centring, if centred)
  std::int64_t quartic_sum = 0;          ///< sum of |B x_hat|_4^4 over those rows, times kQuarticScale
  std::vector<std::int64_t> cosine_sum;  ///< (E): sum of cos(4 phi) over hits, times kCosineScale
  std::vector<std::int64_t> num_hits;    ///< (E): pairs of a row and a plane with r >= epsilon (r > 0)
  friend bool operator==(const Scores&, const Scores&) = default;
};

/// Everything a result holds, in the words of the file format; see Resonance for what must hold between the members.
struct ResonanceParts {
  std::string address = "activations";  ///< of the layer, or "activations" without a model
  std::int64_t dim = 0;                 ///< n
  std::int64_t num_vectors = 0;         ///< m
  std::string basis_name;
  std::vector<double> basis;  ///< (m, n) as used: unit rows unless basis_lengths is kKept
  VectorLengths basis_lengths = VectorLengths::kNormalised;
  Pairs pairs = Pairs::kCombination;
  std::vector<Plane> planes;  ///< (P) in lexicographic order
  std::int64_t num_planes_left_out = 0;
  std::vector<double> epsilon;  ///< (E) in the order given
  AngleGrid grid;
  Sense sense = Sense::kNatural;
  std::vector<std::int64_t> counts;           ///< (E, P, K): rows inside the spotlight
  std::vector<std::int64_t> plane_hits;       ///< (E, P): rows with r >= epsilon (r > 0) in that plane
  std::vector<std::int64_t> holistic_counts;  ///< (E, K): sum of counts over planes
  Scores scores;
  std::int64_t num_samples_seen = 0;       ///< N, the denominator of every fraction
  std::int64_t num_samples_zero_norm = 0;  ///< see Note [Rows without a direction] in accumulator.h
  std::int64_t num_samples_nonfinite = 0;
  std::int64_t num_samples_skipped = 0;  ///< left out by a mask, by sampling or beyond a limit; in no other number
  std::int64_t num_calls = 0;            ///< updates: calls of the layer, or batches
  bool centred = false;
  std::vector<double> mean;  ///< (n) when centred, else empty
};

/// The result for one layer as an immutable value: integer counts and what they were counted with. Thread-safe to read.
class Resonance {
 public:
  /// Throws srm::Error naming `where` when sizes, orders, ranges or sums contradict each other.
  explicit Resonance(ResonanceParts parts, std::string_view where = "resonance");

  const ResonanceParts& parts() const { return parts_; }
  const std::string& address() const { return parts_.address; }
  std::int64_t dim() const { return parts_.dim; }
  std::int64_t num_planes() const { return static_cast<std::int64_t>(parts_.planes.size()); }
  std::int64_t num_epsilons() const { return static_cast<std::int64_t>(parts_.epsilon.size()); }
  std::int64_t num_angles() const { return parts_.grid.num_angles(); }
  std::int64_t num_samples_seen() const { return parts_.num_samples_seen; }

  /// The counts of one plane at one epsilon, (K); both indices as in parts(), throws srm::Error outside.
  std::span<const std::int64_t> counts(std::int64_t epsilon_index, std::int64_t plane_index) const;
  /// The sum of all planes' counts at one epsilon, (K).
  std::span<const std::int64_t> holistic_counts(std::int64_t epsilon_index) const;
  /// The place of `epsilon` (exactly that number) in parts().epsilon; throws srm::Error naming those there are.
  std::int64_t epsilon_index(double epsilon) const;
  /// The place of the plane (i, j); throws srm::Error when it is not among the planes.
  std::int64_t plane_index(std::int64_t i, std::int64_t j) const;

  /// f_ij(theta_k) = counts / N of one plane, (K); all zeros when N is 0.
  std::vector<double> curve(std::int64_t epsilon_index, std::int64_t plane_index) const;
  /// Mean over planes of f_ij(theta_k), (K); zeros when there are no planes or no samples.
  std::vector<double> holistic_mean(std::int64_t epsilon_index) const;
  /// Standard deviation over planes (of the P planes themselves, not an estimate beyond them), (K).
  std::vector<double> holistic_std(std::int64_t epsilon_index) const;

 private:
  ResonanceParts parts_;
};

/// The results of one run: layers in the order of the model, the options as text, whether it was stopped early.
struct Results {
  /// Option and value in the words of the command line. Holds no time, host or path, so that equal runs give equal
  /// files.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<Resonance> layers;
  bool partial = false;

  auto begin() const { return layers.begin(); }
  auto end() const { return layers.end(); }
};

}  // namespace srm
