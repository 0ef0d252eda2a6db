// Scores and scalars by step of a training.
#include "figures/timeline_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "figures/axes.h"
#include "report/layer_series.h"

namespace srm::figures {
namespace {

constexpr double kLeft = 46;
constexpr double kScorePanel = 108, kScalarPanel = 52, kBetween = 12;
constexpr std::size_t kMostDots = 12;  // of a line: with more windows they would hide it
constexpr std::size_t kMostBands = 4;
constexpr Colour kOtherLayers = {0.68, 0.68, 0.68, 0.8};

struct Line {
  std::string name;
  Colour colour;
  bool is_coloured = true;
  std::vector<double> steps = {}, values = {}, errors = {};
};

double last_size(const report::LayerSeries& series) {
  for (auto window = series.windows.rbegin(); window != series.windows.rend(); ++window) {
    if (std::isfinite((*window)->a4)) return std::abs((*window)->a4);
  }
  return -1;
}

// In the order of the model; grey ones first, so that those with a colour lie on top.
std::vector<Line> score_lines(const std::vector<const Window*>& windows) {
  const std::vector<report::LayerSeries> all = report::layer_series(windows);
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return last_size(all[a]) > last_size(all[b]); });
  order.resize(std::min(order.size(), kMostColouredLayers));
  std::vector<Line> lines, coloured;
  for (std::size_t k = 0; k < all.size(); ++k) {
    Line line{shown_name(all[k].address), kOtherLayers, std::find(order.begin(), order.end(), k) != order.end()};
    if (line.is_coloured) line.colour = line_colour(coloured.size());
    for (std::size_t w = 0; w < all[k].windows.size(); ++w) {
      line.steps.push_back(static_cast<double>(all[k].steps[w]));
      line.values.push_back(all[k].windows[w]->a4);
      line.errors.push_back(all[k].windows[w]->a4_error);
    }
    (line.is_coloured ? coloured : lines).push_back(std::move(line));
  }
  lines.insert(lines.end(), coloured.begin(), coloured.end());
  return lines;
}

std::vector<Line> scalar_lines(const std::vector<const Window*>& windows) {
  std::vector<Line> lines;
  for (const report::ScalarSeries& scalar : report::scalar_series(windows)) {
    if (lines.size() == kMostScalars) break;
    Line line{shown_name(scalar.name), kInk};
    line.steps.assign(scalar.steps.begin(), scalar.steps.end());
    line.values = scalar.values;
    lines.push_back(std::move(line));
  }
  return lines;
}

struct Extent {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // Steps are whole numbers, and there may be one alone.
  Axis step_axis(double low_place, double high_place) const {
    Axis found = axis(low_place, high_place, 0.02, 6);
    std::erase_if(found.ticks, [&](double tick) { return tick != std::round(tick); });
    if (low == high) found.ticks = {low};
    found.texts = tick_texts(found.ticks);
    return found;
  }
  Axis axis(double low_place, double high_place, double margin, int most_ticks) const {
    const double room = high > low ? (high - low) * margin : 0;
    return value_axis(low - room, high + room, low_place, high_place, most_ticks);
  }
};

std::vector<LegendItem> legend_of(const std::vector<Line>& lines) {
  std::vector<LegendItem> items;
  std::size_t num_others = 0;
  for (const Line& line : lines) {
    if (line.is_coloured) {
      items.push_back({line.name, line.colour, LegendItem::Mark::kLine, /*is_name=*/true});
    } else {
      ++num_others;
    }
  }
  if (num_others > 0) items.push_back({fmt::format("{} other layers", num_others), kOtherLayers});
  return items;
}

void draw_line(Pen& pen, const Line& line, const Axis& x, const Axis& y, bool has_band) {
  std::vector<Point> path, band;
  for (std::size_t k = 0; k < line.values.size(); ++k)
    path.push_back({x.scale(line.steps[k]), y.scale(line.values[k])});
  const bool is_alone = line.values.size() == 1;  // then its band is a bar
  const auto edge = [&](std::size_t k, double sign) {
    const double error = std::isfinite(line.errors[k]) ? line.errors[k] : 0;
    band.push_back({x.scale(line.steps[k]), y.scale(line.values[k] + sign * error)});
  };
  if (has_band && std::all_of(line.values.begin(), line.values.end(), [](double v) { return std::isfinite(v); })) {
    for (std::size_t k = 0; k < line.values.size(); ++k) edge(k, 1);
    for (std::size_t k = line.values.size(); k-- > 0;) edge(k, -1);
    is_alone ? pen.line(band, {line.colour, 0.8}) : pen.fill(band, line.colour.with_alpha(kBandOpacity));
  }
  pen.line(path, {line.colour, line.is_coloured ? 1.1 : 0.6});
  if (path.size() > kMostDots) return;
  for (const Point& point : path) {
    if (std::isfinite(point.y)) pen.dot(point, 1.5, line.colour);
  }
}

void draw_panel(Pen& pen, const Box& box, const std::vector<Line>& lines, Axis x, const std::string& words,
                bool is_lowest) {
  Extent extent;
  const bool has_band = std::count_if(lines.begin(), lines.end(), [](const Line& line) {
                          return line.is_coloured && !line.errors.empty();
                        }) <= static_cast<std::ptrdiff_t>(kMostBands);
  for (const Line& line : lines) {
    for (std::size_t k = 0; k < line.values.size(); ++k) {
      const double error = has_band && !line.errors.empty() && std::isfinite(line.errors[k]) ? line.errors[k] : 0;
      extent.add(line.values[k] - error);
      extent.add(line.values[k] + error);
    }
  }
  const Axis y = extent.axis(box.bottom(), box.top, 0.06, box.height > 80 ? 6 : 4);
  if (!is_lowest) x.texts.clear();
  draw_frame(pen, box, x, y);
  pen.symbol({kEdge, box.top - 4}, words);
  if (y.scale.low < 0 && y.scale.high > 0) {
    pen.line({box.left, y.scale(0)}, {box.right(), y.scale(0)}, {.colour = kSoftInk, .width = 0.6});
  }
  for (const Line& line : lines) draw_line(pen, line, x, y, has_band && !line.errors.empty());
}

std::string described(const std::vector<Line>& scores, const std::vector<Line>& scalars) {
  std::string words = "A4 of layers by step.";
  for (const Line& line : scores) {
    words += fmt::format(" {}: {} at first, {} at last.", line.name, shown_score(line.values.front()),
                         shown_score(line.values.back()));
  }
  for (const Line& line : scalars) {
    words += fmt::format(" {}: {:.4g} at first, {:.4g} at last.", line.name, line.values.front(), line.values.back());
  }
  return words;
}

}  // namespace

Figure timeline_figure(const std::string& phase, const std::vector<const Window*>& windows) {
  const std::vector<Line> scores = score_lines(windows), scalars = scalar_lines(windows);
  const std::string title = fmt::format("A4 by step, {}", shown_name(phase));
  if (scores.empty() && scalars.empty()) return words_figure(title, "No window was closed.");
  Figure figure;
  const std::vector<LegendItem> legend = legend_of(scores);
  // Names are long: a line each at the most.
  const double most_legend = 10 * static_cast<double>(legend.size());
  figure.height = kSecondLine + most_legend + kBetween + kScorePanel +
                  static_cast<double>(scalars.size()) * (kScalarPanel + kBetween + 6) + 26;
  figure.title = title;
  figure.description = described(scores, scalars);
  figure.draw = [figure, scores, scalars, legend](Pen& pen) {
    pen.text({kEdge, 11}, pen.fitted(figure.title, kColumnWidth - 2 * kEdge, kTitleSize), {.size = kTitleSize});
    const double width = kColumnWidth - 2 * kEdge;
    const double legend_height = draw_legend(pen, {kEdge, kSecondLine}, width, legend);
    Extent steps;
    for (const auto* lines : {&scores, &scalars}) {
      for (const Line& line : *lines) {
        for (const double step : line.steps) steps.add(step);
      }
    }
    const Axis x = steps.step_axis(kLeft, kColumnWidth - kEdge - 6);
    double top = kSecondLine + legend_height + kBetween - 4;
    const double spare = figure.height - 26 - top - static_cast<double>(scalars.size()) * (kScalarPanel + kBetween + 6);
    Box box{kLeft, top, kColumnWidth - kEdge - 6 - kLeft, spare};
    draw_panel(pen, box, scores, x, "A_4", scalars.empty());
    for (std::size_t k = 0; k < scalars.size(); ++k) {
      box = {box.left, box.bottom() + kBetween + 6, box.width, kScalarPanel};
      draw_panel(pen, box, {scalars[k]}, x, "", k + 1 == scalars.size());
      pen.text({kEdge, box.top - 4}, pen.fitted(scalars[k].name, width));
    }
    pen.text({box.middle_x(), box.bottom() + 20}, "step", {.anchor = Anchor::kMiddle});
  };
  return figure;
}

}  // namespace srm::figures
