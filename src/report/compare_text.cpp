#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "report/compare_facts.h"
#include "report/console_text.h"
#include "report/curve_facts.h"
#include "srm/comparison_report.h"
#include "srm/verdict.h"

namespace srm {
namespace {

using report::Column;
using report::score_text;
using report::terminal_text;

// Farther out, the normal distribution that p rests on is no guide.
std::string p_text(double p) { return std::isnan(p) ? "" : p < 1e-12 ? "<1e-12" : fmt::format("{:.2g}", p); }

// How many decimals show two digits of an error.
int num_decimals(double error) {
  if (!std::isfinite(error) || error <= 0) return 0;
  constexpr int kMost = 9;
  const std::string rounded = fmt::format("{:.1e}", error);
  return std::clamp(1 - std::stoi(rounded.substr(rounded.find('e') + 1)), 0, kMost);
}

// As many decimals as its error has, three at the least, or "-".
std::string difference_text(double difference, double error) {
  return std::isfinite(difference) ? fmt::format("{:+.{}f}", difference, std::max(3, num_decimals(error))) : "-";
}

std::string error_text(double error) {
  return std::isfinite(error) ? fmt::format("{:.{}f}", error, num_decimals(error)) : "";
}

// Fills numbers up on the right, so that their points stand below each other.
void align_points(Column& column) {
  const auto behind_point = [](const std::string& cell) {
    const std::size_t point = cell.find('.');
    return point == std::string::npos ? 0 : cell.size() - point;
  };
  std::size_t most = 0;
  for (const std::string& cell : column.cells) most = std::max(most, behind_point(cell));
  for (std::string& cell : column.cells) {
    if (behind_point(cell) > 0) cell.append(most - behind_point(cell), ' ');
  }
}

const char* word_of(const std::optional<Alignment>& alignment) {
  if (!alignment) return "-";
  return *alignment == Alignment::kNone ? "none" : to_string(*alignment);
}

std::string verdicts_text(const LayerComparison& layer) {
  if (!layer.a.alignment && !layer.b.alignment) return "";
  return fmt::format("{} > {}", word_of(layer.a.alignment), word_of(layer.b.alignment));
}

std::vector<Column> columns_of(const std::vector<const LayerComparison*>& layers, const std::string& letter) {
  Column a{"A4 A", 3}, b{"A4 " + letter, 3}, difference{letter + " - A"}, error{"+-", 5}, p{"p", 4}, p_bound{"p<="};
  Column q{"q<=", 6}, verdict{"verdicts", 2, /*is_text=*/true}, epsilon{"eps"}, c4_a{"C4 A", 1},
      c4_b{"C4 " + letter, 1};
  Column curve{"curve"}, at{"at", 4}, curve_p{"p<="};
  for (const LayerComparison* layer : layers) {
    const std::size_t num_rows = std::max<std::size_t>(layer->curves.size(), 1);
    for (std::size_t row = 0; row < num_rows; ++row) {
      const auto once = [&](Column& column, std::string cell) {
        column.cells.push_back(row == 0 ? std::move(cell) : std::string());
      };
      once(a, score_text(layer->a.layer.a4));
      once(b, score_text(layer->b.layer.a4));
      once(difference, difference_text(layer->a4.difference, layer->a4.error));
      once(error, error_text(layer->a4.error));
      once(p, p_text(layer->a4.test.p));
      once(p_bound, p_text(layer->a4.test.p_bound));
      once(q, p_text(layer->a4.test.q_bound));
      once(verdict, verdicts_text(*layer));
      const CurveDifference* shown = row < layer->curves.size() ? &layer->curves[row] : nullptr;
      const bool has_curve = shown != nullptr && !shown->a.empty();
      const auto k = shown == nullptr ? std::size_t{0} : static_cast<std::size_t>(shown->largest);
      epsilon.cells.push_back(shown == nullptr ? "" : fmt::format("{}", shown->epsilon));
      c4_a.cells.push_back(shown == nullptr ? "" : score_text(shown->c4_a));
      c4_b.cells.push_back(shown == nullptr ? "" : score_text(shown->c4_b));
      curve.cells.push_back(has_curve ? fmt::format("{:+.2g}%", 100 * (shown->b[k] - shown->a[k])) : "");
      at.cells.push_back(has_curve ? fmt::format("{:.4g}", report::angle_degrees(std::ssize(shown->a), shown->largest))
                                   : "");
      curve_p.cells.push_back(has_curve ? p_text(shown->test.p_bound) : "");
    }
  }
  align_points(difference);
  align_points(error);
  std::vector<Column> columns;
  for (Column* column :
       {&a, &b, &difference, &error, &p, &p_bound, &q, &verdict, &epsilon, &c4_a, &c4_b, &curve, &at, &curve_p}) {
    if (column->has_text()) columns.push_back(std::move(*column));
  }
  return columns;
}

std::string table_of(const std::vector<const LayerComparison*>& layers, const std::string& letter,
                     const ConsoleOptions& options) {
  constexpr int kFewestNameColumns = 12;
  std::vector<std::string> names;
  int longest = 5;
  for (const LayerComparison* layer : layers) {
    names.push_back(terminal_text(report::pair_name(*layer), options.unicode));
    longest = std::max(longest, report::num_columns(names.back()));
  }
  std::vector<Column> columns = columns_of(layers, letter);
  constexpr int kLastToGo = 6;
  report::make_room(columns, options.width, std::min(longest, 2 * kFewestNameColumns), kLastToGo);
  const int room = options.width - report::total_width(columns);
  const int name_width = std::clamp(room, std::min(longest, kFewestNameColumns), longest);
  std::string heading = fmt::format("{:<{}}", "layer", name_width);
  for (const Column& column : columns) heading += "  " + column.filled(column.heading);
  std::string text = report::Paint{options.colour}.heading(heading) + "\n";
  const std::vector<std::string> shown = report::fit_names(names, name_width, options.unicode);
  std::size_t row = 0;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const std::size_t num_rows = std::max<std::size_t>(layers[k]->curves.size(), 1);
    for (std::size_t e = 0; e < num_rows; ++e, ++row) {
      text += e == 0 ? shown[k] : std::string(static_cast<std::size_t>(name_width), ' ');
      for (const Column& column : columns) text += "  " + column.filled(column.cells[row]);
      text.erase(text.find_last_not_of(' ') + 1);
      text += "\n";
    }
  }
  return text;
}

// What the columns with a chance say, where there are any.
std::string legend_text(const Comparison& comparison) {
  bool has_a4 = false, has_curve = false;
  for (const LayerComparison& layer : comparison.layers) {
    has_a4 = has_a4 || !std::isnan(layer.a4.test.p);
    has_curve = has_curve || std::any_of(layer.curves.begin(), layer.curves.end(),
                                         [](const CurveDifference& curve) { return !std::isnan(curve.test.p_bound); });
  }
  std::vector<std::string> parts;
  if (has_a4) parts.emplace_back("p: if the samples of both are independent");
  if (has_a4 || has_curve) {
    parts.push_back(
        fmt::format("p<={}: whatever their dependence, so for the same samples too", has_a4 ? ", q<=" : ""));
  }
  parts.push_back(fmt::format("curve: the largest difference of the holistic curves{}",
                              has_curve ? ", at least as sure as its p<= says" : ""));
  return fmt::format("{}", fmt::join(parts, "; "));
}

// A line for all layers of which the same is to be said.
std::string notes_text(const Comparison& comparison, const ConsoleOptions& options) {
  std::vector<std::pair<std::string, std::vector<std::string>>> notes;
  for (const LayerComparison& layer : comparison.layers) {
    for (const std::string& note : layer.notes) {
      auto known = std::find_if(notes.begin(), notes.end(), [&](const auto& one) { return one.first == note; });
      if (known == notes.end()) known = notes.insert(known, {note, {}});
      known->second.push_back(terminal_text(report::pair_name(layer), options.unicode));
    }
  }
  std::string text;
  for (const auto& [note, names] : notes) {
    const bool is_of_all = names.size() == comparison.layers.size();
    const std::string who = is_of_all ? "all" : fmt::format("{}", fmt::join(names, ", "));
    text += report::wrapped(fmt::format("{}: {}", who, terminal_text(note, options.unicode)), options.width, "  ");
  }
  for (const std::string& unmatched : comparison.unmatched) {
    text += report::wrapped(terminal_text(unmatched, options.unicode), options.width, "  ");
  }
  return text;
}

}  // namespace

std::string comparison_table(const Comparison& comparison, const ConsoleOptions& options) {
  std::string text;
  for (std::size_t k = 0; k < comparison.sources.size(); ++k) {
    text +=
        fmt::format("{}  {}\n", report::source_letter(k), terminal_text(comparison.sources[k].name, options.unicode));
  }
  for (std::size_t b = 1; b < comparison.sources.size(); ++b) {
    std::vector<const LayerComparison*> layers;
    for (const LayerComparison& layer : comparison.layers) {
      if (layer.source == b) layers.push_back(&layer);
    }
    if (!layers.empty()) text += fmt::format("\n{}", table_of(layers, report::source_letter(b), options));
  }
  text += fmt::format("\n{}", report::wrapped(report::difference_summary(comparison), options.width, ""));
  text += report::wrapped(legend_text(comparison), options.width, "");
  return text + notes_text(comparison, options);
}

}  // namespace srm
