#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "report/compare_facts.h"
#include "report/layer_json.h"
#include "report/page_files.h"
#include "srm/comparison_report.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using nlohmann::ordered_json;

// What keeps the page small enough to open.
constexpr std::int64_t kMostAngles = 360;      // of one curve
constexpr std::int64_t kMostValues = 1200000;  // of all curves and their errors, some 10 MB
constexpr std::int64_t kFewestAngles = 60;

double to_digits(double value, int digits) { return std::stod(fmt::format("{:.{}g}", value, digits)); }

// At every `step`-th angle.
ordered_json thinned(const std::vector<double>& values, std::int64_t step, int digits) {
  ordered_json list = ordered_json::array();
  for (std::size_t k = 0; k < values.size(); k += static_cast<std::size_t>(step)) {
    list.push_back(to_digits(values[k], digits));
  }
  return list;
}

std::int64_t most_angles(const Comparison& comparison) {
  std::int64_t num_curves = 0;
  for (const LayerComparison& layer : comparison.layers) num_curves += std::ssize(layer.curves);
  const std::int64_t room = kMostValues / std::max<std::int64_t>(4 * num_curves, 1);
  return std::clamp(room, kFewestAngles, kMostAngles);
}

// comparison_json() with what the figures need beside it, and no more numbers than can be seen.
ordered_json page_data(const Comparison& comparison, const std::string& command) {
  ordered_json data = comparison_json(comparison);
  const std::int64_t most = most_angles(comparison);
  for (std::size_t k = 0; k < comparison.layers.size(); ++k) {
    const LayerComparison& layer = comparison.layers[k];
    ordered_json& object = data["layers"][k];
    object["name"] = report::valid_utf8(report::pair_name(layer));
    object["sense"] = to_string(layer.a.sense);
    object["is_orthogonal"] = layer.a.layer.basis_name == "standard" && layer.b.layer.basis_name == "standard";
    for (std::size_t e = 0; e < layer.curves.size(); ++e) {
      const CurveDifference& curve = layer.curves[e];
      const auto num_angles = std::ssize(curve.a);
      const std::int64_t step = std::max<std::int64_t>(1, (num_angles + most - 1) / most);
      ordered_json& drawn = object["curves"][e];
      drawn.erase("angles_deg");
      drawn["num_angles"] = num_angles;
      drawn["angle_step"] = step;
      drawn["a"] = thinned(curve.a, step, 6);
      drawn["b"] = thinned(curve.b, step, 6);
      drawn["error"] = thinned(curve.error, step, 4);
      drawn["error_bound"] = thinned(curve.error_bound, step, 4);
      const bool has_line =
          layer.a.has_unit_vectors && layer.b.has_unit_vectors && layer.a.layer.dim == layer.b.layer.dim;
      drawn["isotropic_rate"] =
          has_line ? ordered_json(isotropic_rate(layer.a.layer.dim, curve.epsilon)) : ordered_json();
    }
  }
  ordered_json settings = ordered_json::array();
  ordered_json letters = ordered_json::array();
  for (std::size_t k = 0; k < comparison.sources.size(); ++k) {
    settings.push_back(report::settings_json(comparison.sources[k].settings));
    letters.push_back(report::source_letter(k));
  }
  data["letters"] = std::move(letters);
  data["settings"] = std::move(settings);
  data["summary"] = report::difference_summary(comparison);
  data["command"] = report::valid_utf8(command);
  return data;
}

}  // namespace

void write_comparison_html(std::ostream& out, const Comparison& comparison, const std::string& command) {
  report::write_page(out, "compare_page.html", page_data(comparison, command));
}

}  // namespace srm
