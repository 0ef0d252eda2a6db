// Curves over the angle as charts of a dozen lines: one plane's, or a layer's holistic ones.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "report/console_text.h"
#include "report/curve_braille.h"
#include "report/curve_facts.h"
#include "srm/report.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using report::Paint;

constexpr int kPlaneLines = 12;
constexpr int kHolisticLines = 10;
constexpr int kMostColumns = 72;
constexpr int kFewestColumns = 16;

std::string percent(double fraction) { return fmt::format("{:.3g}%", fraction * 100); }

// How many columns a chart has beside what stands on its left and right, so that quarters are equal.
int chart_columns(const ConsoleOptions& options, std::size_t beside) {
  return std::clamp(options.width - static_cast<int>(beside) - 2, kFewestColumns, kMostColumns) / 4 * 4;
}

// `lines` from `top` down to 0 % with an axis that names the quarters; 90 degrees is `second`, "b_j" or "e2".
std::string framed(const std::vector<std::string>& lines, const std::string& top, int columns, Sense sense,
                   const std::string& second, bool unicode) {
  const std::size_t label_width = top.size();
  std::string text;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    text += fmt::format("{:>{}} {}{}\n", line == 0 ? top : "", label_width, unicode ? "\u2502" : "|", lines[line]);
  }
  std::string axis = fmt::format("{:>{}} {}", "0%", label_width, unicode ? "\u2514" : "+");
  for (int column = 0; column < columns; ++column) axis += unicode ? "\u2500" : "-";
  text += axis + "\n";
  const bool natural = sense == Sense::kNatural;
  std::string degrees(label_width + 2, ' ');
  std::string vectors = degrees;
  const std::array<std::pair<std::string_view, std::string>, 4> quarters = {{{"0", "+b_i"},
                                                                             {"90", (natural ? "+" : "-") + second},
                                                                             {"180", "-b_i"},
                                                                             {"270", (natural ? "-" : "+") + second}}};
  for (const auto& [degree, vector] : quarters) {
    degrees += fmt::format("{:<{}}", degree, columns / 4);
    vectors += fmt::format("{:<{}}", vector, columns / 4);
  }
  for (const std::string& marks : {degrees, vectors}) text += marks.substr(0, marks.find_last_not_of(' ') + 1) + "\n";
  return text;
}

// What is told of one holistic curve.
std::string curve_facts(const Resonance& layer, std::int64_t e, const std::vector<double>& mean) {
  const ResonanceParts& parts = layer.parts();
  const auto distinct = mean.begin() + static_cast<std::ptrdiff_t>(parts.grid.num_distinct());
  const auto peak = std::max_element(mean.begin(), distinct);
  const double epsilon = parts.epsilon[static_cast<std::size_t>(e)];
  if (*peak == 0) return fmt::format("epsilon {}: no sample inside, lower --epsilon", epsilon);
  double sum = 0;
  for (auto value = mean.begin(); value != distinct; ++value) sum += *value;
  std::string text = fmt::format("epsilon {}: peak {} at {:.6g} degrees, mean {}", epsilon, percent(*peak),
                                 report::angle_degrees(parts.grid, peak - mean.begin()),
                                 percent(sum / static_cast<double>(parts.grid.num_distinct())));
  if (parts.basis_lengths == VectorLengths::kNormalised) {
    text += fmt::format("; evenly spread rows {}", percent(isotropic_rate(parts.dim, epsilon)));
  }
  return text;
}

// The text of a chart with, behind the lines in which curves end, their names.
std::vector<std::string> named_lines(const std::vector<report::ChartLine>& lines,
                                     const std::vector<std::vector<double>>& curves,
                                     const std::vector<std::string>& names, double top, int columns,
                                     const ConsoleOptions& options) {
  std::vector<std::string> text;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    text.push_back(lines[line].text);
    std::string behind;
    for (std::size_t k = 0; k < curves.size(); ++k) {
      const int place = report::line_of(curves[k].back(), top, static_cast<int>(lines.size()), options.unicode);
      if (place == static_cast<int>(line))
        (behind += ' ') += report::in_curve_colour(k, names[k], Paint{options.colour});
    }
    if (curves.size() > 1 && !behind.empty()) {
      text.back() += std::string(static_cast<std::size_t>(columns - lines[line].num_columns), ' ') + behind;
    }
  }
  return text;
}

}  // namespace

std::string plane_chart(const Resonance& layer, std::int64_t i, std::int64_t j, const ConsoleOptions& options) {
  const std::int64_t plane = layer.plane_index(i, j);
  const ResonanceParts& parts = layer.parts();
  const Paint paint{options.colour};
  std::string text;
  for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
    const double epsilon = parts.epsilon[static_cast<std::size_t>(e)];
    const report::PlaneFacts facts = report::plane_facts(layer, e, plane);
    text +=
        paint.heading(fmt::format("{}, plane ({}, {}), epsilon {}",
                                  report::terminal_text(report::layer_name(layer), options.unicode), i, j, epsilon)) +
        "\n";
    if (facts.peak == 0) {
      text += fmt::format("{} samples, {} hits\n", layer.num_samples_seen(), facts.num_hits);
      text += paint.warning(layer.num_samples_seen() == 0
                                ? std::string("no samples were seen")
                                : fmt::format("no sample inside at epsilon {}: lower --epsilon", epsilon)) +
              "\n";
      continue;
    }
    text += fmt::format("{} samples, {} hits; peak {} at {:.6g} degrees, mean {}\n", layer.num_samples_seen(),
                        facts.num_hits, percent(facts.peak), facts.peak_angle_degrees, percent(facts.mean));
    const std::string top = percent(facts.peak);
    const int columns = chart_columns(options, top.size());
    const auto heights = report::column_peaks(layer.curve(e, plane), parts.grid.num_distinct(), columns);
    std::vector<std::string> lines = report::bar_chart(heights, kPlaneLines, options.unicode);
    for (std::string& line : lines) line = paint.curve(line);
    text +=
        framed(lines, top, columns, parts.sense, report::is_orthogonal(parts, {i, j}) ? "b_j" : "e2", options.unicode);
  }
  return text;
}

std::string curves_chart(const Resonance& layer, const ConsoleOptions& options) {
  const ResonanceParts& parts = layer.parts();
  const Paint paint{options.colour};
  std::string text = paint.heading(fmt::format("{}: {} sample{}, {} plane{}",
                                               report::terminal_text(report::layer_name(layer), options.unicode),
                                               layer.num_samples_seen(), layer.num_samples_seen() == 1 ? "" : "s",
                                               parts.num_planes_summed, parts.num_planes_summed == 1 ? "" : "s")) +
                     "\n";
  if (layer.num_samples_seen() == 0 || parts.num_planes_summed == 0) {
    return text + paint.warning(layer.num_samples_seen() == 0 ? "no samples were seen" : "there are no planes") + "\n";
  }
  std::vector<std::string> names;
  std::vector<std::vector<double>> means;
  double top = 0;
  std::size_t name_width = 0;
  for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
    means.push_back(layer.holistic_mean(e));
    names.push_back(fmt::format("{}", parts.epsilon[static_cast<std::size_t>(e)]));
    const auto k = static_cast<std::size_t>(e);
    const std::string facts = curve_facts(layer, e, means.back());
    text += report::in_curve_colour(k, report::curve_mark(k, options.unicode), paint) + " " + facts + "\n";
    top = std::max(top, *std::max_element(means.back().begin(), means.back().end()));
    name_width += 1 + names.back().size();  // all of them may end in one line
  }
  if (top == 0) return text;
  const int columns = chart_columns(options, percent(top).size() + name_width);
  std::vector<std::vector<double>> curves;
  for (const std::vector<double>& mean : means) {
    curves.push_back(report::column_peaks(mean, parts.grid.num_distinct(), 2 * columns));
  }
  const auto chart = report::dotted_chart(curves, top, kHolisticLines, columns, options.unicode, paint);
  const std::vector<std::string> lines = named_lines(chart, curves, names, top, columns, options);
  return text + framed(lines, percent(top), columns, parts.sense, report::has_orthogonal_planes(parts) ? "b_j" : "e2",
                       options.unicode);
}

}  // namespace srm
