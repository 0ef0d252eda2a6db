#include <nlohmann/json.hpp>

#include "report/curve_facts.h"
#include "report/layer_json.h"
#include "srm/comparison_report.h"
#include "srm/verdict.h"

namespace srm {
namespace {

using nlohmann::ordered_json;
using report::angle_degrees;
using report::number_or_null;
using report::valid_utf8;

ordered_json side_json(const ComparedLayer& side, std::size_t source) {
  const LayerWindow& layer = side.layer;
  return {{"source", source},
          {"address", valid_utf8(layer.address)},
          {"group", valid_utf8(side.group)},
          {"dim", layer.dim},
          {"basis_name", valid_utf8(layer.basis_name)},
          {"num_samples_seen", layer.num_samples_seen},
          {"num_blocks", side.num_blocks > 0 ? ordered_json(side.num_blocks) : ordered_json()},
          {"a4", number_or_null(layer.a4)},
          {"a4_error", number_or_null(layer.a4_error)},
          {"alignment", side.alignment ? ordered_json(to_string(*side.alignment)) : ordered_json()},
          {"haar_p", side.haar_p ? number_or_null(*side.haar_p) : ordered_json()}};
}

void add_test(ordered_json& object, const DifferenceTest& test) {
  object["p"] = number_or_null(test.p);
  object["p_bound"] = number_or_null(test.p_bound);
  object["q"] = number_or_null(test.q);
  object["q_bound"] = number_or_null(test.q_bound);
}

ordered_json curve_json(const CurveDifference& curve) {
  const auto num_angles = std::ssize(curve.a);
  const auto largest = static_cast<std::size_t>(curve.largest);
  ordered_json object = {{"epsilon", curve.epsilon},
                         {"c4_a", number_or_null(curve.c4_a)},
                         {"c4_b", number_or_null(curve.c4_b)},
                         {"largest_difference", nullptr},
                         {"largest_angle_deg", nullptr}};
  if (num_angles > 0) {
    object["largest_difference"] = curve.b[largest] - curve.a[largest];
    object["largest_angle_deg"] = angle_degrees(num_angles, curve.largest);
  }
  add_test(object, curve.test);
  ordered_json angles = ordered_json::array();
  for (std::int64_t k = 0; k < num_angles; ++k) angles.push_back(angle_degrees(num_angles, k));
  object["angles_deg"] = std::move(angles);
  object["a"] = curve.a;
  object["b"] = curve.b;
  object["error"] = curve.error;
  object["error_bound"] = curve.error_bound;
  return object;
}

ordered_json layer_json(const LayerComparison& layer) {
  ordered_json a4 = {{"difference", number_or_null(layer.a4.difference)},
                     {"error", number_or_null(layer.a4.error)},
                     {"error_bound", number_or_null(layer.a4.error_bound)}};
  add_test(a4, layer.a4.test);
  ordered_json curves = ordered_json::array();
  for (const CurveDifference& curve : layer.curves) curves.push_back(curve_json(curve));
  ordered_json notes = ordered_json::array();
  for (const std::string& note : layer.notes) notes.push_back(valid_utf8(note));
  return {{"a", side_json(layer.a, 0)},
          {"b", side_json(layer.b, layer.source)},
          {"a4", std::move(a4)},
          {"curves", std::move(curves)},
          {"notes", std::move(notes)}};
}

}  // namespace

ordered_json comparison_json(const Comparison& comparison) {
  ordered_json sources = ordered_json::array();
  ordered_json layers = ordered_json::array();
  ordered_json unmatched = ordered_json::array();
  for (const ComparedSource& source : comparison.sources) sources.push_back(valid_utf8(source.name));
  for (const LayerComparison& layer : comparison.layers) layers.push_back(layer_json(layer));
  for (const std::string& text : comparison.unmatched) unmatched.push_back(valid_utf8(text));
  return {{"sources", std::move(sources)}, {"layers", std::move(layers)}, {"unmatched", std::move(unmatched)}};
}

}  // namespace srm
