#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "report/console_text.h"
#include "report/curve_facts.h"
#include "report/findings_facts.h"
#include "report/picture.h"
#include "srm/neuron_pictures.h"
#include "srm/verdict.h"

namespace srm {
namespace {

using report::Column;
using report::Paint;

constexpr const char* kIndent = "  ";

// What neurons_text() is asked for.
struct Asked {
  const ConsoleOptions& options;
  const GrandmotherRule& rule;
  const PictureOf* picture_of;  // or null
};

std::string name_of(const Resonance& layer, const ConsoleOptions& options) {
  return report::terminal_text(report::layer_name(layer), options.unicode);
}

// The name is bold, and still in one piece with what follows when that is wrapped.
std::string paragraph(const std::string& name, const std::string& text, const ConsoleOptions& options) {
  const std::string lines = report::wrapped(name + text, options.width, kIndent);
  const bool is_whole = lines.compare(0, name.size(), name) == 0;
  return is_whole ? Paint{options.colour}.heading(name) + lines.substr(name.size()) : lines;
}

// The names of the nearest rows that fit; the first in any case.
std::string shortened(const std::string& names, int width, bool unicode) {
  if (report::num_columns(names) <= width) return names;
  const std::string gap = unicode ? " \u2026" : " ..";
  const std::size_t first = names.find(' ');
  const auto kept = static_cast<std::size_t>(std::max(0, width - report::num_columns(gap)));
  const std::size_t last = names.rfind(' ', kept);
  return names.substr(0, last == std::string::npos ? first : std::max(first, last)) + gap;
}

std::string table(const NeuronTable& neurons, const std::vector<NeuronFinding>& shown, std::vector<Column> columns,
                  const Asked& asked) {
  const ConsoleOptions& options = asked.options;
  const auto line = [&](const std::string& rest, const auto& cell) {
    std::string text = " ";
    for (const Column& column : columns) text += " " + column.filled(cell(column)) + " ";
    return text + " " + rest;
  };
  const std::string heading = line("nearest samples", [](const Column& column) { return column.heading; });
  const int room = options.width - (report::num_columns(heading) - 15);
  std::string text = Paint{options.colour}.heading(heading) + "\n";
  for (std::size_t k = 0; k < shown.size(); ++k) {
    const NeuronFinding& finding = shown[k];
    const std::string nearest = report::nearest_rows(neurons, finding.vector, finding.side);
    std::string row =
        line(shortened(nearest, room, options.unicode), [&](const Column& column) { return column.cells[k]; });
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
    if (asked.picture_of == nullptr) continue;
    text += report::nearest_pictures(neurons, finding.vector, finding.side, *asked.picture_of, options);
  }
  return text;
}

std::string found_table(const NeuronTable& neurons, const std::vector<NeuronFinding>& found, const Asked& asked) {
  Column neuron{"neuron"}, of_class{"class"}, count{"count"}, labelled{"labelled"}, purity{"purity"};
  Column recall{"recall"}, lift{"lift"}, q{"q"};
  bool all_labelled = true;
  for (const NeuronFinding& finding : found) {
    const NeuronReading& reading = finding.reading;
    all_labelled = all_labelled && reading.num_labelled == reading.count;
    neuron.cells.push_back(report::signed_vector(finding.vector, finding.side));
    of_class.cells.push_back(fmt::format("{}", reading.majority_class));
    count.cells.push_back(fmt::format("{}", reading.count));
    labelled.cells.push_back(fmt::format("{}", reading.num_labelled));
    purity.cells.push_back(report::short_percent(reading.purity));
    recall.cells.push_back(report::short_percent(reading.recall));
    lift.cells.push_back(fmt::format("{:.2f}", reading.lift));
    q.cells.push_back(fmt::format("{:.1e}", finding.q));
  }
  std::vector<Column> columns = {neuron, of_class, count};
  if (!all_labelled) columns.push_back(labelled);
  columns.insert(columns.end(), {purity, recall, lift, q});
  return table(neurons, found, std::move(columns), asked);
}

// What came nearest to the rule.
std::string none_text(const std::vector<NeuronFinding>& all, const GrandmotherRule& rule) {
  const NeuronFinding* purest = nullptr;
  const NeuronFinding* fullest = &all.front();
  for (const NeuronFinding& finding : all) {
    if (finding.reading.num_labelled > fullest->reading.num_labelled) fullest = &finding;
    if (finding.reading.num_labelled < std::max<std::int64_t>(rule.min_count, 1)) continue;
    if (purest == nullptr || finding.reading.purity > purest->reading.purity) purest = &finding;
  }
  if (fullest->reading.num_labelled == 0) return "no labelled row is inside of any";
  if (purest == nullptr) {
    return fmt::format("the fullest, {}, has {} labelled rows inside",
                       report::signed_vector(fullest->vector, fullest->side), fullest->reading.num_labelled);
  }
  const NeuronReading& reading = purest->reading;
  return fmt::format("the purest, {}, has {} of {} labelled rows in class {}, {:.3g}%, with q = {:.2g}",
                     report::signed_vector(purest->vector, purest->side), reading.num_majority, reading.num_labelled,
                     reading.majority_class, reading.purity * 100, purest->q);
}

std::string rule_text(const GrandmotherRule& rule) {
  return fmt::format("the rule asks for {} labelled rows, {:.3g}% of them of one class, and q <= {:.3g}",
                     rule.min_count, rule.min_purity * 100, rule.max_q);
}

std::string labelled_text(const std::string& name, const NeuronTable& neurons, std::int64_t e, const Asked& asked) {
  const double epsilon = neurons.parts().epsilon[static_cast<std::size_t>(e)];
  const std::int64_t num_signed = 2 * neurons.num_vectors();
  const std::vector<NeuronFinding> found = grandmother_neurons(neurons, e, asked.rule);
  if (found.empty()) {
    return paragraph(name,
                     fmt::format(": no grandmother neuron at epsilon {} among {} signed vectors: {}", epsilon,
                                 num_signed, none_text(neuron_findings(neurons, e), asked.rule)),
                     asked.options);
  }
  return paragraph(name,
                   fmt::format(": {} grandmother neuron{} at epsilon {} among {} signed vectors", found.size(),
                               found.size() == 1 ? "" : "s", epsilon, num_signed),
                   asked.options) +
         found_table(neurons, found, asked);
}

std::string unlabelled_text(const std::string& name, const NeuronTable& neurons, std::int64_t e, const Asked& asked) {
  constexpr std::size_t kMostVectors = 10;
  std::vector<NeuronFinding> all = neuron_findings(neurons, e);
  std::stable_sort(all.begin(), all.end(),
                   [](const NeuronFinding& a, const NeuronFinding& b) { return a.reading.count > b.reading.count; });
  const std::size_t num_shown = std::min(kMostVectors, all.size());
  Column neuron{"neuron"}, count{"count"};
  for (std::size_t k = 0; k < num_shown; ++k) {
    neuron.cells.push_back(report::signed_vector(all[k].vector, all[k].side));
    count.cells.push_back(fmt::format("{}", all[k].reading.count));
  }
  const double epsilon = neurons.parts().epsilon[static_cast<std::size_t>(e)];
  std::string text =
      paragraph(name,
                fmt::format(": the {} fullest of {} signed vectors at epsilon {}; no row has a label", num_shown,
                            all.size(), epsilon),
                asked.options) +
      table(neurons, {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(num_shown)}, {neuron, count}, asked);
  const auto num_inside = std::count_if(all.begin() + static_cast<std::ptrdiff_t>(num_shown), all.end(),
                                        [](const NeuronFinding& finding) { return finding.reading.count > 0; });
  if (num_shown < all.size()) {
    text += fmt::format("  and {} more, {} of them with rows inside\n", all.size() - num_shown, num_inside);
  }
  return text;
}

std::string text_of(const Results& results, const Asked& asked) {
  std::string text;
  bool is_any_labelled = false;
  for (const Resonance& layer : results) {
    const LayerFindings* findings = report::findings_of(results, layer);
    if (findings == nullptr || !findings->neurons) continue;
    const NeuronTable& neurons = *findings->neurons;
    const std::string name = name_of(layer, asked.options);
    is_any_labelled = is_any_labelled || (neurons.num_vectors() > 0 && neurons.num_labelled() > 0);
    for (std::int64_t e = 0; e < neurons.num_epsilons(); ++e) {
      if (neurons.num_vectors() == 0) {
        text += paragraph(name, ": no basis vectors", asked.options);
      } else if (neurons.num_labelled() == 0) {
        text += unlabelled_text(name, neurons, e, asked);
      } else {
        text += labelled_text(name, neurons, e, asked);
      }
    }
  }
  if (text.empty()) return "no layer has neurons counted\n";
  return is_any_labelled ? text + report::wrapped(rule_text(asked.rule), asked.options.width, kIndent) : text;
}

}  // namespace

std::string verdicts_text(const Results& results, const ConsoleOptions& options) {
  std::string text;
  for (const Resonance& layer : results) {
    const LayerFindings* findings = report::findings_of(results, layer);
    if (findings == nullptr || !findings->tests) continue;
    text += paragraph(name_of(layer, options), ": " + verdict(*findings->tests), options);
  }
  return text.empty() ? "no layer was tested\n" : text;
}

std::string neurons_text(const Results& results, const ConsoleOptions& options, const GrandmotherRule& rule) {
  return text_of(results, {options, rule, nullptr});
}

std::string neurons_text(const Results& results, const ConsoleOptions& options, const GrandmotherRule& rule,
                         const PictureOf& picture_of) {
  return text_of(results, {options, rule, &picture_of});
}

}  // namespace srm
