#include "figures/strip_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures/axes.h"
#include "figures/layer_curves.h"
#include "report/console_text.h"
#include "report/findings_facts.h"
#include "srm/statistics.h"

namespace srm::figures {
namespace {

constexpr int kColumns = 360;
constexpr double kLeastCurves = 92;  // where names are long, the figure is wider than a column, and then they are cut
constexpr double kScores = 41;
constexpr double kGap = 4;
constexpr double kLowestRow = 9.5, kHighestRow = 18, kUsualRows = 100;
constexpr double kTop = 27;
constexpr double kBelow = 52;          // axis and colour bar
constexpr std::size_t kManyRows = 30;  // from here on the angles stand above, too
constexpr double kMostP = 0.05;

std::vector<double> ratios_of(const Resonance& layer) {
  if (layer.num_samples_seen() == 0 || layer.num_epsilons() == 0) return {};
  const std::vector<double> mean = layer.holistic_mean(0);
  const auto num_distinct = static_cast<std::size_t>(layer.parts().grid.num_distinct());
  double sum = 0;
  for (std::size_t k = 0; k < num_distinct; ++k) sum += mean[k];
  if (sum == 0) return {};
  std::vector<double> ratios;
  for (int column = 0; column < kColumns; ++column) {
    // The angle nearest to the middle of the column.
    const double place = (column + 0.5) / kColumns * static_cast<double>(num_distinct);
    const auto k = static_cast<std::size_t>(std::lround(place)) % num_distinct;
    ratios.push_back(std::log2(mean[k] * static_cast<double>(num_distinct) / sum));
  }
  return ratios;
}

StripRow row_of(const Results& results, const Resonance& layer, const std::string& name) {
  const LayerFindings* found = report::findings_of(results, layer);
  const bool is_beyond = found != nullptr && found->tests && found->tests->haar.p <= kMostP;
  return {shown_name(name), ratios_of(layer), shown_score(quartic_alignment(layer)) + (is_beyond ? "*" : ""),
          layer.num_epsilons() > 0 ? layer.parts().epsilon.front() : 0};
}

std::string epsilon_words(const std::vector<StripRow>& rows) {
  const auto [low, high] = std::minmax_element(
      rows.begin(), rows.end(), [](const StripRow& a, const StripRow& b) { return a.epsilon < b.epsilon; });
  return low->epsilon == high->epsilon ? fmt::format("\u03b5 = {:.4g}", low->epsilon)
                                       : fmt::format("\u03b5 from {:.3g} to {:.3g}", low->epsilon, high->epsilon);
}

std::string factor_text(double log2_ratio) {
  if (log2_ratio == 0) return "its mean";
  return fmt::format("{}{:.3g}", log2_ratio > 0 ? "\u00d7" : "\u00f7", std::exp2(std::abs(log2_ratio)));
}

double row_height(std::size_t num_rows) {
  return std::clamp(kUsualRows / static_cast<double>(num_rows), kLowestRow, kHighestRow);
}

// Cut likewise where they must be, so that they stay apart.
std::vector<std::string> fitted_names(const std::vector<StripRow>& rows, double room) {
  constexpr int kMostColumns = 200;  // more never fit a page
  std::vector<std::string> names;
  int columns = 1;
  for (const StripRow& row : rows) {
    names.push_back(row.name);
    columns = std::max(columns, report::num_columns(row.name));
  }
  columns = std::min(columns, kMostColumns + 1);
  std::vector<std::string> cut = names;
  const auto is_wide = [&](const std::string& name) { return text_width(name) > room; };
  while (columns > 1 && std::any_of(cut.begin(), cut.end(), is_wide)) {
    cut = report::fit_names(names, --columns, /*unicode=*/true);
    for (std::string& name : cut) name.erase(name.find_last_not_of(' ') + 1);
  }
  return cut;
}

double widest_of(const std::vector<std::string>& names) {
  double widest = 0;
  for (const std::string& name : names) widest = std::max(widest, text_width(name));
  return widest;
}

void draw_rows(Pen& pen, const Box& box, const std::vector<StripRow>& rows, const std::vector<std::string>& names,
               double limit) {
  const double height = box.height / static_cast<double>(rows.size());
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const Box row{box.left, box.top + static_cast<double>(k) * height, box.width, height};
    const double baseline = row.middle_y() + 0.36 * kTextSize;
    pen.text({kEdge, baseline}, names[k]);
    if (rows[k].log2_ratios.empty()) {
      pen.fill(row, kBlank);
      pen.text({row.middle_x(), baseline}, "no curve", {.colour = kSoftInk, .anchor = Anchor::kMiddle});
    } else {
      std::vector<Colour> colours;
      for (const double ratio : rows[k].log2_ratios) colours.push_back(diverging_colour(ratio / limit));
      pen.cells(row, colours, kColumns);
    }
    // A star hangs over, so that points stand below each other.
    const bool has_star = rows[k].score.ends_with('*');
    const std::string number = rows[k].score.substr(0, rows[k].score.size() - (has_star ? 1 : 0));
    const double right = box.right() + kScores - 4;
    pen.text({right, baseline}, number, {.anchor = Anchor::kEnd});
    if (has_star) pen.text({right, baseline}, "*");
    if (k > 0) pen.line({box.left, row.top}, {box.right(), row.top}, {.colour = kPaper, .width = 0.7});
  }
}

}  // namespace

std::vector<StripRow> layer_rows(const Results& results) {
  std::vector<StripRow> rows;
  for (const Resonance& layer : results) {
    if (layer.parts().group.empty()) rows.push_back(row_of(results, layer, layer.address()));
  }
  return rows;
}

std::vector<StripRow> group_rows(const Results& results, const std::string& address) {
  std::vector<StripRow> rows;
  for (const Resonance& layer : results) {
    if (!layer.parts().group.empty() && layer.address() == address) {
      rows.push_back(row_of(results, layer, layer.parts().group));
    }
  }
  return rows;
}

double colour_limit(const std::vector<StripRow>& rows) {
  std::vector<double> rises;
  for (const StripRow& row : rows) {
    for (const double ratio : row.log2_ratios) {
      if (ratio > 0) rises.push_back(ratio);
    }
  }
  if (rises.empty()) return std::log2(1.1);
  const auto place = rises.begin() + static_cast<std::ptrdiff_t>(rises.size() - 1 - rises.size() / 50);
  std::nth_element(rises.begin(), place, rises.end());
  for (const double factor : {1.1, 1.25, 1.5, 2.0, 3.0, 5.0}) {
    if (*place <= std::log2(factor)) return std::log2(factor);
  }
  return std::log2(10.0);
}

Figure strip_figure(const std::string& title, const Resonance& layer, const std::vector<StripRow>& rows) {
  Figure figure;
  figure.height = kTop + row_height(rows.size()) * static_cast<double>(rows.size()) + kBelow;
  figure.title = title;
  figure.description =
      fmt::format("{} rows of colours, each the holistic curve over the angle beside its mean.", rows.size());
  for (const StripRow& row : rows) figure.description += fmt::format(" {}: A4 {}.", row.name, row.score);
  constexpr double kBeside = 2 * kEdge + kGap + kScores;  // names and curves
  const std::vector<std::string> names = fitted_names(rows, kPageWidth - kBeside - kLeastCurves);
  const double left = kEdge + widest_of(names) + kGap;
  figure.width = std::max(kColumnWidth, left + kLeastCurves + kScores + kEdge);
  figure.draw = [figure, &layer, rows, names, left](Pen& pen) {
    const Box box{left, kTop, figure.width - kEdge - kScores - left, figure.height - kTop - kBelow};
    const std::string epsilon = epsilon_words(rows);
    pen.text({kEdge, 11}, pen.fitted(figure.title, figure.width - 2 * kEdge - pen.text_width(epsilon) - 8, kTitleSize),
             {.size = kTitleSize});
    pen.text({figure.width - kEdge, 11}, epsilon, {.colour = kSoftInk, .anchor = Anchor::kEnd});
    pen.symbol({figure.width - kEdge - 4, kTop - 4}, "A_4", {.anchor = Anchor::kEnd});
    const double limit = colour_limit(rows);
    draw_rows(pen, box, rows, names, limit);
    const Axis x = angle_axis(layer, box.left, box.right());
    for (std::size_t k = 0; k < x.ticks.size(); ++k) {
      const double place = x.scale(x.ticks[k]);
      pen.line({place, box.bottom()}, {place, box.bottom() + 2.5}, {.width = 0.6});
      pen.text({place, box.bottom() + 10.5}, x.texts[k], {.anchor = Anchor::kMiddle});
      pen.symbol({place, box.bottom() + 19.5}, x.names[k], {.colour = kSoftInk, .anchor = Anchor::kMiddle});
      if (rows.size() >= kManyRows) pen.text({place, box.top - 4}, x.texts[k], {.anchor = Anchor::kMiddle});
    }
    const Box bar{box.left + box.width * 0.15, box.bottom() + 30, box.width * 0.7, 6};
    Axis colours{{-limit, limit, bar.left, bar.right()}, {-limit, 0, limit}};
    for (const double tick : colours.ticks) colours.texts.push_back(factor_text(tick));
    draw_colour_bar(pen, bar, colours, [&](double value) { return diverging_colour(value / limit); });
    if (std::any_of(rows.begin(), rows.end(), [](const StripRow& row) { return row.score.ends_with('*'); })) {
      pen.text({kEdge, bar.bottom() + 10.5}, "* p \u2264 0.05", {.colour = kSoftInk});
    }
  };
  return figure;
}

}  // namespace srm::figures
