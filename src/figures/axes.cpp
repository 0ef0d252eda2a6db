#include "figures/axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace srm::figures {
namespace {

constexpr double kTick = 2.5;
constexpr double kGap = 2;  // between a tick and its text
constexpr double kLegendMark = 11;
constexpr double kLegendGap = 10;
constexpr double kLegendLine = 10;
const Stroke kFrame = {.colour = kInk, .width = 0.6};

std::string with_true_minus(const std::string& text) {
  return text.starts_with('-') && text.size() > 1 ? fmt::format("\u2212{}", text.substr(1)) : text;
}

}  // namespace

double Scale::operator()(double value) const {
  return low_place + (value - low) / (high - low) * (high_place - low_place);
}

std::vector<double> nice_ticks(double low, double high, int most) {
  if (!(low < high) || !std::isfinite(low) || !std::isfinite(high)) return {};
  const double power = std::pow(10, std::floor(std::log10((high - low) / most)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0}) {
    const double step = factor * power;
    const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
    if (last - first + 1 > most) continue;
    std::vector<double> ticks;
    for (double k = first; k <= last; ++k) ticks.push_back(k * step);
    return ticks;
  }
  return {};
}

std::vector<std::string> tick_texts(const std::vector<double>& ticks) {
  double largest = 0, step = 0;
  for (std::size_t k = 0; k < ticks.size(); ++k) {
    largest = std::max(largest, std::abs(ticks[k]));
    if (k > 0) step = ticks[k] - ticks[k - 1];
  }
  const bool is_plain = largest == 0 || (largest < 1e5 && (step == 0 || step >= 1e-4));
  // As few digits behind the point as show each tick exactly enough to tell it from its neighbours.
  int digits = 0;
  const auto is_shown = [&](double value) {
    const double power = std::pow(10, digits);
    return std::abs(std::round(value * power) / power - value) < (step > 0 ? step : std::abs(value)) * 1e-3 + 1e-300;
  };
  while (digits < 6 && !std::all_of(ticks.begin(), ticks.end(), is_shown)) ++digits;
  std::vector<std::string> texts;
  for (const double tick : ticks) {
    const double value = std::abs(tick) < 1e-9 * largest ? 0 : tick;
    texts.push_back(with_true_minus(is_plain ? fmt::format("{:.{}f}", value, digits) : fmt::format("{:.3g}", value)));
  }
  return texts;
}

std::string shown_score(double score, int digits) {
  if (std::isnan(score)) return "-";
  const double power = std::pow(10, digits);
  return with_true_minus(fmt::format("{:.{}f}", std::round(score * power) == 0 ? 0.0 : score, digits));
}

Axis value_axis(double low, double high, double low_place, double high_place, int most_ticks) {
  if (!std::isfinite(low) || !std::isfinite(high)) low = 0, high = 1;
  if (!(low < high)) {
    const double half = std::max(std::abs(low) * 0.1, 1e-3);
    low -= half;
    high += half;
  }
  Axis axis{{low, high, low_place, high_place}};
  axis.ticks = nice_ticks(low, high, most_ticks);
  axis.texts = tick_texts(axis.ticks);
  return axis;
}

void draw_frame(Pen& pen, const Box& box, const Axis& x, const Axis& y) {
  for (std::size_t k = 0; k < y.ticks.size(); ++k) {
    const double place = y.scale(y.ticks[k]);
    pen.line({box.left, place}, {box.right(), place}, {.colour = kRule, .width = 0.5});
    pen.line({box.left - kTick, place}, {box.left, place}, kFrame);
    pen.text({box.left - kTick - kGap, place + 0.36 * kTextSize}, y.texts[k], {.anchor = Anchor::kEnd});
  }
  for (std::size_t k = 0; k < x.ticks.size(); ++k) {
    const double place = x.scale(x.ticks[k]);
    pen.line({place, box.bottom()}, {place, box.bottom() + kTick}, kFrame);
    const double line = box.bottom() + kTick + kTextSize + 1;
    if (k < x.texts.size()) pen.text({place, line}, x.texts[k], {.anchor = Anchor::kMiddle});
    if (k < x.names.size()) {
      pen.symbol({place, line + kTextSize + 2}, x.names[k], {.colour = kSoftInk, .anchor = Anchor::kMiddle});
    }
  }
  pen.line(std::vector<Point>{{box.left, box.top}, {box.left, box.bottom()}, {box.right(), box.bottom()}}, kFrame);
}

void draw_side_label(Pen& pen, const Box& box, const std::string& words) {
  pen.text({kTextSize + 2, box.middle_y()}, words, {.anchor = Anchor::kMiddle, .is_upright = true});
}

double draw_legend(Pen& pen, Point at, double width, const std::vector<LegendItem>& items, bool is_drawn) {
  double x = 0, y = 0;
  for (const LegendItem& item : items) {
    const std::string words = item.is_name ? pen.fitted(item.words, width - kLegendMark - 3) : item.words;
    const double item_width = kLegendMark + 3 + (item.is_name ? pen.text_width(words) : pen.symbol_width(words));
    if (x > 0 && x + item_width > width) {
      x = 0;
      y += kLegendLine;
    }
    if (is_drawn) {
      const Point left{at.x + x, at.y + y - 0.36 * kTextSize};
      const Point right{left.x + kLegendMark, left.y};
      if (item.mark == LegendItem::Mark::kBand) {
        pen.fill(Box{left.x, left.y - 2.5, kLegendMark, 5}, item.colour);
      } else {
        const bool is_dashed = item.mark == LegendItem::Mark::kDashed;
        pen.line(left, right, {item.colour, 1.2, is_dashed ? std::vector<double>{3, 2} : std::vector<double>{}});
      }
      const Point place{right.x + 3, at.y + y};
      item.is_name ? pen.text(place, words) : pen.symbol(place, words);
    }
    x += item_width + kLegendGap;
  }
  return items.empty() ? 0 : y + kLegendLine;
}

void draw_colour_bar(Pen& pen, const Box& box, const Axis& axis, const std::function<Colour(double value)>& colour_of) {
  constexpr int kSteps = 64;
  std::vector<Colour> colours;
  for (int k = 0; k < kSteps; ++k)
    colours.push_back(colour_of(std::lerp(axis.scale.low, axis.scale.high, (k + 0.5) / kSteps)));
  pen.cells(box, colours, kSteps);
  pen.outline(box, {.colour = kSoftInk, .width = 0.4});
  for (std::size_t k = 0; k < axis.ticks.size(); ++k) {
    const double place = axis.scale(axis.ticks[k]);
    pen.line({place, box.bottom()}, {place, box.bottom() + kTick}, kFrame);
    pen.text({place, box.bottom() + kTick + kTextSize + 1}, axis.texts[k], {.anchor = Anchor::kMiddle});
  }
}

}  // namespace srm::figures
