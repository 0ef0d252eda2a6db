// What a history tells over time, as a table with a row a layer and phase.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "report/console_text.h"
#include "report/layer_series.h"
#include "srm/history.h"
#include "srm/report.h"

namespace srm {
namespace {

using report::Column;
using report::LayerSeries;
using report::Paint;

constexpr int kMostCurveColumns = 72;
constexpr int kFewestCurveColumns = 16;

// A4 over time, as the means of so many equal parts, above the lowest of them: alignment may be of either sign.
std::string a4_line(const LayerSeries& series, int columns, bool unicode) {
  const std::size_t num_parts = std::min(series.windows.size(), static_cast<std::size_t>(columns));
  std::vector<double> means;
  for (std::size_t part = 0; part < num_parts; ++part) {
    const std::size_t first = part * series.windows.size() / num_parts;
    const std::size_t last = (part + 1) * series.windows.size() / num_parts;
    double sum = 0, count = 0;
    for (std::size_t k = first; k < last; ++k) {
      if (!std::isfinite(series.windows[k]->a4)) continue;
      sum += series.windows[k]->a4;
      ++count;
    }
    if (count > 0) means.push_back(sum / count);
  }
  if (means.empty()) return "";
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  const double lowest = *low, range = std::max(*high - *low, 1e-12);
  for (double& mean : means) mean = (mean - lowest) / range + 1e-3;  // the lowest is no blank
  return report::sparkline(means, unicode);
}

std::string range_of(const LayerSeries& series) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const LayerWindow* window : series.windows) {
    if (!std::isfinite(window->a4)) continue;
    low = std::min(low, window->a4);
    high = std::max(high, window->a4);
  }
  return low > high ? "" : fmt::format("{} to {}", report::score_text(low), report::score_text(high));
}

std::optional<BasisDrift> last_drift_of(const LayerSeries& series) {
  for (auto window = series.windows.rbegin(); window != series.windows.rend(); ++window) {
    if ((*window)->drift) return (*window)->drift;
  }
  return std::nullopt;
}

std::string heading_of(const History& history, const std::vector<const Window*>& windows, const Paint& paint,
                       bool unicode) {
  std::string text;
  if (history.num_bytes_torn > 0) {
    text += paint.warning(fmt::format("the last record is torn ({} bytes) and is left out: its run ended while it was "
                                      "being written",
                                      history.num_bytes_torn)) +
            "\n";
  }
  if (windows.empty()) return text + "no window was closed yet\n";
  const auto [first, last] = std::minmax_element(
      windows.begin(), windows.end(), [](const auto* left, const auto* right) { return left->step < right->step; });
  text += fmt::format("{} window{}, step{}", windows.size(), windows.size() == 1 ? "" : "s",
                      windows.size() == 1 ? "" : "s");
  text += (*first)->step == (*last)->step ? fmt::format(" {}\n", (*first)->step)
                                          : fmt::format(" {} to {}\n", (*first)->step, (*last)->step);
  for (const report::ScalarSeries& scalar : report::scalar_series(windows)) {
    text += fmt::format("{}: {:.4g} at first, {:.4g} at last\n", report::terminal_text(scalar.name, unicode),
                        scalar.values.front(), scalar.values.back());
  }
  return text;
}

}  // namespace

std::string timeline_text(const History& history, const ConsoleOptions& options) {
  const Paint paint{options.colour};
  const std::vector<const Window*> windows = history.current();
  std::string text = heading_of(history, windows, paint, options.unicode);
  const std::vector<LayerSeries> all = report::layer_series(windows);
  if (all.empty()) return text;
  std::vector<std::string> names;
  for (const LayerSeries& series : all) names.push_back(report::terminal_text(series.address, options.unicode));
  Column phase{"phase", 3, true}, n{"n", 2}, samples{"samples", 1}, first{"A4 first"}, last{"last"}, p{"p", 5};
  Column epsilon{"eps", 4}, c4{"C4 last", 4}, range{"A4 range", 0};
  Column to_previous{"|cos| last", 2}, to_standard{"|cos| axes", 2};  // of a learned basis
  for (const LayerSeries& series : all) {
    const LayerWindow& start = *series.windows.front();
    const LayerWindow& end = *series.windows.back();
    const std::int64_t total =
        std::accumulate(series.windows.begin(), series.windows.end(), std::int64_t{0},
                        [](std::int64_t sum, const auto* w) { return sum + w->num_samples_seen; });
    phase.cells.push_back(report::terminal_text(series.phase, options.unicode));
    n.cells.push_back(fmt::format("{}", end.dim));
    samples.cells.push_back(fmt::format("{}", total));
    first.cells.push_back(report::score_text(start.a4));
    last.cells.push_back(report::score_text(end.a4));
    p.cells.push_back(end.p ? fmt::format("{:.2g}", *end.p) : "");
    epsilon.cells.push_back(end.epsilon.empty() ? "" : fmt::format("{:.3g}", end.epsilon.front()));
    c4.cells.push_back(end.c4.empty() ? "" : report::score_text(end.c4.front()));
    range.cells.push_back(range_of(series));
    const std::optional<BasisDrift> drift = last_drift_of(series);
    to_previous.cells.push_back(drift ? report::score_text(drift->to_previous) : "");
    to_standard.cells.push_back(drift ? report::score_text(drift->to_standard) : "");
  }
  std::vector<Column> columns = {phase, n, samples, first, last};
  if (p.has_text()) columns.push_back(p);
  for (Column* column : {&epsilon, &c4, &range}) columns.push_back(*column);
  for (Column* column : {&to_previous, &to_standard}) {
    if (column->has_text()) columns.push_back(*column);
  }
  int name_width = 5;
  for (const std::string& name : names) name_width = std::max(name_width, report::num_columns(name));
  name_width = std::min(name_width, std::max(12, options.width / 3));
  int fewest = 1;  // columns of the line: no more than there are windows
  for (const LayerSeries& series : all) {
    fewest = std::max(fewest, static_cast<int>(std::min<std::size_t>(series.windows.size(), kFewestCurveColumns)));
  }
  for (int going = 1; going <= 5 && name_width + report::total_width(columns) + 2 + fewest > options.width; ++going) {
    std::erase_if(columns, [&](const Column& column) { return column.goes == going; });
  }
  const int curve_width =
      std::clamp(options.width - name_width - report::total_width(columns) - 2, fewest, kMostCurveColumns);
  const std::vector<std::string> fitted = report::fit_names(names, name_width, options.unicode);
  std::string heading = report::fit("layer", name_width, options.unicode);
  for (const Column& column : columns) heading += "  " + column.filled(column.heading);
  text += paint.heading(heading + "  A4 by step") + "\n";
  for (std::size_t row = 0; row < all.size(); ++row) {
    text += fitted[row];
    for (const Column& column : columns) text += "  " + column.filled(column.cells[row]);
    text += "  " + paint.curve(a4_line(all[row], curve_width, options.unicode)) + "\n";
  }
  return text;
}

}  // namespace srm
