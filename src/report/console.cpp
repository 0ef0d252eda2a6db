#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/console_text.h"
#include "report/curve_facts.h"
#include "report/findings_facts.h"
#include "report/layer_columns.h"
#include "srm/report.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using report::Column;
using report::make_room;
using report::Paint;
using report::total_width;

constexpr int kMostCurveColumns = 72;
constexpr int kGoodCurveColumns = 24;
constexpr int kFewestCurveColumns = 16;

bool is_flat_zero(const std::vector<double>& curve) {
  return std::all_of(curve.begin(), curve.end(), [](double f) { return f == 0; });
}

std::string curve_cell(const Resonance& layer, std::int64_t e, int columns, const ConsoleOptions& options) {
  if (layer.num_samples_seen() == 0) return "no samples";
  if (layer.parts().num_planes_summed == 0) return "no planes";
  const std::vector<double> mean = layer.holistic_mean(e);
  if (is_flat_zero(mean)) return "none inside";
  return report::sparkline(report::column_peaks(mean, layer.parts().grid.num_distinct(), columns), options.unicode);
}

std::string skipped_note(const Resonance& layer) {
  const ResonanceParts& parts = layer.parts();
  std::string note;
  const auto tell = [&](std::int64_t count, std::string_view what) {
    if (count > 0) note += fmt::format("{} {} {}", note.empty() ? "" : ",", count, what);
  };
  tell(parts.num_samples_zero_norm, "zero rows");
  tell(parts.num_samples_nonfinite, "rows with NaN or infinity");
  tell(parts.num_samples_skipped, "rows skipped (mask, sampling, limit, budget or full queue)");
  tell(parts.num_planes_left_out, "planes left out (parallel basis vectors)");
  return note;
}

// A line for all layers of which the same is to be said, as of one mask.
std::string skipped_notes(const Results& results, const std::vector<std::string>& names, int width) {
  struct Note {
    std::string text;
    std::vector<std::string_view> names;
  };
  std::vector<Note> notes;
  for (std::size_t k = 0; k < names.size(); ++k) {
    std::string text = skipped_note(results.layers[k]);
    if (text.empty()) continue;
    const auto known = std::find_if(notes.begin(), notes.end(), [&](const Note& note) { return note.text == text; });
    if (known == notes.end()) {
      notes.push_back({std::move(text), {names[k]}});
    } else {
      known->names.push_back(names[k]);
    }
  }
  std::string lines;
  for (const Note& note : notes) {
    const bool is_of_all = note.names.size() > 1 && note.names.size() == names.size();
    const std::string who =
        is_of_all ? fmt::format("all {} layers", names.size()) : fmt::format("{}", fmt::join(note.names, ", "));
    lines += report::wrapped(who + ":" + note.text, width, "  ");
  }
  return lines;
}

// Below the table: what a dash means, and what to do about curves that are zero everywhere, a line an epsilon.
std::string notes_on(const Results& results, const Paint& paint) {
  struct Flat {
    double epsilon;
    std::int64_t num_layers;
    std::int64_t widest;
  };
  std::vector<Flat> flat;
  bool has_undefined_c4 = false;
  for (const Resonance& layer : results) {
    for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
      const double epsilon = layer.parts().epsilon[static_cast<std::size_t>(e)];
      has_undefined_c4 = has_undefined_c4 || std::isnan(arc_alignment(layer, epsilon));
      const bool is_empty = layer.parts().scores.num_rows == 0 || layer.parts().num_planes_summed == 0;
      if (is_empty || !is_flat_zero(layer.holistic_mean(e))) continue;
      const auto known = std::find_if(flat.begin(), flat.end(), [&](const Flat& f) { return f.epsilon == epsilon; });
      if (known == flat.end()) {
        flat.push_back({epsilon, 1, layer.dim()});
      } else {
        ++known->num_layers;
        known->widest = std::max(known->widest, layer.dim());
      }
    }
  }
  std::string notes;
  if (has_undefined_c4) notes += "C4 is left out (-) below 100 hits, where it says nothing\n";
  for (const auto& [epsilon, num_layers, widest] : flat) {
    // On the diagonals of a narrow layer the isotropic rate is no guide: nothing is inside though the rate is high.
    const double usual = isotropic_epsilon(std::max<std::int64_t>(widest, 2), 0.01);
    const std::string advice = usual < 0.98 * epsilon ? fmt::format(", to about {:.2g} for n = {}", usual, widest) : "";
    notes += paint.warning(fmt::format("{} layer{}: no sample inside at epsilon {}: lower --epsilon{}", num_layers,
                                       num_layers == 1 ? "" : "s", epsilon, advice)) +
             "\n";
  }
  return notes;
}

// "0  90  180  270" over the quarters of a curve.
std::string quarter_marks(int columns) {
  std::string marks;
  for (const std::string_view mark : {"0", "90", "180", "270"}) marks += fmt::format("{:<{}}", mark, columns / 4);
  return marks.substr(0, marks.find_last_not_of(' ') + 1);
}

}  // namespace

std::string layers_table(const Results& results, const ConsoleOptions& options) {
  const Paint paint{options.colour};
  std::string text;
  if (results.partial)
    text += paint.warning("PARTIAL: the run was stopped early; this is what was seen until then") + "\n";
  if (results.layers.empty()) return text + "no layers\n";

  std::vector<std::string> names;
  int longest = 5;
  for (const Resonance& layer : results) {
    names.push_back(report::terminal_text(report::layer_name(layer), options.unicode));
    longest = std::max(longest, report::num_columns(names.back()));
  }
  // Room is taken from what can best be missed: planes and peak, then long names, then columns, then the curve.
  constexpr int kFewestNameColumns = 12;
  constexpr int kGoodNameColumns = 32;
  const int shortest_name = std::min(longest, kFewestNameColumns);
  std::vector<Column> columns = report::layer_columns(results);
  make_room(columns, options.width, std::min(longest, kGoodNameColumns) + kGoodCurveColumns, report::kLastSpare);
  make_room(columns, options.width, shortest_name + kGoodCurveColumns, report::kLastToGo);
  const int room = options.width - total_width(columns) - 2;
  int name_width = std::clamp(room - kGoodCurveColumns, shortest_name, longest);
  const int curve_columns = std::min((room - name_width) / 4 * 4, kMostCurveColumns);
  const bool has_curve = curve_columns >= kFewestCurveColumns;
  if (!has_curve) name_width = std::clamp(room + 2, shortest_name, longest);

  std::string heading = fmt::format("{:<{}}", "layer", name_width);
  for (const Column& column : columns) heading += "  " + column.filled(column.heading);
  if (has_curve) heading += "  " + quarter_marks(curve_columns);
  text += paint.heading(heading) + "\n";

  const std::vector<std::string> shown = report::fit_names(names, name_width, options.unicode);
  std::size_t row = 0;
  for (std::size_t k = 0; k < results.layers.size(); ++k) {
    const Resonance& layer = results.layers[k];
    for (std::int64_t e = 0; e < layer.num_epsilons(); ++e, ++row) {
      text += e == 0 ? shown[k] : std::string(static_cast<std::size_t>(name_width), ' ');
      for (const Column& column : columns) text += "  " + column.filled(column.cells[row]);
      if (has_curve) text += "  " + paint.curve(curve_cell(layer, e, curve_columns, options));
      text += "\n";
    }
  }
  text += skipped_notes(results, names, options.width);
  return text + notes_on(results, paint) + report::verdict_summary(results);
}

}  // namespace srm
