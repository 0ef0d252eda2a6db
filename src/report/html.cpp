#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <ostream>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "report/curve_facts.h"
#include "report/layer_json.h"
#include "report/page_files.h"
#include "srm/report.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using nlohmann::ordered_json;

// What keeps the page small enough to open; the page tells which rule took effect.
constexpr std::int64_t kMostPlanes = 64;           // of one layer and epsilon
constexpr std::int64_t kFewestPlanes = 4;          // however many layers there are
constexpr std::int64_t kMostPlaneValues = 720000;  // of all single planes together, some 3 MB
constexpr std::int64_t kMostAngles = 720;          // of one curve

double to_six_digits(double value) { return std::stod(fmt::format("{:.6g}", value)); }

template <typename T>
std::vector<T> every(std::span<const T> values, std::int64_t step, std::int64_t size) {
  std::vector<T> taken;
  for (std::int64_t k = 0; k < size; k += step) taken.push_back(values[static_cast<std::size_t>(k)]);
  return taken;
}

std::int64_t angle_step(const Resonance& layer) {
  return (layer.parts().grid.num_distinct() + kMostAngles - 1) / kMostAngles;
}

// How many planes of each layer and epsilon the page can hold.
std::int64_t num_planes_drawn(const Results& results) {
  std::int64_t num_values = 0;  // if each layer and epsilon had one plane
  for (const Resonance& layer : results) {
    num_values += layer.num_epsilons() * (layer.parts().grid.num_distinct() / angle_step(layer) + 1);
  }
  return std::clamp(kMostPlaneValues / std::max<std::int64_t>(num_values, 1), kFewestPlanes, kMostPlanes);
}

// Vectors that keep their lengths have a threshold each, and no common line.
bool has_isotropic_line(const ResonanceParts& parts) { return parts.basis_lengths == VectorLengths::kNormalised; }

ordered_json curves_json(const Resonance& layer, std::int64_t e, std::int64_t most_planes) {
  const ResonanceParts& parts = layer.parts();
  const std::int64_t step = angle_step(layer);
  const std::int64_t num_distinct = parts.grid.num_distinct();
  std::vector<double> deviation = layer.holistic_std(e);
  const bool has_spread = !std::isnan(deviation.front());
  for (double& value : deviation) value = to_six_digits(value);

  std::vector<report::PlaneFacts> facts;
  for (std::int64_t p = 0; p < layer.num_planes(); ++p) facts.push_back(report::plane_facts(layer, e, p));
  std::vector<std::int64_t> strongest(facts.size());
  std::iota(strongest.begin(), strongest.end(), 0);
  const auto stronger = [&](std::int64_t a, std::int64_t b) {
    const auto& x = facts[static_cast<std::size_t>(a)];
    const auto& y = facts[static_cast<std::size_t>(b)];
    return std::tuple(-x.peak, -x.num_hits, a) < std::tuple(-y.peak, -y.num_hits, b);
  };
  const auto last = strongest.begin() + std::min<std::int64_t>(most_planes, layer.num_planes());
  std::partial_sort(strongest.begin(), last, strongest.end(), stronger);
  ordered_json planes = ordered_json::array();
  for (auto p = strongest.begin(); p != last; ++p) {
    const Plane& plane = parts.planes[static_cast<std::size_t>(*p)];
    planes.push_back({{"i", plane.i},
                      {"j", plane.j},
                      {"num_hits", facts[static_cast<std::size_t>(*p)].num_hits},
                      {"counts", every(layer.counts(e, *p), step, num_distinct)}});
  }
  const double epsilon = parts.epsilon[static_cast<std::size_t>(e)];
  return {
      {"isotropic_rate", has_isotropic_line(parts) ? ordered_json(isotropic_rate(parts.dim, epsilon)) : ordered_json()},
      {"holistic_counts", every(layer.holistic_counts(e), step, num_distinct)},
      {"holistic_std",
       has_spread ? ordered_json(every(std::span<const double>(deviation), step, num_distinct)) : ordered_json()},
      {"planes", planes}};
}

ordered_json page_data(const Results& results) {
  const std::int64_t most_planes = num_planes_drawn(results);
  ordered_json layers = ordered_json::array();
  for (const Resonance& layer : results) {
    ordered_json object = report::layer_json(layer, results);
    const ResonanceParts& parts = layer.parts();
    object["name"] = report::valid_utf8(report::layer_name(layer));
    const bool has_known_shapes = parts.basis.empty() || !parts.planes.empty();
    object["is_orthogonal"] =
        has_known_shapes && std::all_of(parts.planes.begin(), parts.planes.end(),
                                        [&](const Plane& plane) { return report::is_orthogonal(parts, plane); });
    object["num_distinct_angles"] = parts.grid.num_distinct();
    object["angle_step"] = angle_step(layer);
    ordered_json curves = ordered_json::array();
    for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) curves.push_back(curves_json(layer, e, most_planes));
    object["curves"] = std::move(curves);
    layers.push_back(std::move(object));
  }
  ordered_json settings = ordered_json::array();
  for (const auto& [option, value] : results.settings) {
    settings.push_back(ordered_json::array({report::valid_utf8(option), report::valid_utf8(value)}));
  }
  return {{"partial", results.partial}, {"settings", std::move(settings)}, {"layers", std::move(layers)}};
}

}  // namespace

void write_report_html(std::ostream& out, const Results& results) {
  report::write_page(out, "template.html", page_data(results));
}

}  // namespace srm
