#include "history_records.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "srm/error.h"

namespace srm {
namespace {

using Json = nlohmann::json;

// Layers are lists of values in this order: names would be written with every layer of every window.
Json to_json(const LayerWindow& layer) {
  Json list = Json::array({layer.address, layer.dim, layer.num_vectors, layer.basis_name, layer.num_planes,
                           layer.num_samples_seen, layer.num_samples_zero_norm, layer.num_samples_nonfinite,
                           layer.num_samples_skipped, layer.a4, layer.a4_error, layer.p ? Json(*layer.p) : Json(),
                           layer.epsilon, layer.c4, layer.num_hits, layer.num_angles, layer.is_inclusive,
                           layer.holistic_counts});
  if (layer.drift) list.push_back({layer.drift->to_previous, layer.drift->to_standard, layer.drift->chance});
  return list;
}

template <typename Value>
void take(const Json& from, Value& value) {
  value = from.get<Value>();
}

LayerWindow layer_of(const Json& json) {
  LayerWindow layer;
  std::size_t k = 0;
  const auto next = [&]() -> const Json& { return json.at(k++); };
  take(next(), layer.address);
  take(next(), layer.dim);
  take(next(), layer.num_vectors);
  take(next(), layer.basis_name);
  take(next(), layer.num_planes);
  take(next(), layer.num_samples_seen);
  take(next(), layer.num_samples_zero_norm);
  take(next(), layer.num_samples_nonfinite);
  take(next(), layer.num_samples_skipped);
  take(next(), layer.a4);
  take(next(), layer.a4_error);
  if (const Json& p = next(); !p.is_null()) layer.p = p.get<double>();
  take(next(), layer.epsilon);
  take(next(), layer.c4);
  take(next(), layer.num_hits);
  take(next(), layer.num_angles);
  take(next(), layer.is_inclusive);
  take(next(), layer.holistic_counts);
  if (k < json.size()) {
    const Json& drift = next();
    layer.drift = {drift.at(0).get<double>(), drift.at(1).get<double>(), drift.at(2).get<double>()};
  }
  const std::size_t num_epsilons = layer.epsilon.size();
  const bool is_whole = layer.num_angles > 0 && layer.c4.size() == num_epsilons &&
                        layer.num_hits.size() == num_epsilons &&
                        layer.holistic_counts.size() == num_epsilons * static_cast<std::size_t>(layer.num_angles);
  if (!is_whole) throw Json::other_error::create(501, "lists do not fit each other", &json);
  return layer;
}

std::string to_text(const Json& json) {
  std::string text;
  Json::to_cbor(json, nlohmann::detail::output_adapter<char>(text));
  return text;
}

// Whatever is wrong with it, it is no record.
template <typename Read>
auto read(const std::string& record, const std::string& where, const Read& take_from) {
  try {
    return take_from(Json::from_cbor(record));
  } catch (const Json::exception& error) {
    throw Error(where, "a record must hold a window, or the settings", error.what(),
                "it was not written by this version of torchsrm, or is damaged");
  }
}

}  // namespace

std::string to_record(const Settings& settings) { return to_text(settings); }

std::string to_record(const Window& window) {
  Json layers = Json::array();
  for (const LayerWindow& layer : window.layers) layers.push_back(to_json(layer));
  return to_text({{"step", window.step}, {"phase", window.phase}, {"scalars", window.scalars}, {"layers", layers}});
}

Settings settings_from_record(const std::string& record, const std::string& where) {
  return read(record, where, [](const Json& json) { return json.get<Settings>(); });
}

Window window_from_record(const std::string& record, const std::string& where) {
  return read(record, where, [](const Json& json) {
    Window window;
    take(json.at("step"), window.step);
    take(json.at("phase"), window.phase);
    take(json.at("scalars"), window.scalars);
    for (const Json& layer : json.at("layers")) window.layers.push_back(layer_of(layer));
    return window;
  });
}

}  // namespace srm
