#include "activation_basis/summary.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

namespace srm::activation_basis {
namespace {

using Scores = std::vector<const BasisScore*>;

Range range_over(const Scores& scores, const std::function<double(const BasisScore&)>& value) {
  std::vector<double> values;
  for (const BasisScore* score : scores) values.push_back(value(*score));
  return range_of(std::move(values));
}

SummaryRow row_of(const CaseKey& key, const Scores& scores) {
  const BasisScore& first = *scores.front();
  SummaryRow row;
  row.network = key.network;
  row.width = key.width;
  row.stage = first.stage;
  row.place = first.place;
  row.basis = first.basis;
  row.num_seeds = static_cast<std::int64_t>(scores.size());
  row.a4 = range_over(scores, [](const BasisScore& score) { return score.a4; });
  row.z = range_over(scores, [](const BasisScore& score) { return score.haar.z; });
  row.num_significant =
      std::count_if(scores.begin(), scores.end(), [](const BasisScore* score) { return score->haar.p <= 0.05; });
  if (first.m1) row.m1_z = range_over(scores, [](const BasisScore& score) { return score.m1.value().z; });
  if (first.m1c) row.m1c_z = range_over(scores, [](const BasisScore& score) { return score.m1c.value().z; });
  if (first.learned) {
    row.match = range_over(scores, [](const BasisScore& score) { return score.learned.value().match; });
    row.halves = range_over(scores, [](const BasisScore& score) { return score.learned.value().halves_agreement; });
    for (const BasisScore* score : scores) {
      row.chance += score->learned.value().chance / static_cast<double>(scores.size());
    }
  }
  return row;
}

bool is_same_kind(const CaseKey& a, const CaseKey& b) { return a.network == b.network && a.width == b.width; }

}  // namespace

Range range_of(std::vector<double> values) {
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) {
    constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
    return {kUnknown, kUnknown, kUnknown};
  }
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {median, values.front(), values.back()};
}

std::vector<SummaryRow> summarise(std::span<const CaseResult> cases) {
  std::vector<SummaryRow> rows;
  for (std::size_t begin = 0, end = 0; begin < cases.size(); begin = end) {
    while (end < cases.size() && is_same_kind(cases[begin].key, cases[end].key)) ++end;
    for (const BasisScore& first : cases[begin].scores) {
      Scores scores;
      for (const CaseResult& seed : cases.subspan(begin, end - begin)) {
        if (const BasisScore* score = seed.find(first.stage, first.place, first.basis)) scores.push_back(score);
      }
      rows.push_back(row_of(cases[begin].key, scores));
    }
  }
  return rows;
}

}  // namespace srm::activation_basis
