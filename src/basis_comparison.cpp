#include "srm/basis_comparison.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "bases/matching.h"
#include "srm/error.h"

namespace srm {
namespace {

constexpr const char* kWhere = "compare_bases";
// A basis whose smallest singular value is below this spans its space only by rounding.
constexpr double kNoSpan = 1e-10;

at::Tensor unit_vectors(const at::Tensor& basis, const char* which) {
  if (basis.dim() != 2 || basis.numel() == 0 || !at::isFloatingType(basis.scalar_type())) {
    throw Error(kWhere, fmt::format("the {} basis must be (num_vectors, dim) real numbers", which),
                fmt::format("{} ({})", c10::toString(basis.scalar_type()), fmt::join(basis.sizes(), ", ")),
                "give one row for each basis vector");
  }
  const at::Tensor vectors = basis.to(at::kCPU, at::kDouble);
  // By the largest entry first, so that no square overflows.
  const at::Tensor scaled = vectors / std::get<0>(vectors.abs().max(1, /*keepdim=*/true));
  if (!scaled.isfinite().all().item<bool>()) {
    throw Error(kWhere, fmt::format("every vector of the {} basis must be finite and not zero", which),
                "one that is not", "remove the row or repair the file");
  }
  return scaled / at::linalg_vector_norm(scaled, 2, {1}, /*keepdim=*/true);
}

double amari_distance(const at::Tensor& a, const at::Tensor& b) {
  const std::int64_t n = a.size(1);
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  if (n < 2 || a.size(0) != n || b.size(0) != n) return kUndefined;
  for (const at::Tensor& basis : {a, b}) {
    if (at::linalg_svdvals(basis).min().item<double>() < kNoSpan) return kUndefined;
  }
  const at::Tensor p = at::linalg_solve(b, a, /*left=*/false).abs();  // P B = A
  const at::Tensor by_row = p.sum(1) / p.amax(1) - 1;
  const at::Tensor by_column = p.sum(0) / p.amax(0) - 1;
  return (by_row.mean() + by_column.mean()).item<double>() / 2 / static_cast<double>(n - 1);
}

}  // namespace

BasisMatch compare_bases(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor first = unit_vectors(a, "first");
  const at::Tensor second = unit_vectors(b, "second");
  if (first.size(1) != second.size(1)) {
    throw Error(kWhere, "both bases must be of one width",
                fmt::format("vectors of {} and of {} numbers", first.size(1), second.size(1)),
                "compare bases of the same layer");
  }
  const at::Tensor cosines = at::mm(first, second.t());
  bases::Matching matching = bases::match(cosines);
  BasisMatch found;
  found.mean_matched_cosine = std::min(matching.mean_cosine, 1.0);
  found.match = std::move(matching.column_of);
  for (std::size_t i = 0; i < found.match.size(); ++i) {
    found.cosines.push_back(found.match[i] < 0 ? 0.0
                                               : cosines[static_cast<std::int64_t>(i)][found.match[i]].item<double>());
  }
  found.amari_distance = amari_distance(first, second);
  const bases::Chance chance = bases::chance_of(first, second);
  found.chance = chance.mean;
  found.chance_95 = chance.quantile_95;
  return found;
}

}  // namespace srm
