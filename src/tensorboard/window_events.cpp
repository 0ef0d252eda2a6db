#include "tensorboard/window_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "srm/statistics.h"
#include "tensorboard/canvas.h"

namespace srm::tensorboard {
namespace {

constexpr int kWidth = 480, kHeight = 240;
constexpr double kLeft = 62, kRight = kWidth - 16, kTop = 14, kBottom = kHeight - 30;  // of the field with the curve
constexpr Colour kPaper{255, 255, 255}, kGrid{226, 230, 235}, kInk{70, 80, 92}, kCurve{0, 92, 184},
    kReference{214, 96, 20};
constexpr int kMostTicks = 5;

std::string prefix_of(const Window& window, const LayerWindow& layer) {
  return fmt::format("srm/{}/{}/", window.phase, layer.address);
}

std::string name_at(const char* name, const LayerWindow& layer, std::size_t epsilon_index) {
  return layer.epsilon.size() == 1 ? name : fmt::format("{}@{}", name, layer.epsilon[epsilon_index]);
}

// The shares of rows in the spotlight, by angle from 0 to 360 degrees, both.
std::vector<double> curve_of(const LayerWindow& layer, std::size_t epsilon_index) {
  const auto num_angles = static_cast<std::size_t>(layer.num_angles);
  const double all = static_cast<double>(layer.num_samples_seen) * static_cast<double>(layer.num_planes);
  std::vector<double> curve;
  for (std::size_t k = 0; k < num_angles; ++k) {
    const auto count = static_cast<double>(layer.holistic_counts[epsilon_index * num_angles + k]);
    curve.push_back(all > 0 ? count / all : 0);
  }
  if (!layer.is_inclusive) curve.push_back(curve.front());
  return curve;
}

// The step between ticks: 1, 2 or 5 times a power of ten, so that there are kMostTicks or fewer.
double step_of(double range) {
  double step = std::pow(10.0, std::floor(std::log10(range / kMostTicks)));
  for (const double factor : {2.0, 2.5, 2.0}) {
    if (range / step <= kMostTicks) break;
    step *= factor;
  }
  return step;
}

// The height of the field, in shares.
struct Range {
  double low = 0, high = 1;

  double y_of(double share) const { return kBottom - (share - low) / (high - low) * (kBottom - kTop); }
};

Range range_of(const std::vector<double>& curve, std::optional<double> reference) {
  auto [low, high] = std::minmax_element(curve.begin(), curve.end());
  double lowest = *low, highest = *high;
  if (reference) {
    lowest = std::min(lowest, *reference);
    highest = std::max(highest, *reference);
  }
  const double margin = std::max({(highest - lowest) * 0.08, highest * 0.01, 1e-6});
  return {std::max(0.0, lowest - margin), highest + margin};
}

void draw_axes(Canvas& canvas, const Range& range) {
  const double step = step_of(100 * (range.high - range.low));  // in percent
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  for (double tick = std::ceil(100 * range.low / step) * step; tick <= 100 * range.high; tick += step) {
    const double y = std::round(range.y_of(tick / 100)) + 0.5;
    canvas.line({kLeft, y}, {kRight, y}, 1, kGrid);
    const std::string label = fmt::format("{:.{}f}%", tick, decimals);
    canvas.text(static_cast<int>(kLeft) - 8 - Canvas::text_width(label), static_cast<int>(y) - Canvas::kTextHeight / 2,
                label, kInk);
  }
  for (const int degrees : {0, 90, 180, 270, 360}) {
    const double x = std::round(kLeft + (kRight - kLeft) * degrees / 360) + 0.5;
    canvas.line({x, kTop}, {x, kBottom}, 1, kGrid);
    const std::string label = fmt::format("{}d", degrees);
    const int width = Canvas::text_width(label);
    canvas.text(std::min(static_cast<int>(x) - width / 2, kWidth - width - 2), static_cast<int>(kBottom) + 10, label,
                kInk);
  }
}

}  // namespace

std::vector<Scalar> scalars_of(const Window& window) {
  std::vector<Scalar> scalars;
  const auto add = [&](const std::string& tag, double value) {
    if (!std::isnan(value)) scalars.push_back({tag, value});
  };
  for (const auto& [name, value] : window.scalars) scalars.push_back({name, value});  // a loss of NaN is news
  for (const LayerWindow& layer : window.layers) {
    const std::string prefix = prefix_of(window, layer);
    add(prefix + "A4", layer.a4);
    if (layer.p) add(prefix + "p", *layer.p);
    for (std::size_t e = 0; e < layer.epsilon.size(); ++e) add(prefix + name_at("C4", layer, e), layer.c4[e]);
    if (!layer.drift) continue;
    add(prefix + "drift_previous", layer.drift->to_previous);
    add(prefix + "drift_standard", layer.drift->to_standard);
  }
  return scalars;
}

std::vector<Image> curves_of(const Window& window, bool has_unit_vectors) {
  std::vector<Image> images;
  for (const LayerWindow& layer : window.layers) {
    for (std::size_t e = 0; e < layer.epsilon.size(); ++e) {
      images.push_back(curve_picture(layer, e, has_unit_vectors));
      images.back().tag = prefix_of(window, layer) + name_at("curve", layer, e);
    }
  }
  return images;
}

Image curve_picture(const LayerWindow& layer, std::size_t epsilon_index, bool has_unit_vectors) {
  const double epsilon = layer.epsilon.at(epsilon_index);
  std::optional<double> reference;
  if (has_unit_vectors && std::abs(epsilon) <= 1) reference = isotropic_rate(layer.dim, epsilon);
  const std::vector<double> curve = curve_of(layer, epsilon_index);
  const Range range = range_of(curve, reference);
  Canvas canvas(kWidth, kHeight, kPaper);
  draw_axes(canvas, range);
  if (reference) {
    const double y = range.y_of(*reference);
    for (double x = kLeft; x < kRight; x += 9) canvas.line({x, y}, {std::min(x + 4.5, kRight), y}, 1.5, kReference);
  }
  const double pitch = (kRight - kLeft) / static_cast<double>(curve.size() - 1);
  for (std::size_t k = 0; k + 1 < curve.size(); ++k) {
    const double x = kLeft + pitch * static_cast<double>(k);
    canvas.line({x, range.y_of(curve[k])}, {x + pitch, range.y_of(curve[k + 1])}, 2, kCurve);
  }
  return {"", canvas.height(), canvas.width(), canvas.png()};
}

}  // namespace srm::tensorboard
