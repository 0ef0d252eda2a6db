// A layer's curves over the angle, and around a circle.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "figures/layer_curves.h"
#include "figures/layer_figures.h"
#include "report/curve_facts.h"

namespace srm::figures {
namespace {

constexpr double kCurveWidth = 1.1;

std::string title_of(const Resonance& layer) { return shown_name(report::layer_name(layer)); }

std::string described(const Resonance& layer, const std::vector<DrawnCurve>& curves, const std::string& what) {
  std::string words = fmt::format("{} of {}, {} rows, {} planes.", what, title_of(layer), layer.num_samples_seen(),
                                  layer.parts().num_planes_summed);
  for (const DrawnCurve& curve : curves) {
    const auto most = std::max_element(curve.mean.begin(), curve.mean.end());
    const auto place = static_cast<std::size_t>(most - curve.mean.begin());
    words += fmt::format(" At epsilon {:.4g} its peak is {:.3g} % at {:.4g} degrees.", curve.epsilon, *most,
                         curve.degrees[place]);
  }
  return words;
}

std::vector<Point> path_of(const DrawnCurve& curve, const Scale& x, const Scale& y) {
  std::vector<Point> path;
  for (std::size_t k = 0; k < curve.mean.size(); ++k) path.push_back({x(curve.degrees[k]), y(curve.mean[k])});
  return path;
}

std::vector<Point> band_of(const DrawnCurve& curve, const Scale& x, const Scale& y) {
  std::vector<Point> edge;
  const std::size_t size = curve.deviation.size();
  for (std::size_t k = 0; k < size; ++k) {
    edge.push_back({x(curve.degrees[k]), y(curve.mean[k] + curve.deviation[k])});
  }
  for (std::size_t k = size; k-- > 0;) {
    edge.push_back({x(curve.degrees[k]), y(std::max(curve.mean[k] - curve.deviation[k], 0.0))});
  }
  return edge;
}

double highest(const std::vector<DrawnCurve>& curves) {
  double most = 0;
  for (const DrawnCurve& curve : curves) {
    most = std::max(most, curve.isotropic.value_or(0));
    for (std::size_t k = 0; k < curve.mean.size(); ++k) {
      most = std::max(most, curve.mean[k]);
    }
  }
  return most;
}

// The same with the band of the first one.
double highest_with_band(const std::vector<DrawnCurve>& curves) {
  double most = highest(curves);
  const DrawnCurve& first = curves.front();
  for (std::size_t k = 0; k < first.deviation.size(); ++k) most = std::max(most, first.mean[k] + first.deviation[k]);
  return most;
}

// Room on the left for the tick texts, and above for the legend.
Box curve_box(Pen& pen, const Figure& figure, const std::vector<LegendItem>& legend,
              const std::vector<std::string>& texts) {
  double widest = 0;
  for (const std::string& text : texts) widest = std::max(widest, pen.text_width(text));
  const double left = kTextSize + 9 + widest + 4.5;
  const double top = kSecondLine - 3 + draw_legend(pen, {}, figure.width - left - kEdge, legend, false);
  return {left, top, figure.width - left - kEdge - 4, figure.height - top - 25};
}

void draw_curves(Pen& pen, const Figure& figure, const Resonance& layer, const std::vector<DrawnCurve>& curves,
                 double low, double high, const char* side_label) {
  draw_title(pen, layer, figure.width);
  const std::vector<LegendItem> legend = curve_legend(curves, !curves.front().deviation.empty());
  const Box box = curve_box(pen, figure, legend, value_axis(low, high, 1, 0, 6).texts);
  const Axis x = angle_axis(layer, box.left, box.right());
  const Axis y = value_axis(low, high, box.bottom(), box.top, 6);
  draw_legend(pen, {box.left, kSecondLine}, figure.width - box.left - kEdge, legend);
  draw_frame(pen, box, x, y);
  draw_side_label(pen, box, side_label);
  const Pen::Clip clip(pen, {box.left, box.top - 1, box.width, box.height + 2});
  // Bands of several curves would cover each other.
  const DrawnCurve& first = curves.front();
  if (!first.deviation.empty()) {
    pen.fill(band_of(first, x.scale, y.scale), line_colour(0).with_alpha(kBandOpacity));
  }
  if (low < 0) pen.line({box.left, y.scale(0)}, {box.right(), y.scale(0)}, {.colour = kSoftInk, .width = 0.6});
  for (std::size_t k = 0; k < curves.size(); ++k) {
    if (const auto isotropic = curves[k].isotropic) {
      const double place = y.scale(*isotropic);
      const Colour colour = curves.size() == 1 ? kSoftInk : line_colour(k);
      pen.line({box.left, place}, {box.right(), place}, {colour, 0.8, {3, 2}});
    }
    pen.line(path_of(curves[k], x.scale, y.scale), {line_colour(k), kCurveWidth});
  }
}

void draw_polar(Pen& pen, const Figure& figure, const Resonance& layer, const std::vector<DrawnCurve>& curves) {
  draw_title(pen, layer, figure.width);
  const std::vector<LegendItem> legend = curve_legend(curves, false);
  const double top = kSecondLine - 3 + draw_legend(pen, {}, figure.width - 2 * kEdge, legend, false);
  draw_legend(pen, {kEdge, kSecondLine}, figure.width - 2 * kEdge, legend);
  constexpr double kNames = 15;  // around the circle
  const double radius = (figure.height - top - kEdge) / 2 - kNames;
  const Point middle{figure.width / 2, top + kNames + radius};
  const Axis axis = value_axis(0, highest(curves) * 1.02, 0, radius, 4);
  const auto place = [&](double degrees, double length) {
    const double angle = degrees * std::numbers::pi / 180;
    return Point{middle.x + length * std::cos(angle), middle.y - length * std::sin(angle)};
  };
  for (const double tick : axis.ticks) {
    if (tick > 0) pen.circle(middle, axis.scale(tick), {.colour = kRule, .width = 0.5});
  }
  for (int degrees = 0; degrees < 360; degrees += 45) {
    pen.line(middle, place(degrees, radius), {.colour = kRule, .width = degrees % 90 == 0 ? 0.7 : 0.4});
  }
  pen.circle(middle, radius, {.colour = kInk, .width = 0.6});
  const std::vector<std::string> names = quarter_names(layer);
  const double below = 0.36 * kTextSize;
  pen.symbol({middle.x + radius + 4, middle.y + below}, names[0]);
  pen.symbol({middle.x, middle.y - radius - 5}, names[1], {.anchor = Anchor::kMiddle});
  pen.symbol({middle.x - radius - 4, middle.y + below}, names[2], {.anchor = Anchor::kEnd});
  pen.symbol({middle.x, middle.y + radius + 10}, names[3], {.anchor = Anchor::kMiddle});
  for (std::size_t k = 0; k < curves.size(); ++k) {
    if (const auto isotropic = curves[k].isotropic) {
      const Colour colour = curves.size() == 1 ? kSoftInk : line_colour(k);
      pen.circle(middle, axis.scale(*isotropic), {colour, 0.8, {3, 2}});
    }
    std::vector<Point> path;
    for (std::size_t a = 0; a < curves[k].mean.size(); ++a) {
      path.push_back(place(curves[k].degrees[a], axis.scale(curves[k].mean[a])));
    }
    pen.line(path, {line_colour(k), kCurveWidth});
  }
  // Between two spokes, where aligned curves and those on diagonals are both low.
  for (std::size_t k = 0; k < axis.ticks.size(); ++k) {
    if (axis.ticks[k] <= 0) continue;
    const Point at = place(292.5, axis.scale(axis.ticks[k]));
    const std::string text = axis.texts[k] + " %";
    const double width = pen.text_width(text);
    pen.fill(Box{at.x - width / 2 - 1, at.y - 4, width + 2, 8}, kPaper.with_alpha(0.75));
    pen.text({at.x, at.y + below}, text, {.colour = kSoftInk, .anchor = Anchor::kMiddle});
  }
}

}  // namespace

Figure curve_figure(const Resonance& layer) {
  if (const std::string words = nothing_to_draw(layer); !words.empty()) return words_figure(title_of(layer), words);
  Figure figure;
  const std::vector<DrawnCurve> curves = holistic_curves(layer);
  figure.title = fmt::format("Holistic curve of {}", title_of(layer));
  figure.description = described(layer, curves, "Share of rows inside the spotlight as it turns, mean over planes,");
  figure.draw = [figure, &layer, curves](Pen& pen) {
    draw_curves(pen, figure, layer, curves, 0, highest_with_band(curves) * 1.04, "rows inside (%)");
  };
  return figure;
}

std::optional<Figure> signed_figure(const Resonance& layer) {
  if (!layer.is_signed() || !nothing_to_draw(layer).empty()) return std::nullopt;
  Figure figure;
  const std::vector<DrawnCurve> curves = signed_curves(layer);
  double most = 0;
  for (const DrawnCurve& curve : curves) {
    for (const double value : curve.mean) most = std::max(most, std::abs(value));
  }
  const double limit = most > 0 ? most * 1.08 : 1;
  figure.title = fmt::format("Signed holistic curve of {}", title_of(layer));
  figure.description =
      described(layer, curves, "Share of rows inside the spotlight less those inside its opposite, mean over planes,");
  figure.draw = [figure, &layer, curves, limit](Pen& pen) {
    draw_curves(pen, figure, layer, curves, -limit, limit, "rows inside \u2212 opposite (%)");
  };
  return figure;
}

Figure polar_figure(const Resonance& layer) {
  if (const std::string words = nothing_to_draw(layer); !words.empty()) return words_figure(title_of(layer), words);
  Figure figure;
  figure.height = kColumnWidth;
  const std::vector<DrawnCurve> curves = holistic_curves(layer);
  figure.title = fmt::format("Polar holistic curve of {}", title_of(layer));
  figure.description =
      described(layer, curves, "Share of rows inside the spotlight around its turn, mean over planes,");
  figure.draw = [figure, &layer, curves](Pen& pen) { draw_polar(pen, figure, layer, curves); };
  return figure;
}

}  // namespace srm::figures
