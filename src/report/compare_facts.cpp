#include "report/compare_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace srm::report {
namespace {

constexpr double kMostFalse = 0.05;

std::string name_of(const ComparedLayer& layer) {
  return layer.group.empty() ? layer.layer.address : fmt::format("{} [{}]", layer.layer.address, layer.group);
}

}  // namespace

std::string source_letter(std::size_t source) {
  return source < 26 ? std::string(1, static_cast<char>('A' + source)) : fmt::format("{}", source + 1);
}

std::string pair_name(const LayerComparison& layer) {
  const std::string a = name_of(layer.a);
  const std::string b = name_of(layer.b);
  return a == b ? a : fmt::format("{} | {}", a, b);
}

std::string difference_summary(const Comparison& comparison) {
  std::int64_t num_tested = 0, num_surely = 0, num_if_independent = 0, num_curves = 0;
  bool has_curves = false;
  for (const LayerComparison& layer : comparison.layers) {
    num_tested += !std::isnan(layer.a4.test.q);
    num_if_independent += layer.a4.test.q <= kMostFalse;
    num_surely += layer.a4.test.q_bound <= kMostFalse;
    has_curves = has_curves || std::any_of(layer.curves.begin(), layer.curves.end(), [](const CurveDifference& curve) {
                   return !std::isnan(curve.test.q_bound);
                 });
    num_curves += std::any_of(layer.curves.begin(), layer.curves.end(),
                              [](const CurveDifference& curve) { return curve.test.q_bound <= kMostFalse; });
  }
  const std::string curves = !has_curves       ? ""
                             : num_curves == 0 ? "; the holistic curve surely in none"
                                               : fmt::format("; the holistic curve in at least {}", num_curves);
  if (num_tested == 0) {
    return fmt::format("No difference of A4 has a p{}{}.", curves,
                       has_curves ? ", at a false discovery rate of 5 %" : "");
  }
  const bool is_all = num_tested == std::ssize(comparison.layers);
  return fmt::format(
      "A4 differs in {} of {} pair{}{} whatever the dependence of the samples ({} if they are independent), at a false "
      "discovery rate of 5 %{}.",
      num_surely, num_tested, num_tested == 1 ? "" : "s", is_all ? "" : " with a p", num_if_independent, curves);
}

}  // namespace srm::report
