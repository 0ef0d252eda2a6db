#include "report/findings_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "srm/verdict.h"

namespace srm::report {

const LayerFindings* findings_of(const Results& results, const Resonance& layer) {
  return layer.parts().group.empty() ? results.findings_of(layer.address()) : nullptr;
}

std::string verdict_summary(const Results& results) {
  std::int64_t num_tested = 0;
  std::string found;
  for (const Alignment alignment : {Alignment::kAligned, Alignment::kDiagonal, Alignment::kNone}) {
    const auto count = std::count_if(results.begin(), results.end(), [&](const Resonance& layer) {
      const LayerFindings* findings = findings_of(results, layer);
      return findings != nullptr && findings->tests && alignment_of(*findings->tests) == alignment;
    });
    num_tested += count;
    if (count > 0) found += fmt::format("{} {} {}", found.empty() ? "" : ",", count, to_string(alignment));
  }
  return num_tested < 2 ? "" : fmt::format("{} layers tested:{}\n", num_tested, found);
}

std::string signed_vector(std::int64_t vector, Side side) { return fmt::format("{}{}", to_string(side), vector); }

bool has_positions(const NeuronTable& neurons) {
  const std::vector<NearestRow>& nearest = neurons.parts().nearest;
  return std::any_of(nearest.begin(), nearest.end(), [](const NearestRow& row) { return row.position != 0; });
}

std::string row_name(const NearestRow& row, bool with_position) {
  return with_position ? fmt::format("{}:{}", row.sample, row.position) : fmt::format("{}", row.sample);
}

std::string nearest_rows(const NeuronTable& neurons, std::int64_t vector, Side side) {
  const bool with_position = has_positions(neurons);
  std::string names;
  for (const NearestRow& row : neurons.nearest(vector, side)) {
    if (!names.empty()) names += ' ';
    names += row_name(row, with_position);
  }
  return names;
}

}  // namespace srm::report
