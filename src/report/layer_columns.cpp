#include "report/layer_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "report/findings_facts.h"
#include "srm/statistics.h"
#include "srm/verdict.h"

namespace srm::report {
namespace {

std::string error_text(double error) {
  if (!std::isfinite(error)) return "";
  return error > 0 && error < 0.0005 ? "<0.001" : fmt::format("{:.3f}", error);
}

// As a score; where that would be "0.000", how small it is, for it may still be a finding.
std::string a4_text(double a4) {
  const double size = std::abs(a4);
  return size >= 1e-6 && size < 0.0005 ? fmt::format("{:.0e}", a4) : score_text(a4);
}

const LayerTests* tests_of(const Results& results, const Resonance& layer) {
  const LayerFindings* findings = findings_of(results, layer);
  return findings != nullptr && findings->tests ? &*findings->tests : nullptr;
}

const char* verdict_word(const LayerTests& tests) {
  const Alignment alignment = alignment_of(tests);
  return alignment == Alignment::kNone ? "none" : to_string(alignment);
}

}  // namespace

std::vector<Column> layer_columns(const Results& results) {
  Column n{"n"}, planes{"planes", 1}, samples{"samples"}, a4{"A4"}, error{"+-", 3}, p{"p", kLastToGo};
  Column verdict{"verdict", 0, /*is_text=*/true}, epsilon{"eps"}, c4{"C4"}, peak{"peak", 2};
  for (const Resonance& layer : results) {
    const LayerTests* tests = tests_of(results, layer);
    for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
      const auto once = [&](Column& column, std::string cell) {
        column.cells.push_back(e == 0 ? std::move(cell) : std::string());
      };
      once(n, fmt::format("{}", layer.dim()));
      once(planes, fmt::format("{}", layer.parts().num_planes_summed));
      once(samples, fmt::format("{}", layer.num_samples_seen()));
      once(a4, a4_text(quartic_alignment(layer)));
      once(error, error_text(quartic_alignment_error(layer)));
      once(p, tests == nullptr ? "" : fmt::format("{:.2g}", tests->haar.p));
      once(verdict, tests == nullptr ? "" : verdict_word(*tests));
      const double value = layer.parts().epsilon[static_cast<std::size_t>(e)];
      epsilon.cells.push_back(fmt::format("{}", value));
      c4.cells.push_back(score_text(arc_alignment(layer, value)));
      const std::vector<double> mean = layer.holistic_mean(e);
      peak.cells.push_back(short_percent(*std::max_element(mean.begin(), mean.end())));
    }
  }
  std::vector<Column> columns;
  for (Column* column : {&n, &planes, &samples, &a4}) columns.push_back(std::move(*column));
  for (Column* column : {&error, &p, &verdict}) {
    if (column->has_text()) columns.push_back(std::move(*column));
  }
  for (Column* column : {&epsilon, &c4, &peak}) columns.push_back(std::move(*column));
  return columns;
}

}  // namespace srm::report
