#include "bases/arc_sums.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "bases/basis_columns.h"
#include "srm/significance.h"
#include "srm/statistics.h"

namespace srm::bases {
namespace {

double sum(const std::vector<double>& numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }

// To the rounding that a basis read from a float32 file has.
bool is_orthogonal(const PlaneSet& set) {
  if (set.is_orthogonal()) return true;
  for (std::int64_t i = 0; i < set.num_vectors(); ++i) {
    for (std::int64_t j = i + 1; j < set.num_vectors(); ++j) {
      if (std::abs(set.shape(i, j).cosine) > 1e-6) return false;
    }
  }
  return true;
}

// See Note [Ties] in srm/accumulator.h. Not so small that its square is zero in float.
template <typename Number>
Number threshold_of(double epsilon) {
  return static_cast<Number>(std::max((epsilon - 1e-12) * (epsilon - 1e-12), 1e-18));
}

// Adds the part of a row in a plane, if it hits: cos(4 phi) = 1 - 8 u^2 v^2 / r^4. Without a branch, so that the
// compiler may use vector units.
template <typename Number>
void add_hit(Number u2, Number v2, Number threshold, Number& cosine, Number& hits) {
  const Number r2 = u2 + v2;
  const Number hit = r2 >= threshold ? 1 : 0;
  const Number inverse = 1 / std::max(r2, threshold);
  cosine += hit * (1 - 8 * (u2 * inverse) * (v2 * inverse));
  hits += hit;
}

// The squares of a row from the largest on, sorted as far as into levels: of a hit one of the two is at least half the
// threshold (heavy, the uppermost level), and the other at least what is then missing, which leaves few pairs to try.
template <typename Number>
class SortedSquares {
 public:
  SortedSquares(std::size_t num_squares, Number threshold)
      : threshold_(threshold), scale_(2 * kHeavy / threshold), squares_(num_squares), levels_(num_squares) {}

  void sort(const Number* row) {
    num_from_.fill(0);
    for (std::size_t k = 0; k < levels_.size(); ++k) {
      levels_[k] = static_cast<std::uint8_t>(level(row[k] * row[k]));
      ++num_from_[levels_[k]];
    }
    std::array<std::size_t, kHeavy + 1> next;
    std::size_t num_above = 0;
    for (std::size_t l = kHeavy + 1; l-- > 0;) {
      next[l] = num_above;
      num_above += num_from_[l];
      num_from_[l] = num_above;
    }
    for (std::size_t k = 0; k < levels_.size(); ++k) squares_[next[levels_[k]]++] = row[k] * row[k];
  }

  std::size_t num_heavy() const { return num_from_[kHeavy]; }
  Number operator[](std::size_t k) const { return squares_[k]; }

  // All that may hit together with that one are before; a level more than needed, for rounding.
  std::size_t end_of_partners(Number square) const {
    if (square >= threshold_) return squares_.size();
    const std::size_t needed = level(threshold_ - square);
    return num_from_[needed == 0 ? 0 : needed - 1];
  }

 private:
  static constexpr std::size_t kHeavy = 32;

  std::size_t level(Number square) const {
    if (square >= threshold_ / 2) return kHeavy;
    return std::min(static_cast<std::size_t>(square * scale_), kHeavy - 1);
  }

  Number threshold_;
  Number scale_;
  std::vector<Number> squares_;
  std::vector<std::uint8_t> levels_;                   // of the numbers of the row
  std::array<std::size_t, kHeavy + 1> num_from_ = {};  // squares of that level or a higher one
};

template <typename Number>
ArcSums orthogonal_sums(const at::Tensor& coordinates, double epsilon) {
  const at::Tensor by_row = coordinates.contiguous();
  const Number* row = by_row.const_data_ptr<Number>();
  const auto num_rows = static_cast<std::size_t>(by_row.size(0)), m = static_cast<std::size_t>(by_row.size(1));
  const auto threshold = threshold_of<Number>(epsilon);
  ArcSums sums{std::vector<double>(num_rows), std::vector<double>(num_rows)};
  SortedSquares<Number> squares(m, threshold);
  std::vector<Number> cosines(m), hits(m);
  for (std::size_t r = 0; r < num_rows; ++r, row += m) {
    squares.sort(row);
    std::size_t num_reached = 0;
    for (std::size_t heavy = 0; heavy < squares.num_heavy(); ++heavy) {
      const Number u2 = squares[heavy];
      const std::size_t end = squares.end_of_partners(u2);
      num_reached = std::max(num_reached, end);
      for (std::size_t k = heavy + 1; k < end; ++k) add_hit(u2, squares[k], threshold, cosines[k], hits[k]);
    }
    for (std::size_t k = 0; k < num_reached; ++k) {
      sums.cosines[r] += static_cast<double>(std::exchange(cosines[k], 0));
      sums.hits[r] += static_cast<double>(std::exchange(hits[k], 0));
    }
  }
  return sums;
}

template <typename Number>
ArcSums skew_sums(const at::Tensor& coordinates, const PlaneSet& set, double epsilon) {
  const at::Tensor by_vector = coordinates.t().contiguous();
  const Number* numbers = by_vector.const_data_ptr<Number>();
  const auto num_rows = static_cast<std::size_t>(by_vector.size(1));
  const auto threshold = threshold_of<Number>(epsilon);
  ArcSums sums{std::vector<double>(num_rows), std::vector<double>(num_rows)};
  std::vector<Number> cosines(num_rows), hits(num_rows);
  for (std::int64_t i = 0; i < set.num_vectors(); ++i) {
    const Number* a = numbers + static_cast<std::size_t>(i) * num_rows;
    std::fill(cosines.begin(), cosines.end(), 0);
    std::fill(hits.begin(), hits.end(), 0);
    for (std::int64_t j = i + 1; j < set.num_vectors(); ++j) {
      const PlaneShape shape = set.shape(i, j);
      if (shape.inverse_sine == 0) continue;
      const Number* b = numbers + static_cast<std::size_t>(j) * num_rows;
      const auto cosine = static_cast<Number>(shape.cosine), inverse_sine = static_cast<Number>(shape.inverse_sine);
      for (std::size_t r = 0; r < num_rows; ++r) {
        const Number u = a[r], v = (b[r] - cosine * u) * inverse_sine;
        add_hit(u * u, v * v, threshold, cosines[r], hits[r]);
      }
    }
    for (std::size_t r = 0; r < num_rows; ++r) {
      sums.cosines[r] += static_cast<double>(cosines[r]);
      sums.hits[r] += static_cast<double>(hits[r]);
    }
  }
  return sums;
}

}  // namespace

double arc_alignment(const ArcSums& sums) {
  const double hits = sum(sums.hits);
  if (hits < kMinHits) return std::numeric_limits<double>::quiet_NaN();
  return std::clamp(sum(sums.cosines) / hits, -1.0, 1.0);
}

double arc_alignment_error(const ArcSums& sums, std::span<const std::int64_t> blocks) {
  const double hits = sum(sums.hits), c4 = sum(sums.cosines) / hits;
  std::vector<double> deviations(sums.hits.size());  // their mean is 0
  for (std::size_t r = 0; r < deviations.size(); ++r) deviations[r] = sums.cosines[r] - c4 * sums.hits[r];
  return block_standard_error(deviations, blocks) * static_cast<double>(deviations.size()) / hits;
}

ArcPlanes::ArcPlanes(const Basis& basis, const PlaneSet& set, double epsilon, at::ScalarType turned_type)
    : set_(&set), epsilon_(epsilon), is_orthogonal_(is_orthogonal(set)) {
  if (!is_orthogonal_) columns_ = basis_columns(basis, turned_type);
}

ArcSums ArcPlanes::sums(const at::Tensor& coordinates) const {
  return is_orthogonal_ ? orthogonal_sums<double>(coordinates, epsilon_)
                        : skew_sums<double>(coordinates, *set_, epsilon_);
}

ArcSums ArcPlanes::null_sums(const at::Tensor& turned) const {
  const bool is_float = turned.scalar_type() == at::kFloat;
  if (is_orthogonal_) {
    const at::Tensor first = turned.narrow(1, 0, set_->num_vectors());
    return is_float ? orthogonal_sums<float>(first, epsilon_) : orthogonal_sums<double>(first, epsilon_);
  }
  const at::Tensor coordinates = coordinates_in(columns_, turned);
  return is_float ? skew_sums<float>(coordinates, *set_, epsilon_) : skew_sums<double>(coordinates, *set_, epsilon_);
}

}  // namespace srm::bases
