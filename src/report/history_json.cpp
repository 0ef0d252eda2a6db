#include "report/history_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "report/layer_json.h"
#include "report/layer_look.h"
#include "report/packed_numbers.h"

namespace srm::report {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kMostFrames = 400;  // of a phase
constexpr std::int64_t kMostAngles = 360;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Windows = std::vector<const Window*>;

struct Column {
  std::string name;
  std::vector<double> values;
};

// The column of that name, as long as there were windows before.
std::vector<double>& values_of(std::vector<Column>& columns, const std::string& name, std::size_t num_before) {
  auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& one) { return one.name == name; });
  if (found == columns.end()) found = columns.insert(found, {name, {}});
  found->values.resize(num_before, kNone);
  return found->values;
}

ordered_json columns_json(std::vector<Column> columns, std::size_t num_windows) {
  ordered_json list = ordered_json::array();
  for (Column& column : columns) {
    column.values.resize(num_windows, kNone);
    ordered_json values = ordered_json::array();
    for (const double value : column.values) values.push_back(number_or_null(value));
    list.push_back({{"name", valid_utf8(column.name)}, {"values", std::move(values)}});
  }
  return list;
}

ordered_json series_json(const Windows& windows) {
  std::vector<Column> a4;
  std::vector<Column> scalars;
  ordered_json x = ordered_json::array();
  for (std::size_t k = 0; k < windows.size(); ++k) {
    x.push_back(windows[k]->step);
    for (const LayerWindow& layer : windows[k]->layers) values_of(a4, layer.address, k).push_back(layer.a4);
    for (const auto& [name, value] : windows[k]->scalars) values_of(scalars, name, k).push_back(value);
  }
  return {{"x", std::move(x)},
          {"a4", columns_json(std::move(a4), windows.size())},
          {"scalars", columns_json(std::move(scalars), windows.size())}};
}

std::int64_t num_curve_values(const Window& window) {
  std::int64_t sum = 1;
  for (const LayerWindow& layer : window.layers) {
    sum += static_cast<std::int64_t>(layer.epsilon.size()) * std::min(layer.num_angles, kMostAngles);
  }
  return sum;
}

// The windows whose curves the page holds.
Windows drawn_of(const Windows& windows, std::int64_t most_values) {
  Windows with_layers;
  std::int64_t largest = 1;
  for (const Window* window : windows) {
    if (window->layers.empty()) continue;
    with_layers.push_back(window);
    largest = std::max(largest, num_curve_values(*window));
  }
  const auto count = std::ssize(with_layers);
  const std::int64_t most = std::min(count, std::clamp<std::int64_t>(most_values / largest, 2, kMostFrames));
  Windows drawn;
  for (std::int64_t k = 0; k < most; ++k) {
    const std::int64_t index = most == 1 ? count - 1 : k * (count - 1) / (most - 1);
    drawn.push_back(with_layers[static_cast<std::size_t>(index)]);
  }
  return drawn;
}

void pack(ordered_json& layer) {
  for (ordered_json& curves : layer["curves"]) {
    curves["holistic_counts"] = packed(curves["holistic_counts"].get<std::vector<std::int64_t>>());
  }
}

ordered_json frame_json(const Window& window, bool is_reference_sense) {
  ordered_json layers = ordered_json::array();
  for (const LayerWindow& layer : window.layers) {
    LayerLook look{layer};
    look.is_reference_sense = is_reference_sense;
    layers.push_back(look_json(look, kMostAngles));
    pack(layers.back());
  }
  return {{"step", window.step}, {"phase", valid_utf8(window.phase)}, {"layers", std::move(layers)}};
}

}  // namespace

ordered_json history_json(const History& history, std::int64_t most_curve_values) {
  std::map<std::string, Windows> by_phase;
  for (const Window* window : history.current()) by_phase[window->phase].push_back(window);
  const auto is_reference = std::find(history.settings.begin(), history.settings.end(),
                                      std::pair<std::string, std::string>("sense", "reference"));
  ordered_json series = ordered_json::object();
  ordered_json frames = ordered_json::array();
  std::string summary;
  // Training is what a history is about.
  std::vector<std::string> phases;
  for (const auto& [phase, windows] : by_phase) phases.push_back(phase);
  std::stable_sort(phases.begin(), phases.end(), [](const auto& a, const auto&) { return a == "training"; });
  for (const std::string& phase : phases) {
    const Windows& windows = by_phase[phase];
    const Windows drawn = drawn_of(windows, most_curve_values / std::ssize(phases));
    series[valid_utf8(phase)] = series_json(windows);
    for (const Window* window : drawn) frames.push_back(frame_json(*window, is_reference != history.settings.end()));
    summary +=
        fmt::format("{}{} windows of {}, steps {} to {}, with the curves of {}", summary.empty() ? "" : "; ",
                    windows.size(), valid_utf8(phase), windows.front()->step, windows.back()->step, drawn.size());
  }
  return {{"torn", history.num_bytes_torn > 0},
          {"summary", summary.empty() ? "No window was closed." : summary + "."},
          {"settings", settings_json(history.settings)},
          {"series", std::move(series)},
          {"frames", std::move(frames)}};
}

}  // namespace srm::report
