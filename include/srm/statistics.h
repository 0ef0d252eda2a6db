#pragma once

#include <cstdint>
#include <vector>

#include "srm/plane_choice.h"
#include "srm/resonance.h"

namespace srm {

/// A4, quartic alignment of a layer with its basis: ((n + 2)(n / m) mean(sum_i (b_i . x_hat)^4) - 3) / (n - 1) over the
/// finite non-zero rows. 1 when every row is on an axis, 0 in expectation for isotropic rows, -2/n on (+-1, ..., +-1).
/// NaN when n < 2 or there is no row.
double quartic_alignment(const Resonance& layer);

/// The standard error of quartic_alignment(), with the samples' blocks as what is independent: (n + 2)(n / m) / (n - 1)
/// times sqrt(G / (G - 1) sum_b (sum_{i in b} (a_i - mean a))^2) / N for a_i = sum_k (b_k . x_hat_i)^4, N rows and G
/// blocks. NaN below two blocks, and where A4 is.
double quartic_alignment_error(const Resonance& layer);

/// Below so many hits C4 says nothing.
constexpr std::int64_t kMinHits = 100;

/// C4(epsilon), arc alignment: the mean of cos(4 phi) over all hits of all planes; above 0 on axes, below 0 on
/// diagonals. NaN below `min_hits` hits, where it says nothing. Throws srm::Error for an epsilon that was not counted.
double arc_alignment(const Resonance& layer, double epsilon, std::int64_t min_hits = kMinHits);

/// S4(epsilon), spotlight harmonic: sum_k f(theta_k) cos(4 theta_k) / sum_k f(theta_k) of the holistic mean f, without
/// the repeated last angle of an inclusive grid. It describes the drawn curve and nothing more: an arc of half-width
/// delta lets through sin(4 delta) / (4 delta) of its cos(4 phi), which is below 0 for r > sqrt(2) epsilon, so that
/// rows on the axes have S4 < 0 at a low epsilon. NaN where the curve is zero. Throws srm::Error for an epsilon that
/// was not counted.
double spotlight_harmonic(const Resonance& layer, double epsilon);

/// The share of isotropic directions inside a spotlight, P(x_hat . p >= epsilon) in `dim` dimensions:
/// I_{1 - epsilon^2}((n - 1)/2, 1/2) / 2 for epsilon >= 0, one minus that of -epsilon below 0 (I is the regularised
/// incomplete beta function); for n = 1 it is 1/2 above epsilon = -1. A line to draw, never a test.
/// Throws srm::Error unless dim >= 1 and -1 <= epsilon <= 1.
double isotropic_rate(std::int64_t dim, double epsilon);

/// The epsilon at which isotropic_rate() of `dim` dimensions is `rate`, to 1e-6: where a curve is neither empty nor
/// full, 0.750, 0.558, 0.288, 0.119, 0.084 for 1 % at n = 8, 16, 64, 384, 768. Throws srm::Error unless dim >= 2 and 0
/// < rate < 1/2.
double isotropic_epsilon(std::int64_t dim, double rate);

/// The largest value of one plane's curve, and where.
struct PlanePeak {
  std::int64_t count = 0;        ///< rows inside there
  std::int64_t angle_index = 0;  ///< the first angle with that count
};
/// Of one plane at one epsilon; throws srm::Error for indices outside.
PlanePeak plane_peak(const Resonance& layer, std::int64_t epsilon_index, std::int64_t plane_index);

/// The `num_planes` planes with the most hits at one epsilon (all where there are no more), for an accumulator that
/// counts those; of equally many the first. A first pass needs one angle only. Throws srm::Error when `num_planes` is
/// below 1, when there are no planes or the index is out of range.
PlaneChoice top_planes(const Resonance& first_pass, std::int64_t epsilon_index, std::int64_t num_planes);

}  // namespace srm
