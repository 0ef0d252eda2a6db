#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "report/curve_facts.h"
#include "report/curves_json.h"
#include "report/density_json.h"
#include "report/findings_facts.h"
#include "report/history_json.h"
#include "report/layer_json.h"
#include "report/neuron_pictures_json.h"
#include "report/page_files.h"
#include "report/plane_map_json.h"
#include "srm/error.h"
#include "srm/report.h"

namespace srm {
namespace {

using nlohmann::ordered_json;

// Scores beyond it have p <= 5 %.
ordered_json null_range(const NullTest& null) {
  const NullTest::Critical critical = null.critical(0.05);
  return {report::number_or_null(critical.below), report::number_or_null(critical.above)};
}

ordered_json layer_object(const Resonance& layer, const Results& results, std::size_t result,
                          std::int64_t most_planes) {
  const ResonanceParts& parts = layer.parts();
  ordered_json object = report::layer_json(layer, results);
  object["name"] = report::valid_utf8(report::layer_name(layer));
  object["result"] = result;
  object["is_orthogonal"] = report::has_orthogonal_planes(parts);
  object["num_distinct_angles"] = parts.grid.num_distinct();
  object["angle_step"] = report::angle_step(layer);
  object["curves"] = report::curves_json(layer, most_planes);
  const LayerFindings* found = report::findings_of(results, layer);
  if (found != nullptr && found->tests) {
    ordered_json& tests = object["tests"];
    tests["null"]["range"] = null_range(found->tests->haar);
    if (found->tests->planes && found->tests->planes->arc_alignment && found->tests->planes->arc_alignment->haar) {
      tests["c4"]["null"]["range"] = null_range(*found->tests->planes->arc_alignment->haar);
    }
  }
  return object;
}

// Planes one by one and neurons; the rows of one class have neither.
void add_parts(const Resonance& layer, const Results& results, std::set<std::int64_t>& samples, ordered_json& object) {
  const LayerFindings* found = report::findings_of(results, layer);
  object["plane_map"] = layer.parts().group.empty() ? report::plane_map_json(layer, found) : ordered_json();
  if (found != nullptr && found->densities) object["density_maps"] = report::density_json(*found->densities);
  if (found != nullptr && found->neurons) report::fit_neurons(object["neurons"], *found->neurons, samples);
}

ordered_json page_data(std::span<const NamedResults> named, const ReportOptions& options) {
  std::vector<const Results*> all;
  for (const NamedResults& one : named) all.push_back(&one.results);
  const std::int64_t most_planes = report::num_planes_drawn(all);
  ordered_json results = ordered_json::array();
  ordered_json layers = ordered_json::array();
  std::set<std::int64_t> samples;  // that the neurons of any layer tell of
  for (std::size_t r = 0; r < named.size(); ++r) {
    const Results& one = named[r].results;
    results.push_back({{"name", report::valid_utf8(named[r].name)},
                       {"partial", one.partial},
                       {"settings", report::settings_json(one.settings)}});
    for (const Resonance& layer : one) {
      layers.push_back(layer_object(layer, one, r, most_planes));
      add_parts(layer, one, samples, layers.back());
    }
  }
  constexpr std::int64_t kMostTrainingValues = 500000;  // some 1 to 2 MB
  return {{"version", TORCHSRM_VERSION},
          {"command", report::valid_utf8(options.command)},
          {"results", std::move(results)},
          {"layers", std::move(layers)},
          {"samples", report::samples_json(samples, options)},
          {"training",
           options.history == nullptr ? ordered_json() : report::history_json(*options.history, kMostTrainingValues)}};
}

void require_names(std::span<const NamedResults> results) {
  if (results.empty()) throw Error("report", "a page needs a result", "none", "name one or more");
  std::set<std::string> names;
  for (const NamedResults& one : results) {
    if (names.insert(one.name).second) continue;
    throw Error("report", "results on one page must have names of their own", one.name + " twice",
                "name each once, or give copies names of their own");
  }
}

}  // namespace

void write_report_html(std::ostream& out, std::span<const NamedResults> results, const ReportOptions& options) {
  require_names(results);
  report::write_page(out, "template.html", page_data(results, options));
}

void write_report_html(std::ostream& out, const Results& results, const ReportOptions& options) {
  const NamedResults named[] = {{"", results}};
  write_report_html(out, named, options);
}

}  // namespace srm
