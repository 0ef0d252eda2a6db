#include "bases/plane_rotations.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "kernels/column_pair.h"

namespace srm::bases {
namespace {

// Rotations below this share of the tolerance are not worth a pass over two columns.
constexpr double kNegligible = 0.01;

/// All pairs of 0 to size - 1 in size - 1 rounds (size if odd) in which none meets twice: the circle method of
/// tournaments. One stays in its seat, the others move on by one.
class Tournament {
 public:
  explicit Tournament(std::int64_t size) : size_(size), seats_(static_cast<std::size_t>(size + size % 2)) {
    std::iota(seats_.begin(), seats_.end(), std::int64_t{0});
  }

  std::int64_t num_rounds() const { return static_cast<std::int64_t>(seats_.size()) - 1; }
  std::int64_t num_pairs() const { return static_cast<std::int64_t>(seats_.size()) / 2; }
  /// Whether the k-th pair of this round has no bye in it.
  std::pair<std::int64_t, std::int64_t> pair(std::int64_t k) const {
    return std::minmax(seats_[static_cast<std::size_t>(k)], seats_[seats_.size() - 1 - static_cast<std::size_t>(k)]);
  }
  bool is_bye(std::int64_t player) const { return player == size_; }
  void next_round() { std::rotate(seats_.begin() + 1, seats_.end() - 1, seats_.end()); }

 private:
  std::int64_t size_;
  std::vector<std::int64_t> seats_;
};

/// The coordinates of rows in a basis, a column each, that turn with it.
template <typename Number>
class TurningColumns {
 public:
  TurningColumns(const at::Tensor& rows, const at::Tensor& start)
      : dim_(rows.size(1)),
        num_rows_(rows.size(0)),
        columns_(at::mm(start.to(rows.scalar_type()), rows.t()).contiguous()),
        basis_(start.clone()),
        weight_(at::linalg_vector_norm(rows, 2, {1}, false, at::kDouble).pow(4).sum().item<double>()) {}

  const at::Tensor& basis() const { return basis_; }

  /// Turns every plane once; returns the largest rotation.
  double sweep(Extreme extreme, double negligible) {
    Tournament tournament(dim_);
    Number* const columns = columns_.template mutable_data_ptr<Number>();
    double* const basis = basis_.mutable_data_ptr<double>();
    double largest = 0;
    std::vector<double> angles(static_cast<std::size_t>(tournament.num_pairs()));
    for (std::int64_t round = 0; round < tournament.num_rounds(); ++round) {
      at::parallel_for(0, tournament.num_pairs(), grain(), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t k = begin; k < end; ++k) {
          const auto [i, j] = tournament.pair(k);
          double& angle = angles[static_cast<std::size_t>(k)];
          angle = 0;
          if (tournament.is_bye(j)) continue;
          Number* const x = columns + i * num_rows_;
          Number* const y = columns + j * num_rows_;
          angle = best_angle(kernels::fourth_harmonic(x, y, num_rows_), extreme);
          if (std::abs(angle) <= negligible) continue;
          kernels::rotate(x, y, num_rows_, angle);
          kernels::rotate(basis + i * dim_, basis + j * dim_, dim_, angle);
        }
      });
      for (const double angle : angles) largest = std::max(largest, std::abs(angle));
      tournament.next_round();
    }
    return largest;
  }

  double score() const {
    const Number* const columns = columns_.template const_data_ptr<Number>();
    std::vector<double> quartics(static_cast<std::size_t>(dim_));
    at::parallel_for(0, dim_, grain(), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        quartics[static_cast<std::size_t>(i)] = kernels::sum_of_fourth_powers(columns + i * num_rows_, num_rows_);
      }
    });
    const double n = static_cast<double>(dim_);
    return ((n + 2) * std::accumulate(quartics.begin(), quartics.end(), 0.0) / weight_ - 3) / (n - 1);
  }

 private:
  static double best_angle(const kernels::FourthHarmonic& sums, Extreme extreme) {
    const double sign = extreme == Extreme::kLargest ? 1 : -1;  // -1 is half a turn of 4 phi: 45 degrees
    const double rounding = 16 * static_cast<double>(std::numeric_limits<Number>::epsilon()) * sums.weight;
    if (std::hypot(sums.cosine, sums.sine) <= rounding) return 0;
    return std::atan2(sign * sums.sine, sign * sums.cosine) / 4;
  }

  // Pairs below which handing them to a thread costs more than they do.
  std::int64_t grain() const { return std::max<std::int64_t>(1, 32768 / num_rows_); }

  std::int64_t dim_;
  std::int64_t num_rows_;
  at::Tensor columns_;  // (dim, num_rows)
  at::Tensor basis_;
  double weight_;  // sum |x|^4
};

template <typename Number>
Rotated rotate_columns(const at::Tensor& rows, const at::Tensor& start, Extreme extreme, const RotationLimits& limits,
                       const std::function<void(int, double, double)>& on_sweep) {
  TurningColumns<Number> columns(rows, start);
  Rotated rotated;
  for (int sweep = 0; sweep < limits.max_sweeps && !rotated.converged; ++sweep) {
    rotated.largest_rotation = columns.sweep(extreme, kNegligible * limits.tolerance);
    rotated.converged = rotated.largest_rotation <= limits.tolerance;
    rotated.score_by_sweep.push_back(columns.score());
    if (on_sweep) on_sweep(sweep, rotated.score_by_sweep.back(), rotated.largest_rotation);
  }
  rotated.basis = columns.basis();
  return rotated;
}

}  // namespace

double weighted_quartic_alignment(const at::Tensor& rows, const at::Tensor& basis) {
  return TurningColumns<double>(rows.to(at::kDouble), basis).score();
}

Rotated rotate_to_extreme(const at::Tensor& rows, const at::Tensor& start, Extreme extreme,
                          const RotationLimits& limits, const std::function<void(int, double, double)>& on_sweep) {
  return rows.scalar_type() == at::kFloat ? rotate_columns<float>(rows, start, extreme, limits, on_sweep)
                                          : rotate_columns<double>(rows, start, extreme, limits, on_sweep);
}

}  // namespace srm::bases
