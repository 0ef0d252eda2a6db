#include "report/findings_json.h"

#include <algorithm>
#include <cmath>

#include "report/layer_json.h"
#include "srm/grandmother_neurons.h"
#include "srm/verdict.h"

namespace srm::report {
namespace {

using nlohmann::ordered_json;

ordered_json null_json(const NullTest& null) {
  return {{"mean", null.mean}, {"std_dev", null.std_dev}, {"skew", null.skew}};
}

ordered_json nonlinearity_json(const std::optional<NonlinearityTests>& tests) {
  if (!tests) return {};
  ordered_json object = {{"function", valid_utf8(tests->function)}};
  for (const auto& [key, null] : {std::pair("m1", &tests->turned), std::pair("m1c", &tests->mean_kept)}) {
    object[key] = null_json(*null);
    object[key].update({{"z", number_or_null(null->z)}, {"p", null->p}});
  }
  return object;
}

// Of all planes together, at the epsilon that these were tested at.
ordered_json c4_json(const std::optional<PlaneTests>& planes) {
  if (!planes || !planes->arc_alignment) return {};
  const ArcAlignmentTest& test = *planes->arc_alignment;
  const NullTest* null = test.haar ? &*test.haar : nullptr;
  return {{"epsilon", planes->epsilon},
          {"score", test.score},
          {"standard_error", number_or_null(test.standard_error)},
          {"p", null ? ordered_json(null->p) : ordered_json()},
          {"num_rotations", null ? null->num_rotations() : 0},
          {"null", null ? null_json(*null) : ordered_json()},
          {"z", null ? number_or_null(null->z) : ordered_json()}};
}

ordered_json planes_json(const std::optional<PlaneTests>& planes) {
  if (!planes) return {};
  ordered_json strongest = ordered_json::array();
  for (const PlaneTest& plane : planes->strongest) {
    strongest.push_back({{"i", plane.i},
                         {"j", plane.j},
                         {"c4", plane.c4},
                         {"p_c4", plane.p_c4},
                         {"q_c4", plane.q_c4},
                         {"hit_rate", plane.hit_rate},
                         {"p_hit_rate", plane.p_hit_rate},
                         {"q_hit_rate", plane.q_hit_rate}});
  }
  return {{"epsilon", planes->epsilon},
          {"num_planes", planes->num_planes},
          {"num_planes_tested", planes->num_planes_tested},
          {"num_rotations", planes->num_rotations},
          {"num_pooled", planes->num_pooled},
          {"num_c4_bh", planes->num_c4_bh},
          {"num_c4_by", planes->num_c4_by},
          {"num_hit_rate_bh", planes->num_hit_rate_bh},
          {"num_hit_rate_by", planes->num_hit_rate_by},
          {"strongest", strongest}};
}

// What A4 would have had to be below or above to be seen; nulls where there are too few rotations for any.
ordered_json critical_a4(const NullTest::Critical& critical) {
  return ordered_json::array({number_or_null(critical.below), number_or_null(critical.above)});
}

// The smaller of the two: no other A4 of its size need have been seen.
ordered_json smallest_a4_seen(const NullTest::Critical& critical) {
  return number_or_null(std::min(std::abs(critical.above), std::abs(critical.below)));
}

ordered_json tests_json(const LayerTests& tests) {
  constexpr double kAlpha = 0.05;
  const NullTest::Critical critical = tests.haar.critical(kAlpha);
  ordered_json top_shares = ordered_json::array();
  for (const TopShare& top : tests.top_shares) {
    top_shares.push_back({{"vectors", top.vectors},
                          {"share", top.share},
                          {"a4_without", top.a4_without ? number_or_null(*top.a4_without) : ordered_json()}});
  }
  return {{"alignment", to_string(alignment_of(tests, kAlpha))},
          {"verdict", valid_utf8(verdict(tests, kAlpha))},
          {"a4", tests.haar.score},
          {"standard_error", number_or_null(tests.standard_error)},
          {"p", tests.haar.p},
          {"num_rotations", tests.haar.num_rotations()},
          {"null", null_json(tests.haar)},
          {"z", number_or_null(tests.haar.z)},
          {"c4", c4_json(tests.planes)},
          {"smallest_a4_seen", smallest_a4_seen(critical)},
          {"critical_a4", critical_a4(critical)},
          {"effective_dimension", tests.effective_dimension},
          {"top_shares", top_shares},
          {"beyond_nonlinearity", to_string(beyond_nonlinearity(tests, kAlpha))},
          {"nonlinearity", nonlinearity_json(tests.nonlinearity)},
          {"centred", tests.centred},
          {"seed", tests.seed},
          {"num_rows", tests.num_rows},
          {"num_rows_offered", tests.num_rows_offered},
          {"num_blocks", tests.num_blocks},
          {"planes", planes_json(tests.planes)}};
}

ordered_json neurons_json(const NeuronTable& neurons) {
  const GrandmotherRule rule;
  ordered_json by_epsilon = ordered_json::array();
  for (std::int64_t e = 0; e < neurons.num_epsilons(); ++e) {
    ordered_json list = ordered_json::array();
    for (const NeuronFinding& found : grandmother_neurons(neurons, e, rule))
      list.push_back(neuron_json(neurons, found));
    by_epsilon.push_back(
        {{"epsilon", neurons.parts().epsilon[static_cast<std::size_t>(e)]}, {"grandmother_neurons", std::move(list)}});
  }
  return {{"num_vectors", neurons.num_vectors()},
          {"num_rows", neurons.parts().num_rows},
          {"num_labelled", neurons.num_labelled()},
          {"class_totals", neurons.parts().class_totals},
          {"rule", {{"min_count", rule.min_count}, {"min_purity", rule.min_purity}, {"max_q", rule.max_q}}},
          {"by_epsilon", std::move(by_epsilon)}};
}

ordered_json densities_json(const PlaneDensities& densities) {
  const PlaneDensitiesParts& parts = densities.parts();
  ordered_json planes = ordered_json::array();
  for (std::int64_t p = 0; p < densities.num_planes(); ++p) {
    const PlaneDensity& density = parts.planes[static_cast<std::size_t>(p)];
    planes.push_back({{"i", density.plane.i},
                      {"j", density.plane.j},
                      {"num_points", densities.num_points(p)},
                      {"exponent", density.exponent},
                      {"num_points_kept", density.points.size()}});
  }
  ordered_json left_out = ordered_json::array();
  for (const Plane& plane : parts.left_out) left_out.push_back({{"i", plane.i}, {"j", plane.j}});
  return {{"epsilon", parts.epsilon},
          {"num_bins", parts.num_bins},
          {"num_rows", parts.num_rows},
          {"num_rows_out_of_range", parts.num_rows_out_of_range},
          {"variance", number_or_null(densities.variance())},
          {"planes", std::move(planes)},
          {"left_out", std::move(left_out)}};
}

}  // namespace

ordered_json neuron_json(const NeuronTable& neurons, const NeuronFinding& found) {
  const NeuronReading& reading = found.reading;
  ordered_json nearest = ordered_json::array();
  for (const NearestRow& row : neurons.nearest(found.vector, found.side)) {
    nearest.push_back(
        {{"sample", row.sample}, {"position", row.position}, {"label", row.label}, {"cosine", row.cosine}});
  }
  return {{"vector", found.vector},
          {"side", to_string(found.side)},
          {"class", reading.majority_class},
          {"count", reading.count},
          {"num_labelled", reading.num_labelled},
          {"purity", number_or_null(reading.purity)},
          {"recall", number_or_null(reading.recall)},
          {"base_rate", number_or_null(reading.base_rate)},
          {"lift", number_or_null(reading.lift)},
          {"p", found.p},
          {"q", found.q},
          {"nearest", nearest}};
}

void add_findings(ordered_json& layer, const LayerFindings& findings) {
  if (findings.tests) layer["tests"] = tests_json(*findings.tests);
  if (findings.neurons) layer["neurons"] = neurons_json(*findings.neurons);
  if (findings.densities) layer["densities"] = densities_json(*findings.densities);
}

}  // namespace srm::report
