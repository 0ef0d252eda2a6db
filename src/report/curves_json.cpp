#include "report/curves_json.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "report/curve_facts.h"
#include "report/packed_numbers.h"
#include "report/plane_band.h"
#include "srm/statistics.h"

namespace srm::report {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kMostPlanes = 64;            // of one layer and epsilon
constexpr std::int64_t kFewestPlanes = 4;           // however many layers there are
constexpr std::int64_t kMostPlaneValues = 1000000;  // of all single planes together, 1 to 2 MB
constexpr std::int64_t kMostAngles = 720;           // of one curve

// Vectors that keep their lengths have a threshold each, and no common line.
bool has_isotropic_line(const ResonanceParts& parts) { return parts.basis_lengths == VectorLengths::kNormalised; }

ordered_json deviation_json(const Resonance& layer, std::int64_t e) {
  const std::vector<double> deviation = layer.holistic_std(e);
  if (std::isnan(deviation.front())) return {};
  const double thousandths = 1000 * static_cast<double>(layer.num_samples_seen());
  std::vector<std::int64_t> rounded;
  for (const double value : deviation) rounded.push_back(std::llround(value * thousandths));
  return thinned(rounded, layer);
}

void add_band(ordered_json& object, const std::optional<PlaneBand>& band, const char* low, const char* high,
              const Resonance& layer) {
  object[low] = band ? ordered_json(thinned(band->low, layer)) : ordered_json();
  object[high] = band ? ordered_json(thinned(band->high, layer)) : ordered_json();
}

// The page itself takes f(theta + 180) off f(theta) where both are drawn.
ordered_json signed_json(const Resonance& layer, std::int64_t e) {
  const AngleGrid& grid = layer.parts().grid;
  if (!layer.is_signed() || grid.num_distinct() % (2 * angle_step(layer)) == 0) return {};
  const auto& counts = layer.parts().holistic_signed_counts;
  const auto first = static_cast<std::size_t>(e * layer.num_angles());
  return thinned(std::span(counts).subspan(first, static_cast<std::size_t>(layer.num_angles())), layer);
}

ordered_json planes_json(const Resonance& layer, std::int64_t e, std::int64_t most_planes) {
  std::vector<PlaneFacts> facts;
  for (std::int64_t p = 0; p < layer.num_planes(); ++p) facts.push_back(plane_facts(layer, e, p));
  std::vector<std::int64_t> strongest(facts.size());
  std::iota(strongest.begin(), strongest.end(), 0);
  const auto stronger = [&](std::int64_t a, std::int64_t b) {
    const auto& x = facts[static_cast<std::size_t>(a)];
    const auto& y = facts[static_cast<std::size_t>(b)];
    return std::tuple(-x.peak, -x.num_hits, a) < std::tuple(-y.peak, -y.num_hits, b);
  };
  const auto last = strongest.begin() + std::min(most_planes, layer.num_planes());
  std::partial_sort(strongest.begin(), last, strongest.end(), stronger);
  ordered_json planes = ordered_json::array();
  for (auto p = strongest.begin(); p != last; ++p) {
    const Plane& plane = layer.parts().planes[static_cast<std::size_t>(*p)];
    planes.push_back({{"i", plane.i},
                      {"j", plane.j},
                      {"num_hits", facts[static_cast<std::size_t>(*p)].num_hits},
                      {"counts", thinned(layer.counts(e, *p), layer)}});
  }
  return planes;
}

}  // namespace

std::int64_t angle_step(const Resonance& layer) {
  return (layer.parts().grid.num_distinct() + kMostAngles - 1) / kMostAngles;
}

std::string thinned(std::span<const std::int64_t> values, const Resonance& layer) {
  std::vector<std::int64_t> taken;
  for (std::int64_t k = 0; k < layer.parts().grid.num_distinct(); k += angle_step(layer)) {
    taken.push_back(values[static_cast<std::size_t>(k)]);
  }
  return packed(taken);
}

std::int64_t num_planes_drawn(const std::vector<const Results*>& results) {
  std::int64_t num_values = 0;  // if each layer and epsilon had one plane
  for (const Results* one : results) {
    for (const Resonance& layer : *one) {
      if (!layer.parts().group.empty()) continue;
      num_values += layer.num_epsilons() * (layer.parts().grid.num_distinct() / angle_step(layer) + 1);
    }
  }
  return std::clamp(kMostPlaneValues / std::max<std::int64_t>(num_values, 1), kFewestPlanes, kMostPlanes);
}

ordered_json curves_json(const Resonance& layer, std::int64_t most_planes) {
  const ResonanceParts& parts = layer.parts();
  const bool is_class = !parts.group.empty();
  ordered_json curves = ordered_json::array();
  for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
    const double epsilon = parts.epsilon[static_cast<std::size_t>(e)];
    ordered_json object = {
        {"isotropic_rate",
         has_isotropic_line(parts) ? ordered_json(isotropic_rate(parts.dim, epsilon)) : ordered_json()},
        {"holistic_counts", thinned(layer.holistic_counts(e), layer)},
        {"signed_counts", signed_json(layer, e)},
        {"holistic_std", is_class ? ordered_json() : deviation_json(layer, e)}};
    const auto band = [&](CurveKind kind) {
      return is_class ? std::optional<PlaneBand>() : plane_band(layer, e, kind);
    };
    add_band(object, band(CurveKind::kPositive), "low", "high", layer);
    add_band(object, band(CurveKind::kSigned), "signed_low", "signed_high", layer);
    object["planes"] = is_class ? ordered_json::array() : planes_json(layer, e, most_planes);
    curves.push_back(std::move(object));
  }
  return curves;
}

}  // namespace srm::report
