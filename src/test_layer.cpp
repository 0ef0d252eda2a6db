#include "srm/test_layer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "bases/basis_columns.h"
#include "bases/prepared_rows.h"
#include "srm/error.h"

namespace srm {
namespace {

std::vector<double> to_vector(const at::Tensor& numbers) {
  const at::Tensor flat = numbers.to(at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

// To the rounding that a basis read from a float32 file has.
bool is_orthonormal(const Basis& basis, const at::Tensor& columns) {
  if (!columns.defined()) return true;
  if (basis.num_vectors() != basis.dim()) return false;
  const at::Tensor off = at::mm(columns.t(), columns) - at::eye(basis.dim(), at::kDouble);
  return off.abs().max().item<double>() < 1e-5;
}

// A4 of each row of coordinates, (num_rows): A4 of all is the mean.
std::vector<double> a4_by_row(const at::Tensor& coordinates, std::int64_t dim) {
  const double n = static_cast<double>(dim);
  const double m = static_cast<double>(coordinates.size(1));
  return to_vector(((n + 2) * (n / m) * coordinates.pow(4).sum(1) - 3) / (n - 1));
}

std::optional<double> a4_without(const at::Tensor& coordinates, const std::vector<std::int64_t>& vectors) {
  const std::int64_t num_left = coordinates.size(1) - static_cast<std::int64_t>(vectors.size());
  if (num_left < 2) return std::nullopt;
  at::Tensor is_left = at::ones({coordinates.size(1)}, at::kBool);
  is_left.index_put_({at::tensor(vectors, at::kLong)}, at::zeros({}, at::kBool));
  const at::Tensor left = coordinates.index_select(1, is_left.nonzero().squeeze(1));
  if (!left.any().item<bool>()) return std::nullopt;
  return quartic_alignment(unit_rows(left, /*centred=*/false), Basis::standard(num_left));
}

}  // namespace

double effective_dimension(const at::Tensor& unit_rows) {
  const bool is_wide = unit_rows.size(1) > unit_rows.size(0);
  // tr (X^T X)^2 = tr (X X^T)^2: the smaller of the two; tr C is 1 for unit rows.
  const at::Tensor products = is_wide ? at::mm(unit_rows, unit_rows.t()) : at::mm(unit_rows.t(), unit_rows);
  const double num_rows = static_cast<double>(unit_rows.size(0));
  const double dimension = num_rows * num_rows / products.square().sum().item<double>();
  return std::clamp(dimension, 1.0, static_cast<double>(unit_rows.size(1)));  // what rounding leaves outside
}

std::vector<TopShare> top_shares(const at::Tensor& unit_rows, const Basis& basis) {
  bases::require_scorable(unit_rows, basis, "top_shares");
  const at::Tensor columns = bases::basis_columns(basis, at::kDouble);
  const at::Tensor coordinates = bases::coordinates_in(columns, unit_rows.to(at::kDouble));
  const bool can_leave_out = is_orthonormal(basis, columns);
  const at::Tensor by_vector = coordinates.pow(4).sum(0);
  const double total = by_vector.sum().item<double>();
  std::vector<TopShare> shares;
  for (const std::int64_t count : {std::int64_t{1}, std::min<std::int64_t>(3, basis.num_vectors())}) {
    if (!shares.empty() && count == 1) continue;
    const auto [largest, places] = by_vector.topk(count);
    const std::int64_t* first = places.const_data_ptr<std::int64_t>();
    TopShare top{.vectors = {first, first + count}};
    // Rows that are orthogonal to all vectors of a small frame leave nothing to share.
    top.share = total > 0 ? std::min(largest.sum().item<double>() / total, 1.0) : 0;
    if (can_leave_out) top.a4_without = a4_without(coordinates, top.vectors);
    shares.push_back(std::move(top));
  }
  return shares;
}

LayerTests test_layer(const at::Tensor& rows, std::span<const std::int64_t> blocks, std::int64_t num_rows_offered,
                      const Basis& basis, const NullOptions& options, const std::optional<Nonlinearity>& nonlinearity,
                      const std::optional<PlaneTestOptions>& planes) {
  const auto prepared = bases::prepare_rows(rows, {.centre = options.centred, .normalise = true}, "test_layer");
  if (static_cast<std::int64_t>(blocks.size()) != rows.size(0) || num_rows_offered < rows.size(0)) {
    throw Error("test_layer", "every row must have a block, and be one of the rows offered",
                fmt::format("{} rows, {} blocks and {} offered", rows.size(0), blocks.size(), num_rows_offered),
                "give what the reservoir of the rows says");
  }
  std::vector<std::int64_t> tested_blocks;
  for (std::int64_t k = 0; k < prepared.rows.size(0); ++k) {
    const std::int64_t place = prepared.places.const_data_ptr<std::int64_t>()[k];
    tested_blocks.push_back(blocks[static_cast<std::size_t>(place)]);
  }
  LayerTests tests{.haar = haar_null(rows, basis, options)};
  tests.dim = basis.dim();
  tests.num_vectors = basis.num_vectors();
  tests.centred = options.centred;
  tests.seed = options.seed;
  tests.num_rows = prepared.rows.size(0);
  tests.num_rows_offered = num_rows_offered;
  tests.num_blocks = static_cast<std::int64_t>(std::set(tested_blocks.begin(), tested_blocks.end()).size());
  const at::Tensor coordinates = bases::coordinates_in(bases::basis_columns(basis, at::kDouble), prepared.rows);
  tests.standard_error = block_standard_error(a4_by_row(coordinates, basis.dim()), tested_blocks);
  tests.effective_dimension = effective_dimension(prepared.rows);
  tests.top_shares = top_shares(prepared.rows, basis);
  if (nonlinearity) {
    const auto null_with = [&](MeanTurn turn) {
      return nonlinearity_null(nonlinearity->pre_activations, nonlinearity->function, basis, turn, options);
    };
    tests.nonlinearity =
        NonlinearityTests{nonlinearity->name, null_with(MeanTurn::kTurned), null_with(MeanTurn::kKept)};
  }
  if (planes) tests.planes = plane_tests(prepared.rows, basis, *planes, tested_blocks);
  return tests;
}

}  // namespace srm
