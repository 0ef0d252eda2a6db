#include "srm/plane_set.h"

#include <algorithm>
#include <cmath>
#include <ranges>

namespace srm {
namespace {

// Shorter than this, the part of one unit vector orthogonal to another is rounding, and its direction noise.
constexpr double kShortestOrthogonalPart = 2e-7;

}  // namespace

PlaneShape plane_shape(std::span<const double> a, std::span<const double> b) {
  double cosine = 0;
  double length_a = 0;
  double length_b = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    cosine += a[k] * b[k];
    length_a += std::abs(a[k]);
    length_b += std::abs(b[k]);
  }
  if (length_a == 0 || length_b == 0) return {0, 0};
  // From the difference vector, not from sqrt(1 - cosine^2), which loses half the digits of nearly parallel vectors.
  double square = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double part = b[k] - cosine * a[k];
    square += part * part;
  }
  const double sine = std::sqrt(square);
  if (sine < kShortestOrthogonalPart) return {cosine, 0};
  return {cosine, 1 / sine};
}

PlaneShape plane_shape(const Basis& basis, std::int64_t i, std::int64_t j) {
  if (basis.is_standard()) return {};
  const auto row = [&](std::int64_t k) {
    return basis.unit_vectors().subspan(static_cast<std::size_t>(k * basis.dim()),
                                        static_cast<std::size_t>(basis.dim()));
  };
  return plane_shape(row(i), row(j));
}

const char* to_string(Pairs pairs) { return pairs == Pairs::kCombination ? "combination" : "permutation"; }

PlaneSet::PlaneSet(const Basis& basis, Pairs pairs, DegeneratePlanes degenerate)
    : pairs_(pairs), num_vectors_(basis.num_vectors()) {
  const std::int64_t m = num_vectors_;
  const std::int64_t num_combinations = m * (m - 1) / 2;
  const std::int64_t orders = pairs == Pairs::kCombination ? 1 : 2;
  num_planes_ = orders * num_combinations;
  if (basis.is_standard()) return;

  shapes_.reserve(static_cast<std::size_t>(num_combinations));
  smallest_gap_.assign(static_cast<std::size_t>(m), 1.0);
  std::int64_t num_degenerate = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = i + 1; j < m; ++j) {
      const PlaneShape shape = plane_shape(basis, i, j);
      shapes_.push_back(shape);
      if (shape.inverse_sine == 0) {
        ++num_degenerate;
        continue;
      }
      // 1 - |cosine| by the sine: the difference itself has lost its digits when the vectors are nearly parallel.
      const double gap = 1 / (shape.inverse_sine * shape.inverse_sine * (1 + std::abs(shape.cosine)));
      for (const std::int64_t k : {i, j}) {
        double& smallest = smallest_gap_[static_cast<std::size_t>(k)];
        smallest = std::min(smallest, gap);
      }
    }
  }
  if (degenerate == DegeneratePlanes::kKeptAsZeros) {
    num_kept_as_zeros_ = orders * num_degenerate;
    return;
  }
  num_left_out_ = orders * num_degenerate;
  num_planes_ -= num_left_out_;
  left_out_.reserve(static_cast<std::size_t>(num_left_out_));
  for (std::int64_t i = 0; i < m && num_left_out_ > 0; ++i) {
    for (std::int64_t j = pairs == Pairs::kCombination ? i + 1 : 0; j < m; ++j) {
      if (i != j && shape(i, j).inverse_sine == 0) left_out_.push_back(full_index(i, j));
    }
  }
}

std::int64_t PlaneSet::bytes_needed(const Basis& basis, Pairs pairs) {
  if (basis.is_standard()) return 0;
  const auto m = static_cast<double>(basis.num_vectors());
  const double orders = pairs == Pairs::kCombination ? 1 : 2;
  const double bytes = m * (m - 1) / 2 * (sizeof(PlaneShape) + orders * sizeof(std::int64_t)) + m * sizeof(double);
  return static_cast<std::int64_t>(std::min(bytes, 1e18));
}

std::int64_t PlaneSet::full_index(std::int64_t i, std::int64_t j) const {
  const std::int64_t m = num_vectors_;
  if (pairs_ == Pairs::kPermutation) return i * (m - 1) + (j < i ? j : j - 1);
  return i * (2 * m - i - 1) / 2 + (j - i - 1);
}

std::int64_t PlaneSet::index(std::int64_t i, std::int64_t j) const {
  const bool in_range = i >= 0 && j >= 0 && i < num_vectors_ && j < num_vectors_ && i != j;
  if (!in_range || (pairs_ == Pairs::kCombination && i > j)) return -1;
  const std::int64_t full = full_index(i, j);
  if (left_out_.empty()) return full;
  const auto next = std::lower_bound(left_out_.begin(), left_out_.end(), full);
  if (next != left_out_.end() && *next == full) return -1;
  return full - (next - left_out_.begin());
}

Plane PlaneSet::plane(std::int64_t place) const {
  using std::views::iota;
  // Before the k-th plane left out there are left_out_[k] - k that were not.
  const std::int64_t num_before = *std::ranges::partition_point(
      iota(std::int64_t{0}, std::ssize(left_out_)),
      [&](std::int64_t k) { return left_out_[static_cast<std::size_t>(k)] - k <= place; });
  const std::int64_t full = place + num_before;
  const std::int64_t m = num_vectors_;
  if (pairs_ == Pairs::kPermutation) {
    const std::int64_t i = full / (m - 1);
    const std::int64_t rest = full % (m - 1);
    return {i, rest < i ? rest : rest + 1};
  }
  const std::int64_t next_i = *std::ranges::partition_point(
      iota(std::int64_t{0}, m - 1), [&](std::int64_t i) { return full_index(i, i + 1) <= full; });
  return {next_i - 1, full - full_index(next_i - 1, next_i) + next_i};
}

PlaneShape PlaneSet::shape(std::int64_t i, std::int64_t j) const {
  if (shapes_.empty()) return {};
  const std::int64_t a = std::min(i, j);
  const std::int64_t b = std::max(i, j);
  return shapes_[static_cast<std::size_t>(a * (2 * num_vectors_ - a - 1) / 2 + (b - a - 1))];
}

double PlaneSet::smallest_gap(std::int64_t i) const {
  return smallest_gap_.empty() ? 1.0 : smallest_gap_[static_cast<std::size_t>(i)];
}

std::vector<Plane> PlaneSet::planes() const {
  std::vector<Plane> planes;
  planes.reserve(static_cast<std::size_t>(num_planes_));
  for (std::int64_t i = 0; i < num_vectors_; ++i) {
    for (std::int64_t j = pairs_ == Pairs::kCombination ? i + 1 : 0; j < num_vectors_; ++j) {
      if (index(i, j) >= 0) planes.push_back({i, j});
    }
  }
  return planes;
}

}  // namespace srm
