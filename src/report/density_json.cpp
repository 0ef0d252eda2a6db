#include "report/density_json.h"

#include <cmath>
#include <vector>

#include "report/packed_numbers.h"
#include "srm/isotropic_plane.h"

namespace srm::report {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kMostBins = 64;
constexpr double kSteps = 8192;  // of a coordinate, from zero to the reach

std::size_t to_size(std::int64_t number) { return static_cast<std::size_t>(number); }

// (num_bins, num_bins) with `joined` x `joined` bins as one.
template <typename Number>
std::vector<Number> coarsened(const std::vector<Number>& bins, std::int64_t num_bins, std::int64_t joined) {
  const std::int64_t num_left = num_bins / joined;
  std::vector<Number> sums(to_size(num_left * num_left), 0);
  for (std::int64_t v = 0; v < num_bins; ++v) {
    for (std::int64_t u = 0; u < num_bins; ++u) {
      sums[to_size(v / joined * num_left + u / joined)] += bins[to_size(v * num_bins + u)];
    }
  }
  return sums;
}

std::vector<std::int64_t> quarter_in_thousandths(const std::vector<double>& bins, std::int64_t num_bins) {
  std::vector<std::int64_t> quarter;
  for (std::int64_t v = num_bins / 2; v < num_bins; ++v) {
    for (std::int64_t u = num_bins / 2; u < num_bins; ++u) {
      quarter.push_back(std::llround(1000 * bins[to_size(v * num_bins + u)]));
    }
  }
  return quarter;
}

template <typename NumberOf>
std::string points_packed(const std::vector<PlanePoint>& points, const NumberOf& number_of) {
  std::vector<std::int64_t> numbers;
  for (const PlanePoint& point : points) numbers.push_back(number_of(point));
  return packed(numbers);
}

}  // namespace

ordered_json density_json(const PlaneDensities& densities) {
  const PlaneDensitiesParts& parts = densities.parts();
  const std::int64_t joined = std::max<std::int64_t>(parts.num_bins / kMostBins, 1);
  ordered_json list = ordered_json::array();
  for (std::int64_t p = 0; p < densities.num_planes(); ++p) {
    const PlaneDensity& density = parts.planes[to_size(p)];
    const double reach = std::ldexp(1.0, static_cast<int>(density.exponent));
    const auto steps = [&](double coordinate) { return std::llround(coordinate / reach * kSteps); };
    const std::vector<double> isotropic = coarsened(isotropic_counts(densities, p), parts.num_bins, joined);
    const std::int64_t num_bins = parts.num_bins / joined;
    list.push_back({{"i", density.plane.i},
                    {"j", density.plane.j},
                    {"reach", reach},
                    {"num_bins", num_bins},
                    {"joined", joined},
                    {"num_points", densities.num_points(p)},
                    {"counts", packed(coarsened(density.counts, parts.num_bins, joined))},
                    {"isotropic", packed(quarter_in_thousandths(isotropic, num_bins))},
                    {"u", points_packed(density.points, [&](const PlanePoint& point) { return steps(point.u); })},
                    {"v", points_packed(density.points, [&](const PlanePoint& point) { return steps(point.v); })},
                    {"sample", points_packed(density.points, [](const PlanePoint& point) { return point.sample; })},
                    {"position", points_packed(density.points, [](const PlanePoint& point) { return point.position; })},
                    {"label", points_packed(density.points, [](const PlanePoint& point) { return point.label; })}});
  }
  return list;
}

}  // namespace srm::report
