#include "srm/resonance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "resonance_checks.h"
#include "srm/error.h"

namespace srm {
namespace {

// A zero has one sign, so that results that are equal are equal bytes.
void drop_signs_of_zeros(std::vector<double>& values) {
  for (double& value : values) value += 0.0;
}

std::vector<double> quotients(std::span<const std::int64_t> counts, double divisor) {
  std::vector<double> curve(counts.size(), 0.0);
  for (std::size_t k = 0; k < curve.size() && divisor > 0; ++k) curve[k] = static_cast<double>(counts[k]) / divisor;
  return curve;
}

std::vector<double> of_length_one(std::vector<double> vector) {
  double length = 0;
  for (const double value : vector) length = std::hypot(length, value);
  for (double& value : vector) value = length > 0 ? value / length : 0;
  return vector;
}

void require_signed(const Resonance& resonance) {
  if (resonance.is_signed()) return;
  throw Error(fmt::format("resonance {}", resonance.address()), "signed curves need signed counts",
              "a result without them", "observe with --signed");
}

std::string describe_list(std::span<const double> values) { return fmt::format("{}", fmt::join(values, ", ")); }

}  // namespace

Resonance::Resonance(ResonanceParts parts, std::string_view where) : parts_(std::move(parts)) {
  require_consistent(parts_, where);
  for (std::vector<double>* values : {&parts_.basis, &parts_.epsilon, &parts_.mean}) drop_signs_of_zeros(*values);
}

std::span<const std::int64_t> Resonance::plane_part(const std::vector<std::int64_t>& counts, std::int64_t epsilon_index,
                                                    std::int64_t plane_index) const {
  if (epsilon_index < 0 || epsilon_index >= num_epsilons() || plane_index < 0 || plane_index >= num_planes()) {
    throw Error("resonance.counts", fmt::format("indices must be below ({}, {})", num_epsilons(), num_planes()),
                fmt::format("({}, {})", epsilon_index, plane_index), "ask epsilon_index() and plane_index()");
  }
  const std::int64_t first = (epsilon_index * num_planes() + plane_index) * num_angles();
  return std::span(counts).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(num_angles()));
}

std::span<const std::int64_t> Resonance::holistic_part(const std::vector<std::int64_t>& counts,
                                                       std::int64_t epsilon_index) const {
  if (epsilon_index < 0 || epsilon_index >= num_epsilons()) {
    throw Error("resonance.holistic_counts", fmt::format("the index must be below {}", num_epsilons()),
                fmt::format("{}", epsilon_index), "ask epsilon_index()");
  }
  return std::span(counts).subspan(static_cast<std::size_t>(epsilon_index * num_angles()),
                                   static_cast<std::size_t>(num_angles()));
}

Resonance Resonance::without_tables() const {
  ResonanceParts parts = parts_;
  parts.planes.clear();
  parts.counts.clear();
  parts.plane_hits.clear();
  parts.signed_counts.clear();
  parts.plane_choice = "none";
  parts.plane_seed = 0;
  return Resonance(std::move(parts));
}

std::span<const std::int64_t> Resonance::counts(std::int64_t epsilon_index, std::int64_t plane_index) const {
  return plane_part(parts_.counts, epsilon_index, plane_index);
}

std::span<const std::int64_t> Resonance::holistic_counts(std::int64_t epsilon_index) const {
  return holistic_part(parts_.holistic_counts, epsilon_index);
}

std::int64_t Resonance::epsilon_index(double epsilon) const {
  const auto found = std::find(parts_.epsilon.begin(), parts_.epsilon.end(), epsilon);
  if (found == parts_.epsilon.end()) {
    throw Error(fmt::format("resonance {}", address()), "epsilon must be one of those that were counted",
                fmt::format("{}", epsilon), fmt::format("choose from {}", describe_list(parts_.epsilon)));
  }
  return found - parts_.epsilon.begin();
}

std::int64_t Resonance::plane_index(std::int64_t i, std::int64_t j) const {
  const Plane wanted{i, j};
  const auto before = [](const Plane& a, const Plane& b) { return a.i < b.i || (a.i == b.i && a.j < b.j); };
  const auto found = std::lower_bound(parts_.planes.begin(), parts_.planes.end(), wanted, before);
  if (found == parts_.planes.end() || *found != wanted) {
    throw Error(fmt::format("resonance {}", address()), "the plane must be one of those that were counted",
                fmt::format("({}, {}) among {} planes of {} basis vectors", i, j, num_planes(), parts_.num_vectors),
                parts_.pairs == Pairs::kCombination ? "combinations have i < j, from 0" : "basis vectors count from 0");
  }
  return found - parts_.planes.begin();
}

std::vector<double> Resonance::basis_vector(std::int64_t i) const {
  if (i < 0 || i >= parts_.num_vectors) {
    throw Error(fmt::format("resonance {}", address()),
                fmt::format("basis vectors count from 0, below {}", parts_.num_vectors), fmt::format("{}", i),
                "correct the index");
  }
  if (!parts_.basis.empty()) return {parts_.basis.begin() + i * dim(), parts_.basis.begin() + (i + 1) * dim()};
  std::vector<double> axis(static_cast<std::size_t>(dim()), 0.0);
  axis[static_cast<std::size_t>(i)] = 1;
  return axis;
}

std::vector<double> Resonance::curve(std::int64_t epsilon_index, std::int64_t plane_index) const {
  return quotients(counts(epsilon_index, plane_index), static_cast<double>(parts_.num_samples_seen));
}

std::vector<double> Resonance::signed_curve(std::int64_t epsilon_index, std::int64_t plane_index) const {
  require_signed(*this);
  return quotients(plane_part(parts_.signed_counts, epsilon_index, plane_index),
                   static_cast<double>(parts_.num_samples_seen));
}

std::vector<double> Resonance::holistic_mean(std::int64_t epsilon_index) const {
  return quotients(holistic_counts(epsilon_index),
                   static_cast<double>(parts_.num_samples_seen) * static_cast<double>(parts_.num_planes_summed));
}

std::vector<double> Resonance::holistic_signed_mean(std::int64_t epsilon_index) const {
  require_signed(*this);
  return quotients(holistic_part(parts_.holistic_signed_counts, epsilon_index),
                   static_cast<double>(parts_.num_samples_seen) * static_cast<double>(parts_.num_planes_summed));
}

std::vector<double> Resonance::holistic_std(std::int64_t epsilon_index) const {
  std::vector<double> deviation(holistic_counts(epsilon_index).size(), 0.0);
  if (!has_all_planes() && !parts_.plane_choice.starts_with("random:")) {
    std::fill(deviation.begin(), deviation.end(), std::numeric_limits<double>::quiet_NaN());
    return deviation;
  }
  if (parts_.num_samples_seen == 0 || num_planes() == 0) return deviation;
  std::vector<std::int64_t> sum(deviation.size(), 0);
  for (std::int64_t p = 0; p < num_planes(); ++p) {
    const auto plane_counts = counts(epsilon_index, p);
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += plane_counts[k];
  }
  const auto num_samples = static_cast<double>(parts_.num_samples_seen);
  const std::vector<double> mean = quotients(sum, num_samples * static_cast<double>(num_planes()));
  for (std::int64_t p = 0; p < num_planes(); ++p) {
    const auto plane_counts = counts(epsilon_index, p);
    for (std::size_t k = 0; k < mean.size(); ++k) {
      const double difference = static_cast<double>(plane_counts[k]) / num_samples - mean[k];
      deviation[k] += difference * difference;
    }
  }
  for (double& value : deviation) value = std::sqrt(value / static_cast<double>(num_planes()));
  return deviation;
}

std::vector<double> Resonance::mean_cosine(const Plane& plane) const {
  const std::string where = fmt::format("resonance {}", address());
  if (plane.i == plane.j) {
    throw Error(where, "a plane is two different basis vectors", fmt::format("({}, {})", plane.i, plane.j),
                "correct the plane");
  }
  if (!parts_.scores.has_row_sums()) {
    throw Error(where, "mean cosines need the sum of directions", "a result without sums over rows",
                "observe again, with row sums");
  }
  const std::vector<double> a = of_length_one(basis_vector(plane.i));
  const std::vector<double> b = of_length_one(basis_vector(plane.j));
  const PlaneShape shape = plane_shape(a, b);
  std::vector<double> cosines(static_cast<std::size_t>(num_angles()), 0.0);
  if (shape.inverse_sine == 0 || parts_.scores.num_rows == 0) return cosines;
  double u = 0;
  double v = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const auto direction = static_cast<double>(parts_.scores.direction_sum[k]);
    u += direction * a[k];
    v += direction * (b[k] - shape.cosine * a[k]) * shape.inverse_sine;
  }
  const double scale = static_cast<double>(Scores::kDirectionScale) * static_cast<double>(parts_.scores.num_rows);
  const double turn = parts_.sense == Sense::kNatural ? 1 : -1;
  for (std::int64_t k = 0; k < num_angles(); ++k) {
    const double theta = parts_.grid.angle_radians(k % parts_.grid.num_distinct());
    cosines[static_cast<std::size_t>(k)] = (u * std::cos(theta) + turn * v * std::sin(theta)) / scale;
  }
  return cosines;
}

}  // namespace srm
