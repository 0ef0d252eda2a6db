#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "report/csv_text.h"
#include "report/curve_facts.h"
#include "srm/export.h"

namespace srm {
namespace {

using report::csv_field;
using report::number_or_nothing;

// In the order in which they first come.
std::vector<std::string> scalar_names(const std::vector<const Window*>& windows) {
  std::vector<std::string> names;
  for (const Window* window : windows) {
    for (const auto& [name, value] : window->scalars) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

std::string scalars_of(const Window& window, const std::vector<std::string>& names) {
  std::string fields;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(window.scalars.begin(), window.scalars.end(), [&](const auto& one) { return one.first == name; });
    fields += ',';
    if (found != window.scalars.end()) fields += number_or_nothing(found->second);
  }
  return fields;
}

// The largest value of the holistic mean and its angle in degrees.
std::string peak_of(const LayerWindow& layer, std::size_t e) {
  const std::int64_t num_distinct = layer.num_angles - (layer.is_inclusive ? 1 : 0);
  const auto first = layer.holistic_counts.begin() + static_cast<std::int64_t>(e) * layer.num_angles;
  const auto most = std::max_element(first, first + num_distinct);
  const double divisor = static_cast<double>(layer.num_samples_seen) * static_cast<double>(layer.num_planes);
  if (num_distinct == 0 || divisor == 0) return ",";
  return fmt::format("{},{}", static_cast<double>(*most) / divisor, report::angle_degrees(num_distinct, most - first));
}

}  // namespace

void write_timeline_csv(std::ostream& out, const History& history) {
  const std::vector<const Window*> windows = history.current();
  const std::vector<std::string> names = scalar_names(windows);
  out << "step,phase,layer,basis,num_samples_seen,a4,a4_error,p,epsilon,c4,num_hits,peak,peak_angle_deg";
  for (const std::string& name : names) out << "," << csv_field("scalar_" + name);
  out << "\n";
  for (const Window* window : windows) {
    const std::string start = fmt::format("{},{}", window->step, csv_field(window->phase));
    const std::string scalars = scalars_of(*window, names);
    if (window->layers.empty()) out << start << ",,,,,,,,,,," << scalars << "\n";
    for (const LayerWindow& layer : window->layers) {
      for (std::size_t e = 0; e < layer.epsilon.size(); ++e) {
        out << fmt::format("{},{},{},{},{},{},{},{},{},{},{}{}\n", start, csv_field(layer.address),
                           csv_field(layer.basis_name), layer.num_samples_seen, number_or_nothing(layer.a4),
                           number_or_nothing(layer.a4_error), layer.p ? number_or_nothing(*layer.p) : std::string(),
                           layer.epsilon[e], number_or_nothing(layer.c4[e]), layer.num_hits[e], peak_of(layer, e),
                           scalars);
      }
    }
  }
}

}  // namespace srm
