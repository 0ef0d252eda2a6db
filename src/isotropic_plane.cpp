#include "srm/isotropic_plane.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numbers>
#include <string_view>

#include "srm/error.h"

namespace srm {
namespace {

constexpr double kReach = 9;  // sigmas; beyond are exp(-40.5) of all rows

void require_valid(std::int64_t dim, double epsilon, std::string_view where) {
  if (dim >= 2 && epsilon >= -1 && epsilon <= 1) return;
  throw Error(where, "dim must be at least 2 and epsilon in [-1, 1]",
              fmt::format("dim {} and epsilon {}", dim, epsilon), "correct the argument");
}

double squared_tangent(double epsilon) { return (1 - epsilon) * (1 + epsilon) / (epsilon * epsilon); }

// The side of the squares, in sigmas, that the density is integrated over one by one: so that it changes little over
// one. The step that P makes is epsilon / sqrt(2 (1 - epsilon^2)) wide; finer than 1/32 it is not followed.
double side_of_squares(std::int64_t dim, double epsilon) {
  if (dim == 2 || epsilon <= 0 || epsilon == 1) return 0.5;
  return std::clamp(2 / std::sqrt(2 * squared_tangent(epsilon)), 1.0 / 32, 0.5);
}

// Gauss and Legendre's four points on [0, 1].
struct Node {
  double place;
  double weight;
};
constexpr std::array<Node, 4> kNodes = {{{0.0694318442029737, 0.1739274225687269},
                                         {0.3300094782075719, 0.3260725774312731},
                                         {0.6699905217924281, 0.3260725774312731},
                                         {0.9305681557970263, 0.1739274225687269}}};

/// An integral over rectangles of the quarter u, v >= 0 of the density with sigma = 1.
class Integral {
 public:
  Integral(std::int64_t dim, double epsilon)
      : dim_(dim), epsilon_(epsilon), side_of_squares_(side_of_squares(dim, epsilon)) {}

  double over(double u_low, double u_high, double v_low, double v_high) const {
    u_high = std::min(u_high, kReach);
    v_high = std::min(v_high, kReach);
    if (u_low >= u_high || v_low >= v_high || std::hypot(u_low, v_low) >= kReach) return 0;
    const double num_columns = std::ceil((u_high - u_low) / side_of_squares_);
    const double num_rows = std::ceil((v_high - v_low) / side_of_squares_);
    const double width = (u_high - u_low) / num_columns;
    const double height = (v_high - v_low) / num_rows;
    double sum = 0;
    for (double row = 0; row < num_rows; ++row) {
      for (double column = 0; column < num_columns; ++column) {
        sum += over_square(u_low + column * width, width, v_low + row * height, height);
      }
    }
    return sum;
  }

 private:
  double over_square(double u, double width, double v, double height) const {
    if (std::hypot(u, v) >= kReach) return 0;
    double sum = 0;
    for (const Node& across : kNodes) {
      for (const Node& along : kNodes) {
        const double radius = std::hypot(u + across.place * width, v + along.place * height);
        sum += across.weight * along.weight * isotropic_plane_density(dim_, epsilon_, radius);
      }
    }
    return sum * width * height;
  }

  std::int64_t dim_;
  double epsilon_;
  double side_of_squares_;
};

}  // namespace

double isotropic_plane_rate(std::int64_t dim, double epsilon) {
  require_valid(dim, epsilon, "isotropic_plane_rate");
  if (epsilon <= 0) return 1;
  return std::pow((1 - epsilon) * (1 + epsilon), static_cast<double>(dim - 2) / 2);
}

double isotropic_plane_density(std::int64_t dim, double epsilon, double radius) {
  require_valid(dim, epsilon, "isotropic_plane_density");
  using boost::math::policies::promote_double;
  const auto policy = boost::math::policies::make_policy(promote_double<false>());
  const double squared = radius * radius;
  const double planar = std::exp(-squared / 2) / (2 * std::numbers::pi);
  if (dim == 2 || epsilon <= 0) return planar;
  return planar *
         boost::math::gamma_p(static_cast<double>(dim - 2) / 2, squared * squared_tangent(epsilon) / 2, policy);
}

std::vector<double> isotropic_counts(const PlaneDensities& densities, std::int64_t plane_index) {
  densities.num_points(plane_index);  // refuses what is out of range
  const PlaneDensitiesParts& parts = densities.parts();
  const std::int64_t num_bins = parts.num_bins;
  std::vector<double> counts(static_cast<std::size_t>(num_bins * num_bins), 0.0);
  if (parts.num_rows == 0) return counts;
  const auto exponent = static_cast<int>(parts.planes[static_cast<std::size_t>(plane_index)].exponent);
  const double reach = std::ldexp(1.0, exponent) / std::sqrt(densities.variance());
  const std::int64_t half = num_bins / 2;
  const auto border = [&](std::int64_t k) { return reach * static_cast<double>(k) / static_cast<double>(half); };
  const Integral integral(parts.dim, parts.epsilon);
  for (std::int64_t k = 0; k < half; ++k) {
    for (std::int64_t l = 0; l <= k; ++l) {
      const double count =
          static_cast<double>(parts.num_rows) * integral.over(border(k), border(k + 1), border(l), border(l + 1));
      // The same in all eight places that turns and mirrors bring the bin to.
      for (const std::int64_t a : {half + k, half - 1 - k}) {
        for (const std::int64_t b : {half + l, half - 1 - l}) {
          counts[static_cast<std::size_t>(a * num_bins + b)] = count;
          counts[static_cast<std::size_t>(b * num_bins + a)] = count;
        }
      }
    }
  }
  return counts;
}

}  // namespace srm
