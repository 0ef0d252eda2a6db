#include "report/findings_facts.h"

#include <fmt/format.h>

#include <algorithm>

namespace srm::report {

const LayerFindings* findings_of(const Results& results, const Resonance& layer) {
  return layer.parts().group.empty() ? results.findings_of(layer.address()) : nullptr;
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
