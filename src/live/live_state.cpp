#include "live/live_state.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "report/layer_json.h"
#include "srm/report.h"

namespace srm::live {
namespace {

using nlohmann::ordered_json;
using report::LayerLook;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostPoints = 600;   // of a line; then every other one is dropped
constexpr std::int64_t kMostAngles = 720;  // of one curve, each second and for each who watches
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

LayerLook look_at(const WindowView& view) {
  const ResonanceParts& parts = view.resonance.parts();
  LayerLook look{window_of(view.resonance), view.row_weight};
  look.is_reference_sense = parts.sense == Sense::kReference;
  look.keeps_lengths = parts.basis_lengths == VectorLengths::kKept;
  return look;
}

template <typename T>
void drop_every_other(std::vector<T>& values) {
  // The last one stays: it is what was looked at last.
  std::vector<T> kept;
  for (std::size_t k = (values.size() + 1) % 2; k < values.size(); k += 2) kept.push_back(values[k]);
  values = std::move(kept);
}

}  // namespace

LiveState::LiveState(std::string model, LookWindow window) : model_(std::move(model)), window_(window) {}

void LiveState::begin_point(double x) {
  if (x_.size() >= kMostPoints) {
    drop_every_other(x_);
    for (Column& column : columns_) drop_every_other(column.values);
  }
  x_.push_back(x);
  x_of_look_ = x;
  for (Column& column : columns_) column.values.push_back(kNone);
}

void LiveState::set(const std::string& name, bool is_scalar, double value) {
  const auto same = [&](const Column& column) { return column.name == name && column.is_scalar == is_scalar; };
  auto found = std::find_if(columns_.begin(), columns_.end(), same);
  if (found == columns_.end()) {
    columns_.push_back({name, is_scalar, std::vector<double>(x_.size(), kNone)});
    found = columns_.end() - 1;
  }
  found->values.back() = value;
}

double LiveState::rows_per_second(const Resonance& layer, Clock::time_point now) {
  Rate& rate = rates_[layer.address()];
  const Rate before = std::exchange(rate, {layer.num_samples_seen(), now});
  if (before.when == Clock::time_point() || layer.num_samples_seen() < before.num_rows) return kNone;
  return static_cast<double>(layer.num_samples_seen() - before.num_rows) / seconds_between(before.when, now);
}

void LiveState::look(Results cumulative) {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  std::vector<LayerLook> layers;
  for (const Resonance& layer : cumulative) {
    if (!layer.parts().group.empty()) continue;
    RollingWindow& window = windows_.try_emplace(layer.address(), window_).first->second;
    layers.push_back(look_at(window.look(layer)));
    layers.back().rows_per_second = is_finished_ ? kNone : rows_per_second(layer, now);
  }
  layers_ = std::move(layers);
  notice_.clear();
  ++version_;
  cumulative_ = std::make_shared<const Results>(std::move(cumulative));
  if (layers_.empty()) return;
  begin_point(seconds_between(start_, now));
  for (const LayerLook& look : layers_) set(look.layer.address, false, look.layer.a4);
}

void LiveState::show(const Window& window) {
  const std::lock_guard lock(mutex_);
  is_by_step_ = true;
  const auto step = static_cast<double>(window.step);
  if (x_.empty() || x_.back() != step) begin_point(step);
  for (const LayerWindow& layer : window.layers) {
    LayerLook look{layer};
    if (window.phase != "training") look.layer.address += " (" + window.phase + ")";
    look.rows_per_second = kNone;
    set(look.layer.address, false, layer.a4);
    // Training and evaluation take turns: each stays as it was last.
    const auto same = std::find_if(layers_.begin(), layers_.end(),
                                   [&](const LayerLook& shown) { return shown.layer.address == look.layer.address; });
    if (same == layers_.end()) {
      layers_.push_back(std::move(look));
    } else {
      *same = std::move(look);
    }
  }
  for (const auto& [name, value] : window.scalars) set(name, true, value);
  window_shown_ = window;
  ++version_;
}

void LiveState::say(std::string notice) {
  const std::lock_guard lock(mutex_);
  if (notice == notice_) return;
  notice_ = std::move(notice);
  ++version_;
}

void LiveState::finish() {
  const std::lock_guard lock(mutex_);
  is_finished_ = true;
  for (LayerLook& look : layers_) look.rows_per_second = kNone;
  ++version_;
}

std::int64_t LiveState::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

std::string LiveState::layers_json() const {
  const std::lock_guard lock(mutex_);
  ordered_json layers = ordered_json::array();
  for (const LayerLook& look : layers_) layers.push_back(look_json(look, kMostAngles));
  ordered_json scalars = ordered_json::object();
  for (const auto& [name, value] : window_shown_.scalars)
    scalars[report::valid_utf8(name)] = report::number_or_null(value);
  const ordered_json all = {{"model", report::valid_utf8(model_)},
                            {"state", is_finished_ ? "finished" : (layers_.empty() ? "waiting" : "observing")},
                            {"window", to_string(window_)},
                            {"axis", is_by_step_ ? "step" : "seconds"},
                            {"x", x_of_look_},
                            {"scalars", std::move(scalars)},
                            {"notice", report::valid_utf8(notice_)},
                            {"layers", std::move(layers)}};
  return all.dump();
}

std::string LiveState::series_json() const {
  const std::lock_guard lock(mutex_);
  ordered_json columns = ordered_json::array();
  for (const Column& column : columns_) {
    ordered_json values = ordered_json::array();
    for (const double value : column.values) values.push_back(report::number_or_null(value));
    columns.push_back({{"name", report::valid_utf8(column.name)},
                       {"kind", column.is_scalar ? "scalar" : "a4"},
                       {"values", std::move(values)}});
  }
  return ordered_json({{"axis", is_by_step_ ? "step" : "seconds"}, {"x", x_}, {"columns", std::move(columns)}}).dump();
}

std::string LiveState::metrics() const {
  std::shared_ptr<const Results> cumulative;
  {
    const std::lock_guard lock(mutex_);
    if (is_by_step_) return window_prometheus_text(window_shown_, model_);
    cumulative = cumulative_;
  }
  return cumulative ? prometheus_text(*cumulative, model_) : std::string();
}

}  // namespace srm::live
