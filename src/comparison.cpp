#include "srm/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "srm/error.h"
#include "srm/significance.h"

namespace srm {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr DifferenceTest kNoTest = {kNan, kNan, kNan, kNan};

double two_sided_normal(double z) { return std::erfc(std::abs(z) / std::sqrt(2.0)); }

double two_sided_t(double t, double degrees) {
  return 2 * boost::math::cdf(boost::math::complement(boost::math::students_t(degrees), std::abs(t)));
}

bool has_blocks(const ComparedLayer& a, const ComparedLayer& b) { return a.num_blocks > 0 && b.num_blocks > 0; }

ScoreDifference a4_difference(const ComparedLayer& a, const ComparedLayer& b) {
  ScoreDifference d = {b.layer.a4 - a.layer.a4, std::hypot(a.layer.a4_error, b.layer.a4_error),
                       a.layer.a4_error + b.layer.a4_error, kNoTest};
  if (!has_blocks(a, b)) {
    d.error_bound = kNan;
    return d;
  }
  if (!std::isfinite(d.difference) || !std::isfinite(d.error)) return d;
  if (d.error == 0) {
    // Without any spread nothing can be said of a difference; of none, that there is none.
    if (d.difference == 0) d.test.p = d.test.p_bound = 1;
    return d;
  }
  const auto degrees = static_cast<double>(std::min(a.num_blocks, b.num_blocks) - 1);
  d.test.p = two_sided_t(d.difference / d.error, degrees);
  d.test.p_bound = two_sided_t(d.difference / d.error_bound, degrees);
  return d;
}

std::int64_t num_distinct(const LayerWindow& layer) { return layer.num_angles - (layer.is_inclusive ? 1 : 0); }

std::vector<double> holistic_mean(const LayerWindow& layer, std::size_t e) {
  std::vector<double> mean(static_cast<std::size_t>(num_distinct(layer)), 0.0);
  const double divisor = static_cast<double>(layer.num_samples_seen) * static_cast<double>(layer.num_planes);
  const std::int64_t* counts = layer.holistic_counts.data() + e * static_cast<std::size_t>(layer.num_angles);
  for (std::size_t k = 0; k < mean.size() && divisor > 0; ++k) mean[k] = static_cast<double>(counts[k]) / divisor;
  return mean;
}

// The larger of the two bounds of the variance of one side's mean in Note [Differences].
double largest_variance(double f, double pooled, double share, double num_blocks) {
  const double smoothed = (num_blocks * f + share) / (num_blocks + 2);
  const auto variance = [&](double mean) { return std::max(0.0, mean * (share - mean)); };
  return std::max(variance(smoothed), variance(pooled)) / num_blocks;
}

void test_curve(CurveDifference& curve, const ComparedLayer& a, const ComparedLayer& b, double share) {
  const double blocks_a = a.num_effective_blocks;
  const double blocks_b = b.num_effective_blocks;
  if (blocks_a < 1 || blocks_b < 1) return;
  double most = 0, most_bound = 0;
  for (std::size_t k = 0; k < curve.a.size(); ++k) {
    const double pooled = (blocks_a * curve.a[k] + blocks_b * curve.b[k]) / (blocks_a + blocks_b);
    const double error_a = std::sqrt(largest_variance(curve.a[k], pooled, share, blocks_a));
    const double error_b = std::sqrt(largest_variance(curve.b[k], pooled, share, blocks_b));
    curve.error.push_back(std::hypot(error_a, error_b));
    curve.error_bound.push_back(error_a + error_b);
    const double size = std::abs(curve.b[k] - curve.a[k]);
    most = std::max(most, size / curve.error.back());
    most_bound = std::max(most_bound, size / curve.error_bound.back());
  }
  const auto num_angles = static_cast<double>(curve.a.size());
  curve.test.p = std::min(1.0, num_angles * two_sided_normal(most));
  curve.test.p_bound = std::min(1.0, num_angles * two_sided_normal(most_bound));
}

bool has_same_angles(const ComparedLayer& a, const ComparedLayer& b) {
  return a.layer.num_angles == b.layer.num_angles && a.layer.is_inclusive == b.layer.is_inclusive && a.sense == b.sense;
}

bool has_curve(const LayerWindow& layer) { return layer.num_samples_seen > 0 && layer.num_planes > 0; }

CurveDifference curve_difference(const ComparedLayer& a, std::size_t e_a, const ComparedLayer& b, std::size_t e_b) {
  CurveDifference curve;
  curve.epsilon = a.layer.epsilon[e_a];
  curve.c4_a = a.layer.c4[e_a];
  curve.c4_b = b.layer.c4[e_b];
  curve.test = kNoTest;
  if (!has_same_angles(a, b) || !has_curve(a.layer) || !has_curve(b.layer)) return curve;
  curve.a = holistic_mean(a.layer, e_a);
  curve.b = holistic_mean(b.layer, e_b);
  for (std::size_t k = 1; k < curve.a.size(); ++k) {
    const auto size = [&](std::size_t at) { return std::abs(curve.b[at] - curve.a[at]); };
    if (size(k) > size(static_cast<std::size_t>(curve.largest))) curve.largest = static_cast<std::int64_t>(k);
  }
  test_curve(curve, a, b, std::max(a.largest_share[e_a], b.largest_share[e_b]));
  return curve;
}

std::string grid_of(const ComparedLayer& layer) {
  return fmt::format("{} angles, {}, {} sense", layer.layer.num_angles,
                     to_string(layer.layer.is_inclusive ? GridEnds::kInclusive : GridEnds::kExclusive),
                     to_string(layer.sense));
}

std::string epsilons_beside(const LayerWindow& a, const LayerWindow& b) {
  std::vector<double> alone;
  for (const double epsilon : a.epsilon) {
    if (std::find(b.epsilon.begin(), b.epsilon.end(), epsilon) == b.epsilon.end()) alone.push_back(epsilon);
  }
  return fmt::format("{}", fmt::join(alone, ", "));
}

std::vector<std::string> notes_on(const ComparedLayer& a, const ComparedLayer& b, bool has_common_epsilon) {
  std::vector<std::string> notes;
  const auto differ = [&](const auto& x, const auto& y, const char* what) {
    if (x != y) notes.push_back(fmt::format("{}: {} and {}", what, x, y));
  };
  const auto yes_no = [](bool is) { return is ? "yes" : "no"; };
  differ(a.layer.dim, b.layer.dim, "other widths, in which an epsilon is another sharpness");
  differ(a.layer.basis_name, b.layer.basis_name, "other bases");
  differ(a.layer.num_vectors, b.layer.num_vectors, "other numbers of basis vectors");
  differ(a.layer.num_planes, b.layer.num_planes, "other numbers of planes");
  differ(std::string(to_string(a.pairs)), std::string(to_string(b.pairs)), "other pairs");
  differ(std::string(yes_no(a.has_unit_vectors)), std::string(yes_no(b.has_unit_vectors)), "vectors of length 1");
  differ(std::string(yes_no(a.centred)), std::string(yes_no(b.centred)), "centred");
  for (const auto& [x, y, side] : {std::tuple(&a, &b, "A"), std::tuple(&b, &a, "B")}) {
    const std::string alone = epsilons_beside(x->layer, y->layer);
    if (!alone.empty()) notes.push_back(fmt::format("epsilon of {} alone: {}", side, alone));
  }
  if (std::isfinite(a.layer.a4) && std::isfinite(b.layer.a4) && !has_blocks(a, b)) {
    notes.emplace_back(
        "one is a step of a training, whose rows are taken as independent: samples that come again make its error too "
        "small, so A4 has no p");
  }
  if (!has_common_epsilon) {
    notes.emplace_back("no epsilon is in both, so no C4 and no curve is compared");
  } else if (!has_same_angles(a, b)) {
    notes.push_back(fmt::format("other angles, so no curve is compared: {} and {}", grid_of(a), grid_of(b)));
  } else if (!has_curve(a.layer) || !has_curve(b.layer)) {
    notes.emplace_back("one has no samples or no planes, so no curve is compared");
  } else if (a.num_effective_blocks < 1 || b.num_effective_blocks < 1) {
    notes.emplace_back("one does not tell its blocks, so the difference of the curves has no error");
  }
  return notes;
}

}  // namespace

LayerComparison compare_layers(const ComparedLayer& a, const ComparedLayer& b) {
  LayerComparison compared{1, a, b, a4_difference(a, b)};
  for (std::size_t e_a = 0; e_a < a.layer.epsilon.size(); ++e_a) {
    const auto found = std::find(b.layer.epsilon.begin(), b.layer.epsilon.end(), a.layer.epsilon[e_a]);
    if (found == b.layer.epsilon.end()) continue;
    const auto e_b = static_cast<std::size_t>(found - b.layer.epsilon.begin());
    compared.curves.push_back(curve_difference(a, e_a, b, e_b));
  }
  compared.notes = notes_on(a, b, !compared.curves.empty());
  return compared;
}

}  // namespace srm
