#include "srm/null.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <limits>
#include <vector>

#include "bases/basis_columns.h"
#include "bases/prepared_rows.h"
#include "bases/rotations.h"
#include "srm/error.h"

namespace srm {
namespace {

using bases::HaarTurn;
using bases::require_scorable;

void require_options(const NullOptions& options, std::string_view where) {
  if (options.num_rotations >= 2) return;
  throw Error(where, "there must be at least 2 rotations", fmt::format("{}", options.num_rotations),
              "200 make a p of 0.01 possible");
}

void require_matrix(const at::Tensor& rows, std::string_view where) {
  if (rows.defined() && rows.dim() == 2 && rows.size(1) >= 1 && at::isFloatingType(rows.scalar_type())) return;
  throw Error(
      where, "rows must be a floating (num_rows, dim)",
      rows.defined() ? fmt::format("{} of {} dimensions", c10::toString(rows.scalar_type()), rows.dim()) : "none",
      "reshape or convert them");
}

// A4 of unit rows, (num_rows, dim), of the type of `columns`.
double a4(const at::Tensor& unit, const at::Tensor& columns) {
  const at::Tensor coordinates = bases::coordinates_in(columns, unit);
  const double n = static_cast<double>(unit.size(1));
  const double m = static_cast<double>(coordinates.size(1));
  const at::Tensor quartic = coordinates.square().square_().sum(1);
  return ((n + 2) * (n / m) * quartic.mean(at::kDouble).item<double>() - 3) / (n - 1);
}

}  // namespace

at::Tensor unit_rows(const at::Tensor& rows, bool centred) {
  const at::NoGradGuard no_gradients;
  return bases::prepare_rows(rows, {.centre = centred, .normalise = true}, "unit_rows").rows;
}

double quartic_alignment(const at::Tensor& unit_rows, const Basis& basis) {
  require_matrix(unit_rows, "quartic_alignment");
  require_scorable(unit_rows, basis, "quartic_alignment");
  return a4(unit_rows, bases::basis_columns(basis, unit_rows.scalar_type()));
}

NullTest haar_null(const at::Tensor& rows, const Basis& basis, const NullOptions& options) {
  require_options(options, "haar_null");
  const bases::SideBySide side_by_side;
  const at::Tensor unit = unit_rows(rows, options.centred);
  require_scorable(unit, basis, "haar_null");
  const at::ScalarType type = bases::turn_type(basis.dim());
  // Turning the basis one way is turning the rows the other way.
  const at::Tensor turning = unit.to(type);
  const at::Tensor columns = bases::basis_columns(basis, type);
  std::vector<double> scores(static_cast<std::size_t>(options.num_rotations));
  side_by_side.for_each(options.num_rotations, options.progress, [&](std::int64_t k) {
    scores[static_cast<std::size_t>(k)] = a4(HaarTurn(basis.dim(), options.seed, k).apply(turning), columns);
  });
  return NullTest(quartic_alignment(unit, basis), std::move(scores));
}

NullTest nonlinearity_null(const at::Tensor& pre_activations,
                           const std::function<at::Tensor(const at::Tensor&)>& function, const Basis& basis,
                           MeanTurn mean_turn, const NullOptions& options) {
  constexpr std::string_view kWhere = "nonlinearity_null";
  require_options(options, kWhere);
  require_matrix(pre_activations, kWhere);
  const bases::SideBySide side_by_side;
  const at::NoGradGuard no_gradients;
  at::Tensor pre = pre_activations.to(at::kCPU, at::kDouble);
  pre = pre.index({at::isfinite(pre).all(1)});
  require_scorable(pre, basis, kWhere);
  const auto score = [&](const at::Tensor& rows) {
    const at::Tensor outputs = function(rows);
    if (!outputs.defined() || outputs.sizes() != rows.sizes()) {
      throw Error(kWhere, "the function must give as many rows of as many numbers",
                  outputs.defined()
                      ? fmt::format("{} dimensions, {} numbers of {}", outputs.dim(), outputs.numel(), rows.numel())
                      : "nothing",
                  "give a function that acts on rows");
    }
    const at::Tensor unit = unit_rows(outputs, options.centred);
    require_scorable(unit, basis, kWhere);
    return a4(unit, bases::basis_columns(basis, at::kDouble));
  };
  const at::ScalarType type = bases::turn_type(basis.dim());
  const at::Tensor mean = mean_turn == MeanTurn::kKept ? pre.mean(0) : at::zeros({basis.dim()}, at::kDouble);
  const at::Tensor turning = (pre - mean).to(type);
  const at::Tensor kept = mean.to(type);
  std::vector<double> scores(static_cast<std::size_t>(options.num_rotations));
  side_by_side.for_each(options.num_rotations, options.progress, [&](std::int64_t k) {
    const HaarTurn turn(basis.dim(), options.seed, k);
    scores[static_cast<std::size_t>(k)] = score((turn.apply(turning) + kept).contiguous());
  });
  return NullTest(score(pre), std::move(scores));
}

}  // namespace srm
