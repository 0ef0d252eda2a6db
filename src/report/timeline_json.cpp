#include <nlohmann/json.hpp>

#include "report/layer_json.h"
#include "srm/history.h"
#include "srm/report.h"

namespace srm {

nlohmann::ordered_json window_json(const Window& window) {
  using Json = nlohmann::ordered_json;
  const auto numbers = [&](const std::vector<double>& values) {
    Json list = Json::array();
    for (const double value : values) list.push_back(report::number_or_null(value));
    return list;
  };
  Json scalars = Json::object();
  for (const auto& [name, value] : window.scalars) scalars[report::valid_utf8(name)] = report::number_or_null(value);
  Json layers = Json::array();
  for (const LayerWindow& layer : window.layers) {
    Json one = {{"address", report::valid_utf8(layer.address)},
                {"dim", layer.dim},
                {"num_vectors", layer.num_vectors},
                {"basis_name", report::valid_utf8(layer.basis_name)},
                {"num_samples_seen", layer.num_samples_seen},
                {"num_samples_zero_norm", layer.num_samples_zero_norm},
                {"num_samples_nonfinite", layer.num_samples_nonfinite},
                {"num_samples_skipped", layer.num_samples_skipped},
                {"a4", report::number_or_null(layer.a4)},
                {"a4_error", report::number_or_null(layer.a4_error)},
                {"p", layer.p ? report::number_or_null(*layer.p) : Json()},
                {"epsilon", layer.epsilon},
                {"c4", numbers(layer.c4)},
                {"num_hits", layer.num_hits},
                {"num_planes", layer.num_planes},
                {"num_angles", layer.num_angles},
                {"holistic_counts", layer.holistic_counts}};
    if (layer.drift) {
      one["drift"] = {{"to_previous", report::number_or_null(layer.drift->to_previous)},
                      {"to_standard", report::number_or_null(layer.drift->to_standard)},
                      {"chance", report::number_or_null(layer.drift->chance)}};
    }
    layers.push_back(std::move(one));
  }
  return {{"step", window.step},
          {"phase", report::valid_utf8(window.phase)},
          {"scalars", std::move(scalars)},
          {"layers", std::move(layers)}};
}

nlohmann::ordered_json timeline_json(const History& history) {
  nlohmann::ordered_json windows = nlohmann::ordered_json::array();
  for (const Window* window : history.current()) windows.push_back(window_json(*window));
  return windows;
}

}  // namespace srm
