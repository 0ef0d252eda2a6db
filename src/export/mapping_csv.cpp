#include <fmt/format.h>

#include <ostream>

#include "export/exported_planes.h"
#include "report/curve_facts.h"
#include "srm/error.h"
#include "srm/export.h"

namespace srm {
namespace {

// Where the angle that is k-th from +b_i towards +b_j stands in the layer's own sense.
std::int64_t place_of_angle(const Resonance& layer, std::int64_t k) {
  if (layer.parts().sense == Sense::kNatural) return k;
  const std::int64_t num_distinct = layer.parts().grid.num_distinct();
  return (num_distinct - k) % num_distinct;
}

void write_plane(std::ostream& out, const Resonance& layer, std::int64_t p) {
  const ResonanceParts& parts = layer.parts();
  const Plane& plane = parts.planes[static_cast<std::size_t>(p)];
  const bool has_sums = parts.scores.has_row_sums();
  const std::vector<double> cosines = has_sums ? layer.mean_cosine(plane) : std::vector<double>();
  const auto signed_count = [&](std::int64_t e, std::int64_t at) {
    return parts.signed_counts[static_cast<std::size_t>((e * layer.num_planes() + p) * layer.num_angles() + at)];
  };
  fmt::memory_buffer lines;
  const auto to = std::back_inserter(lines);
  for (std::int64_t k = 0; k < parts.grid.num_distinct(); ++k) {
    const std::int64_t at = place_of_angle(layer, k);
    fmt::format_to(to, "{},", exports::python_number(report::angle_degrees(parts.grid, k)));
    if (has_sums) fmt::format_to(to, "{}", cosines[static_cast<std::size_t>(at)]);
    for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
      fmt::format_to(to, ",{}", layer.counts(e, p)[static_cast<std::size_t>(at)]);
      if (!parts.signed_counts.empty()) fmt::format_to(to, ",{}", signed_count(e, at));
    }
    fmt::format_to(to, ",{}-{}\n", plane.i, plane.j);
  }
  out.write(lines.data(), static_cast<std::streamsize>(lines.size()));
}

}  // namespace

void write_mapping_csv(std::ostream& out, const Resonance& layer, const ExportPlanes& planes) {
  const ResonanceParts& parts = layer.parts();
  if (layer.num_planes() == 0) {
    throw Error("export " + report::layer_name(layer), "lines are of planes with tables of their own", "none",
                "observe with --planes all, or export the mean: --format csv");
  }
  const std::vector<std::int64_t> places = exports::places_of(layer, planes);
  out << "angle_deg,mean_similarity";
  for (const double epsilon : parts.epsilon) {
    out << ",count_thresh_" << exports::python_number(epsilon);
    if (!parts.signed_counts.empty()) out << ",signed_count_thresh_" << exports::python_number(epsilon);
  }
  out << ",plane_label\n";
  for (const std::int64_t p : places) write_plane(out, layer, p);
}

}  // namespace srm
