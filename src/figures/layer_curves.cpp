#include "figures/layer_curves.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "report/curve_facts.h"
#include "report/curves_json.h"
#include "srm/statistics.h"

namespace srm::figures {
namespace {

// Each drawn angle's value in percent, with the first one again at 360 degrees.
std::vector<double> turn_of(const Resonance& layer, const std::vector<double>& values) {
  const std::int64_t num_distinct = layer.parts().grid.num_distinct();
  std::vector<double> drawn;
  for (std::int64_t k = 0; k < num_distinct; k += report::angle_step(layer)) {
    drawn.push_back(100 * values[static_cast<std::size_t>(k)]);
  }
  drawn.push_back(drawn.front());
  return drawn;
}

std::vector<double> drawn_degrees(const Resonance& layer) {
  const AngleGrid& grid = layer.parts().grid;
  std::vector<double> degrees;
  for (std::int64_t k = 0; k < grid.num_distinct(); k += report::angle_step(layer)) {
    degrees.push_back(report::angle_degrees(grid, k));
  }
  degrees.push_back(360);
  return degrees;
}

template <typename Fill>
std::vector<DrawnCurve> curves_of(const Resonance& layer, const Fill& fill) {
  std::vector<DrawnCurve> curves;
  const auto num_curves = std::min<std::int64_t>(layer.num_epsilons(), kMostCurves);
  for (std::int64_t e = 0; e < num_curves; ++e) {
    DrawnCurve curve;
    curve.epsilon = layer.parts().epsilon[static_cast<std::size_t>(e)];
    curve.degrees = drawn_degrees(layer);
    fill(e, curve);
    curves.push_back(std::move(curve));
  }
  return curves;
}

}  // namespace

std::vector<DrawnCurve> holistic_curves(const Resonance& layer) {
  return curves_of(layer, [&](std::int64_t e, DrawnCurve& curve) {
    curve.mean = turn_of(layer, layer.holistic_mean(e));
    const std::vector<double> deviation = layer.holistic_std(e);
    if (layer.num_planes() > 1 && !std::isnan(deviation.front())) curve.deviation = turn_of(layer, deviation);
    if (layer.parts().basis_lengths == VectorLengths::kNormalised) {
      curve.isotropic = 100 * isotropic_rate(layer.dim(), curve.epsilon);
    }
  });
}

std::vector<DrawnCurve> signed_curves(const Resonance& layer) {
  return curves_of(
      layer, [&](std::int64_t e, DrawnCurve& curve) { curve.mean = turn_of(layer, layer.holistic_signed_mean(e)); });
}

std::string nothing_to_draw(const Resonance& layer) {
  if (layer.num_samples_seen() == 0) return "No rows were seen.";
  if (layer.parts().scores.num_rows == 0) return "No row has a direction: all are zero or not finite.";
  if (layer.parts().num_planes_summed == 0) return "There are no planes: it takes two vectors that are not parallel.";
  std::vector<double> empty;
  for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
    const auto counts = layer.holistic_counts(e);
    if (std::any_of(counts.begin(), counts.end(), [](std::int64_t count) { return count != 0; })) return "";
    empty.push_back(layer.parts().epsilon[static_cast<std::size_t>(e)]);
  }
  return fmt::format("No row is inside the spotlight at \u03b5 = {}: observe with a lower one.",
                     fmt::join(empty, ", "));
}

std::vector<std::string> quarter_names(const Resonance& layer) {
  const ResonanceParts& parts = layer.parts();
  const bool is_natural = parts.sense == Sense::kNatural;
  const std::string second = report::has_orthogonal_planes(parts) ? "b_j" : "e_2";
  return {"+b_i", (is_natural ? "+" : "\u2212") + second, "\u2212b_i", (is_natural ? "\u2212" : "+") + second, "+b_i"};
}

Axis angle_axis(const Resonance& layer, double low_place, double high_place) {
  return {{0, 360, low_place, high_place},
          {0, 90, 180, 270, 360},
          {"0\u00b0", "90\u00b0", "180\u00b0", "270\u00b0", "360\u00b0"},
          quarter_names(layer)};
}

std::vector<LegendItem> curve_legend(const std::vector<DrawnCurve>& curves, bool has_band) {
  std::vector<LegendItem> items;
  for (std::size_t k = 0; k < curves.size(); ++k) {
    items.push_back({fmt::format("\u03b5 = {:.4g}", curves[k].epsilon), line_colour(k)});
  }
  if (has_band)
    items.push_back({"\u00b1 1 sd of planes", line_colour(0).with_alpha(kBandOpacity), LegendItem::Mark::kBand});
  if (std::any_of(curves.begin(), curves.end(), [](const DrawnCurve& curve) { return curve.isotropic.has_value(); })) {
    items.push_back({"evenly spread", kSoftInk, LegendItem::Mark::kDashed});
  }
  return items;
}

std::string a4_words(const Resonance& layer) {
  const double a4 = quartic_alignment(layer), error = quartic_alignment_error(layer);
  if (!std::isfinite(a4) || !std::isfinite(error)) return fmt::format("A_4 = {}", shown_score(a4));
  constexpr int kMostDigits = 6;
  const int digits = error > 0 ? static_cast<int>(-std::floor(std::log10(error))) : kMostDigits;
  return fmt::format("A_4 = {} \u00b1 {:.{}f}", shown_score(a4, std::clamp(digits, 1, kMostDigits)), error,
                     std::clamp(digits, 1, kMostDigits));
}

void draw_title(Pen& pen, const Resonance& layer, double width) {
  constexpr double kBaseline = 11, kGap = 8;
  const std::string name = shown_name(report::layer_name(layer));
  std::string facts = fmt::format("n = {}, {}", layer.dim(), a4_words(layer));
  const auto room = [&] { return width - 2 * kEdge - kGap - pen.symbol_width(facts); };
  if (pen.text_width(name, kTitleSize) > room()) facts = a4_words(layer);
  pen.text({kEdge, kBaseline}, pen.fitted(name, room(), kTitleSize), {.size = kTitleSize});
  pen.symbol({width - kEdge, kBaseline}, facts, {.colour = kSoftInk, .anchor = Anchor::kEnd});
}

}  // namespace srm::figures
