#include <fmt/format.h>

#include <ostream>

#include "export/exported_planes.h"
#include "report/csv_text.h"
#include "report/curve_facts.h"
#include "srm/export.h"

namespace srm {
namespace {

using report::csv_field;
using report::number_or_nothing;

// What the lines of one curve begin with, and where its numbers come from.
struct Curve {
  std::string start;
  std::span<const std::int64_t> counts;
  std::vector<double> fractions;
  std::vector<double> deviations = {};
  std::span<const std::int64_t> signed_counts = {};
  std::vector<double> signed_fractions = {};
};

void write_curve(std::ostream& out, const AngleGrid& grid, const Curve& curve) {
  fmt::memory_buffer lines;
  for (std::size_t k = 0; k < curve.counts.size(); ++k) {
    fmt::format_to(std::back_inserter(lines), "{},{},{},{},{},", curve.start,
                   report::angle_degrees(grid, static_cast<std::int64_t>(k)), curve.counts[k], curve.fractions[k],
                   curve.deviations.empty() ? std::string() : number_or_nothing(curve.deviations[k]));
    if (curve.signed_counts.empty()) {
      fmt::format_to(std::back_inserter(lines), ",\n");
    } else {
      fmt::format_to(std::back_inserter(lines), "{},{}\n", curve.signed_counts[k], curve.signed_fractions[k]);
    }
  }
  out.write(lines.data(), static_cast<std::streamsize>(lines.size()));
}

Curve mean_curve(const Resonance& layer, std::int64_t e, const std::string& start) {
  Curve curve{start + ",,", layer.holistic_counts(e), layer.holistic_mean(e), layer.holistic_std(e)};
  if (!layer.is_signed()) return curve;
  const auto num_angles = static_cast<std::size_t>(layer.num_angles());
  curve.signed_counts =
      std::span(layer.parts().holistic_signed_counts).subspan(static_cast<std::size_t>(e) * num_angles, num_angles);
  curve.signed_fractions = layer.holistic_signed_mean(e);
  return curve;
}

Curve plane_curve(const Resonance& layer, std::int64_t e, std::int64_t p, const std::string& start) {
  const Plane& plane = layer.parts().planes[static_cast<std::size_t>(p)];
  Curve curve{fmt::format("{},{},{}", start, plane.i, plane.j), layer.counts(e, p), layer.curve(e, p)};
  if (layer.parts().signed_counts.empty()) return curve;
  const auto num_angles = static_cast<std::size_t>(layer.num_angles());
  const auto first = static_cast<std::size_t>(e * layer.num_planes() + p) * num_angles;
  curve.signed_counts = std::span(layer.parts().signed_counts).subspan(first, num_angles);
  curve.signed_fractions = layer.signed_curve(e, p);
  return curve;
}

}  // namespace

void write_curves_csv(std::ostream& out, const Results& results, const ExportPlanes& planes) {
  out << "layer,group,basis,epsilon,i,j,angle_deg,count,fraction,std,signed_count,signed_fraction\n";
  for (const Resonance& layer : results) {
    const ResonanceParts& parts = layer.parts();
    const std::vector<std::int64_t> places = exports::places_of(layer, planes);
    for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
      const std::string start = fmt::format("{},{},{},{}", csv_field(parts.address), csv_field(parts.group),
                                            csv_field(parts.basis_name), parts.epsilon[static_cast<std::size_t>(e)]);
      write_curve(out, parts.grid, mean_curve(layer, e, start));
      for (const std::int64_t p : places) write_curve(out, parts.grid, plane_curve(layer, e, p, start));
    }
  }
}

}  // namespace srm
