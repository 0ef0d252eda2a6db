#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace srm {

// What chance could do: p-values from scores drawn under a null hypothesis, errors of means of dependent rows, and
// false discovery among many tests. Pure functions of numbers, callable from any thread.

/// Two-sided empirical p of `score` among scores drawn under the null: min(1, 2 min(low, high)) with the tails low = (1
/// + #{null <= score}) / (1 + R) and high likewise. NaN when the score is. Throws srm::Error for no null scores.
double empirical_p(double score, std::span<const double> null_scores);
/// The same with `sorted` ascending, in O(log R).
double empirical_p_sorted(double score, std::span<const double> sorted);

/// A score beside the scores of the same rows under the null hypothesis. What follows from the two is derived at
/// construction; a null whose scores are all equal has z NaN.
struct NullTest {
  /// Throws srm::Error unless the score and at least two null scores are there and finite.
  NullTest(double score, std::vector<double> null_scores);

  double score;                     ///< that is tested
  std::vector<double> null_scores;  ///< (R) in the order drawn
  double p;                         ///< empirical_p()
  /// The mean of the null scores.
  double mean, std_dev;  ///< of the null scores; std_dev divides by R - 1
  double skew;           ///< mean cubed deviation / (mean squared deviation)^(3/2); 0 where they are equal
  double z;              ///< (score - mean) / std_dev: a distance, never turned into a p, since the null may be skewed

  /// R, the number of null scores.
  std::int64_t num_rotations() const { return static_cast<std::int64_t>(null_scores.size()); }
  /// Scores above `above` or below `below` have p <= alpha. Infinite when R is too small for any score to.
  struct Critical {
    double above;  ///< the score above which p <= alpha
    double below;  ///< the score below which p <= alpha
  };
  /// Where significance at `alpha` begins on either side.
  Critical critical(double alpha) const;

  /// Equal in all scores.
  friend bool operator==(const NullTest& a, const NullTest& b) {
    return a.score == b.score && a.null_scores == b.null_scores;
  }
};

/// sqrt(G / (G - 1) sum_b (sum_{i in b} (a_i - mean))^2) / N, the standard error of the mean of N values of which those
/// of one block (`blocks`, (N), any numbers, in any order; G different ones) hang together. NaN below two blocks.
/// Throws srm::Error when the two lists differ in length.
double block_standard_error(std::span<const double> values, std::span<const std::int64_t> blocks);

/// q of each p, (P): the least false discovery rate at which it is significant, min over p_(k) >= p of p_(k) P / k,
/// at most 1 (Benjamini and Hochberg 1995; valid for independent or positively dependent tests).
/// Throws srm::Error for a p outside [0, 1].
std::vector<double> benjamini_hochberg(std::span<const double> p);
/// The same times 1 + 1/2 + ... + 1/P, at most 1: valid under any dependence (Benjamini and Yekutieli 2001).
std::vector<double> benjamini_yekutieli(std::span<const double> p);

}  // namespace srm
