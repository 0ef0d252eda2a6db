#include "report/curve_facts.h"

#include <algorithm>
#include <numeric>

#include "srm/statistics.h"

namespace srm::report {

std::string layer_name(const Resonance& layer) {
  const std::string& group = layer.parts().group;
  return group.empty() ? layer.address() : layer.address() + " [" + group + "]";
}

double angle_degrees(const AngleGrid& grid, std::int64_t k) { return angle_degrees(grid.num_distinct(), k); }

double angle_degrees(std::int64_t num_distinct, std::int64_t k) {
  return 360.0 * static_cast<double>(k) / static_cast<double>(num_distinct);
}

PlaneFacts plane_facts(const Resonance& layer, std::int64_t epsilon_index, std::int64_t plane_index) {
  const ResonanceParts& parts = layer.parts();
  PlaneFacts facts;
  facts.num_hits = parts.plane_hits[static_cast<std::size_t>(epsilon_index * layer.num_planes() + plane_index)];
  if (layer.num_samples_seen() == 0) return facts;
  const double num_samples = static_cast<double>(layer.num_samples_seen());
  const PlanePeak peak = plane_peak(layer, epsilon_index, plane_index);
  facts.peak = static_cast<double>(peak.count) / num_samples;
  facts.peak_angle_degrees = angle_degrees(parts.grid, peak.angle_index);
  const std::int64_t num_distinct = parts.grid.num_distinct();
  const auto distinct = layer.counts(epsilon_index, plane_index).first(static_cast<std::size_t>(num_distinct));
  const std::int64_t sum = std::accumulate(distinct.begin(), distinct.end(), std::int64_t{0});
  facts.mean = static_cast<double>(sum) / (num_samples * static_cast<double>(num_distinct));
  return facts;
}

bool is_orthogonal(const ResonanceParts& parts, const Plane& plane) {
  if (parts.basis.empty()) return true;  // the standard basis
  const double* bi = parts.basis.data() + plane.i * parts.dim;
  const double* bj = parts.basis.data() + plane.j * parts.dim;
  const auto dot = [&](const double* a, const double* b) { return std::inner_product(a, a + parts.dim, b, 0.0); };
  const double product = dot(bi, bj);
  return product * product <= 1e-12 * dot(bi, bi) * dot(bj, bj);
}

bool has_orthogonal_planes(const ResonanceParts& parts) {
  const bool has_known_shapes = parts.basis.empty() || !parts.planes.empty();
  return has_known_shapes && std::all_of(parts.planes.begin(), parts.planes.end(),
                                         [&](const Plane& plane) { return is_orthogonal(parts, plane); });
}

}  // namespace srm::report
