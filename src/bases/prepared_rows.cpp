#include "bases/prepared_rows.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "srm/error.h"

namespace srm::bases {
namespace {

// Below this share of the largest variance a direction holds rounding alone.
constexpr double kNoVariance = 1e-12;

void keep_only(PreparedRows& prepared, const at::Tensor& is_kept) {
  const at::Tensor kept = is_kept.nonzero().squeeze(1);
  prepared.rows = prepared.rows.index_select(0, kept);
  prepared.places = prepared.places.index_select(0, kept);
}

// The symmetric root: of all matrices that make the covariance the identity its inverse moves the rows least, so that
// vectors of the whitened rows are still near vectors of the rows.
at::Tensor root_of_covariance(const at::Tensor& rows, std::string_view where) {
  const at::Tensor covariance = at::mm(rows.t(), rows) / rows.size(0);
  const auto [variances, axes] = at::linalg_eigh(covariance);
  const std::int64_t rank = (variances > kNoVariance * variances.max()).sum().item<std::int64_t>();
  if (rank < rows.size(1)) {
    throw Error(where, "whitening needs rows that spread in every dimension",
                fmt::format("{} rows that spread in {} of {}", rows.size(0), rank, rows.size(1)),
                "take more rows, or do not whiten");
  }
  return at::mm(axes * variances.sqrt(), axes.t());
}

}  // namespace

PreparedRows prepare_rows(const at::Tensor& rows, const Preparation& preparation, std::string_view where) {
  if (rows.dim() != 2 || rows.size(1) < 1 || !at::isFloatingType(rows.scalar_type())) {
    throw Error(where, "rows must be (num_rows, dim) real numbers",
                fmt::format("{} ({})", c10::toString(rows.scalar_type()), fmt::join(rows.sizes(), ", ")),
                "give one row for each sample");
  }
  PreparedRows prepared;
  at::Tensor& taken = prepared.rows;
  taken = rows.to(at::kCPU, at::kDouble);
  prepared.places = at::arange(taken.size(0), at::kLong);
  keep_only(prepared, taken.isfinite().all(1).logical_and_((taken != 0).any(1)));
  if (preparation.centre && taken.size(0) > 0) {
    taken.sub_(taken.mean(0));
    const at::Tensor is_off_mean = (taken != 0).any(1);
    if (!is_off_mean.all().item<bool>()) keep_only(prepared, is_off_mean);
  }
  if (taken.size(0) == 0) {
    throw Error(where, "there must be a row that is neither zero nor, when centred, at the mean of all",
                fmt::format("none of {}", rows.size(0)), "give rows of activations that differ");
  }
  if (preparation.whiten) {
    prepared.root_covariance = root_of_covariance(taken, where);
    taken = at::linalg_solve(prepared.root_covariance, taken.t()).t().contiguous();
  }
  if (preparation.normalise) {
    // By the largest entry first: squares of huge and tiny rows leave the range of a double.
    taken.div_(at::linalg_vector_norm(taken, std::numeric_limits<double>::infinity(), {1}, /*keepdim=*/true));
    taken.div_(at::linalg_vector_norm(taken, 2, {1}, /*keepdim=*/true));
  }
  prepared.num_left_out = rows.size(0) - taken.size(0);
  return prepared;
}

}  // namespace srm::bases
