#include <cmath>
#include <nlohmann/json.hpp>

#include "report/findings_facts.h"
#include "report/findings_json.h"
#include "report/layer_json.h"
#include "srm/report.h"
#include "srm/statistics.h"

namespace srm {
namespace report {

using nlohmann::ordered_json;

ordered_json number_or_null(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(); }

std::string valid_utf8(const std::string& text) {
  const std::string quoted = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(quoted).get<std::string>();
}

ordered_json settings_json(const std::vector<std::pair<std::string, std::string>>& settings) {
  ordered_json list = ordered_json::array();
  for (const auto& [option, value] : settings) {
    list.push_back(ordered_json::array({valid_utf8(option), valid_utf8(value)}));
  }
  return list;
}

ordered_json layer_json(const Resonance& layer, const Results& results) {
  const ResonanceParts& parts = layer.parts();
  ordered_json c4 = ordered_json::array();
  ordered_json s4 = ordered_json::array();
  for (const double epsilon : parts.epsilon) {
    c4.push_back(number_or_null(arc_alignment(layer, epsilon)));
    s4.push_back(number_or_null(spotlight_harmonic(layer, epsilon)));
  }
  ordered_json object = {{"address", valid_utf8(parts.address)},
                         {"group", valid_utf8(parts.group)},
                         {"dim", parts.dim},
                         {"num_vectors", parts.num_vectors},
                         {"basis_name", valid_utf8(parts.basis_name)},
                         {"basis_lengths", to_string(parts.basis_lengths)},
                         {"pairs", to_string(parts.pairs)},
                         {"num_planes", layer.num_planes()},
                         {"plane_choice", parts.plane_choice},
                         {"plane_seed", parts.plane_seed},
                         {"num_planes_summed", parts.num_planes_summed},
                         {"num_planes_left_out", parts.num_planes_left_out},
                         {"epsilon", parts.epsilon},
                         {"num_angles", layer.num_angles()},
                         {"grid", parts.grid.ends() == GridEnds::kInclusive ? "inclusive" : "exclusive"},
                         {"sense", parts.sense == Sense::kReference ? "reference" : "natural"},
                         {"signed", layer.is_signed()},
                         {"centred", parts.centred},
                         {"num_samples_seen", parts.num_samples_seen},
                         {"num_samples_zero_norm", parts.num_samples_zero_norm},
                         {"num_samples_nonfinite", parts.num_samples_nonfinite},
                         {"num_samples_skipped", parts.num_samples_skipped},
                         {"num_calls", parts.num_calls},
                         {"scores",
                          {{"rows", parts.scores.num_rows},
                           {"quartic_sum", parts.scores.quartic_sum},
                           {"quartic_scale", Scores::kQuarticScale},
                           {"cosine_sum", parts.scores.cosine_sum},
                           {"cosine_scale", Scores::kCosineScale},
                           {"hits", parts.scores.num_hits},
                           {"num_blocks", parts.scores.blocks.num_blocks}}},
                         {"a4", number_or_null(quartic_alignment(layer))},
                         {"a4_error", number_or_null(quartic_alignment_error(layer))},
                         {"c4", c4},
                         {"s4", s4},
                         {"partial", results.partial}};
  const LayerFindings* findings = findings_of(results, layer);
  if (findings != nullptr) add_findings(object, *findings);
  return object;
}

}  // namespace report

nlohmann::ordered_json layers_json(const Results& results) {
  auto list = nlohmann::ordered_json::array();
  for (const Resonance& layer : results) list.push_back(report::layer_json(layer, results));
  return list;
}

}  // namespace srm
