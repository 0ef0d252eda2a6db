#include "activation_basis/expectations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "activation_basis/summary.h"

namespace srm::activation_basis {
namespace {

constexpr std::int64_t kWidth = 16;
using Value = std::function<double(const BasisScore&)>;

double a4_of(const BasisScore& score) { return score.a4; }
double z_of(const BasisScore& score) { return score.haar.z; }
double m1_of(const BasisScore& score) { return score.m1.value().z; }
double match_of(const BasisScore& score) { return score.learned.value().match; }

/// One place and basis of a trained network.
struct Spot {
  Place place;
  JudgedBasis basis;
};
constexpr Spot kAfterActing = {Place::kAfter, JudgedBasis::kActing};
constexpr Spot kBeforeActing = {Place::kBefore, JudgedBasis::kActing};
constexpr Spot kAfterLearned = {Place::kAfter, JudgedBasis::kLearnedDiagonal};

std::string words(const Spot& spot, const char* value) {
  return fmt::format("{}, {}: {}", to_string(spot.place), to_string(spot.basis), value);
}

class Checks {
 public:
  explicit Checks(std::span<const CaseResult> cases) : cases_(cases) {}

  /// Every seed's value must satisfy `is_expected`.
  void bound(const std::string& network, const Spot& spot, const char* what, const Value& value,
             const std::string& expected, const std::function<bool(double)>& is_expected) {
    const std::vector<double> values = values_of(network, spot, value);
    if (values.empty()) return;
    add(network, words(spot, what), expected, values, std::all_of(values.begin(), values.end(), is_expected));
  }

  /// Chance: |z| <= 3.5, and four of five below 2.5.
  void chance(const std::string& network, Place place) {
    const Spot spot = {place, JudgedBasis::kStandard};
    const std::vector<double> values = values_of(network, spot, z_of);
    if (values.empty()) return;
    const bool none_is_large = std::all_of(values.begin(), values.end(), [](double z) { return std::abs(z) <= 3.5; });
    const auto num_small = std::count_if(values.begin(), values.end(), [](double z) { return std::abs(z) < 2.5; });
    add(network, words(spot, "z"), "|z| <= 3.5, 4 of 5 < 2.5", values,
        none_is_large && 5 * static_cast<std::size_t>(num_small) >= 4 * values.size());
  }

  /// A turned start with SGD gives the tanh network of the same seed: A4 must be the same but for rounding.
  void identity(Place place) {
    std::vector<double> differences;
    for (const CaseResult& turned : cases_) {
      if (turned.key.network != "tanh-turned" || turned.key.width != kWidth) continue;
      const CaseKey key{"tanh", kWidth, turned.key.seed};
      const auto plain =
          std::find_if(cases_.begin(), cases_.end(), [&](const CaseResult& result) { return result.key == key; });
      if (plain == cases_.end()) continue;
      differences.push_back(std::abs(turned.find(Stage::kTrained, place, JudgedBasis::kActing)->a4 -
                                     plain->find(Stage::kTrained, place, JudgedBasis::kActing)->a4));
    }
    if (differences.empty()) return;
    const double largest = *std::max_element(differences.begin(), differences.end());
    made_.push_back({"tanh-turned", words({place, JudgedBasis::kActing}, "|A4 - that of tanh|"), "<= 1e-5",
                     fmt::format("at most {:.1e}", largest), largest <= 1e-5, false});
  }

  /// Every seed's value was within [low, high] in earlier runs.
  void figure(const std::string& network, const Spot& spot, const char* what, const Value& value, double low,
              double high) {
    const std::vector<double> values = values_of(network, spot, value);
    if (values.empty()) return;
    const auto is_within = [&](double one) { return low <= one && one <= high; };
    const bool holds = std::all_of(values.begin(), values.end(), is_within);
    add(network, words(spot, what), fmt::format("{:+.3g} to {:+.3g}", low, high), values, holds);
    made_.back().is_figure = true;
    if (!holds && is_within(range_of(values).median)) made_.back().measured += ", median within";
  }

  /// The median over seeds was `expected` in earlier runs.
  void median(const std::string& network, const Spot& spot, const char* what, const Value& value, double expected,
              double tolerance) {
    const std::vector<double> values = values_of(network, spot, value);
    if (values.empty()) return;
    add(network, words(spot, what), fmt::format("median {:+.3g} +- {:.3g}", expected, tolerance), values,
        std::abs(range_of(values).median - expected) <= tolerance);
    made_.back().is_figure = true;
  }

  std::vector<Expectation> take() { return std::move(made_); }

 private:
  std::vector<double> values_of(const std::string& network, const Spot& spot, const Value& value) const {
    std::vector<double> values;
    for (const CaseResult& result : cases_) {
      if (result.key.network != network || result.key.width != kWidth) continue;
      if (const BasisScore* score = result.find(Stage::kTrained, spot.place, spot.basis)) {
        values.push_back(value(*score));
      }
    }
    return values;
  }

  void add(const std::string& network, const std::string& claim, const std::string& expected,
           const std::vector<double>& values, bool holds) {
    const Range range = range_of(values);
    made_.push_back({network, claim, expected,
                     values.size() == 1
                         ? fmt::format("{:+.3g}", range.median)
                         : fmt::format("{:+.3g} ({:+.3g} to {:+.3g})", range.median, range.min, range.max),
                     holds, false});
  }

  std::span<const CaseResult> cases_;
  std::vector<Expectation> made_;
};

void check_bounds(Checks& checks) {
  const auto below = [](double bound) { return [bound](double value) { return value < bound; }; };
  for (const char* network : {"tanh", "tanh-rotated"}) {
    checks.bound(network, kAfterActing, "z", z_of, "< -8", below(-8));
    checks.bound(network, kBeforeActing, "z", z_of, "< -3.5", below(-3.5));
    checks.bound(network, kAfterActing, "z against M1", m1_of, "< -3", below(-3));
    checks.bound(network, kAfterLearned, "match", match_of, ">= 0.99", [](double match) { return match >= 0.99; });
  }
  for (const char* network : {"tanh-rotated", "isotropic", "linear"}) {
    for (const Place place : {Place::kBefore, Place::kAfter}) checks.chance(network, place);
  }
  const auto beyond_chance = [](const BasisScore& score) { return match_of(score) - score.learned.value().chance; };
  checks.bound("isotropic", kAfterLearned, "match - chance", beyond_chance, "-0.06 to +0.06",
               [](double difference) { return std::abs(difference) <= 0.06; });
  checks.bound("relu", kBeforeActing, "z", z_of, "> 2.5", [](double z) { return z > 2.5; });
  for (const Place place : {Place::kBefore, Place::kAfter}) checks.identity(place);
}

// Figures of five seeds of an implementation in Python.
void check_figures(Checks& checks) {
  for (const char* network : {"tanh", "tanh-rotated"}) {
    checks.figure(network, kAfterActing, "A4", a4_of, -0.101, -0.091);
    checks.figure(network, kAfterActing, "z", z_of, -16, -13);
    checks.figure(network, kBeforeActing, "A4", a4_of, -0.049, -0.037);
    checks.figure(network, kBeforeActing, "z", z_of, -7.5, -5.5);
    checks.figure(network, kAfterActing, "z against M1", m1_of, -8.5, -4.7);
  }
  checks.figure("tanh-frame-24", kAfterActing, "z", z_of, -11, -10);
  checks.figure("tanh-frame-24", kAfterActing, "z against M1", m1_of, -5, -4);
  checks.figure("tanh-frame-48", kAfterActing, "z", z_of, -11, -9);
  checks.figure("tanh-frame-48", kAfterActing, "z against M1", m1_of, -4.3, -1.6);
  for (const char* network : {"tanh-rotated", "isotropic", "linear"}) {
    for (const Place place : {Place::kBefore, Place::kAfter}) {
      checks.figure(network, {place, JudgedBasis::kStandard}, "z", z_of, -2, 2);
    }
  }
  checks.median("relu", kBeforeActing, "A4", a4_of, 0.044, 0.01);
  checks.figure("relu", kBeforeActing, "z", z_of, 4, 8);
}

}  // namespace

std::vector<Expectation> check_expectations(std::span<const CaseResult> cases) {
  Checks checks(cases);
  check_bounds(checks);
  check_figures(checks);
  return checks.take();
}

std::string conclusion(std::span<const CaseResult> cases, std::span<const Expectation> expectations) {
  const auto has = [&](const std::string& network) {
    return std::any_of(cases.begin(), cases.end(), [&](const CaseResult& result) {
      return result.key.network == network && result.key.width == kWidth;
    });
  };
  if (!has("tanh") || !has("tanh-rotated") || !(has("isotropic") || has("linear"))) {
    return "No conclusion: it takes the networks tanh, tanh-rotated and isotropic or linear, of width 16.";
  }
  std::int64_t num_bounds = 0;
  std::int64_t num_differ = 0;
  for (const Expectation& expectation : expectations) {
    if (expectation.is_figure) continue;
    ++num_bounds;
    if (!expectation.holds) ++num_differ;
  }
  if (num_differ > 0) {
    return fmt::format(
        "{} of {} expectations differ, so these networks do not bear out the claim as it stands; see above which.",
        num_differ, num_bounds);
  }
  return "In these networks, which differ in the bottleneck's function alone, activations lie on the diagonals of the "
         "basis that tanh acts in, wherever that lies, before the function too and beyond what tanh makes of any such "
         "pre-activations, and where the function acts in no basis, none stands out: here the function is what "
         "privileges the basis, which says nothing of other architectures, data and optimisers.";
}

}  // namespace srm::activation_basis
