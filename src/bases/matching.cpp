#include "bases/matching.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "bases/assignment.h"
#include "bases/gaussian_numbers.h"
#include "srm/basis_generators.h"

namespace srm::bases {
namespace {

constexpr std::int64_t kNone = -1;
constexpr std::uint64_t kChanceSeed = 0x63686e63;  // any: what is measured has no other

std::int64_t num_turns(std::int64_t dim) {
  if (dim <= 16) return 400;
  if (dim <= 64) return 100;
  return dim <= 256 ? 20 : 5;
}

}  // namespace

Matching match(const at::Tensor& cosines) {
  const std::int64_t num_rows = cosines.size(0);
  const std::int64_t num_columns = cosines.size(1);
  const bool is_wide = num_rows <= num_columns;
  const at::Tensor values = (is_wide ? cosines : cosines.t()).abs().contiguous();
  const double* data = values.const_data_ptr<double>();
  const std::vector<std::int64_t> partner =
      best_assignment(std::span(data, static_cast<std::size_t>(values.numel())), values.size(0), values.size(1));
  Matching matching{0, std::vector<std::int64_t>(static_cast<std::size_t>(num_rows), kNone)};
  for (std::size_t k = 0; k < partner.size(); ++k) {
    const auto other = static_cast<std::size_t>(partner[k]);
    matching.mean_cosine += data[static_cast<std::int64_t>(k) * values.size(1) + partner[k]];
    matching.column_of[is_wide ? k : other] = is_wide ? partner[k] : static_cast<std::int64_t>(k);
  }
  matching.mean_cosine /= static_cast<double>(partner.size());
  return matching;
}

Chance chance_of(const at::Tensor& a, const at::Tensor& b) {
  const std::int64_t dim = a.size(1);
  std::vector<double> matched(static_cast<std::size_t>(num_turns(dim)));
  double sum = 0;
  for (std::size_t k = 0; k < matched.size(); ++k) {
    const at::Tensor turned = at::mm(b, haar_rotation(dim, derived_seed(kChanceSeed, k)));
    matched[k] = match(at::mm(a, turned.t())).mean_cosine;
    sum += matched[k];
  }
  std::sort(matched.begin(), matched.end());
  const auto below = static_cast<std::size_t>(std::ceil(0.95 * static_cast<double>(matched.size()))) - 1;
  return {sum / static_cast<double>(matched.size()), matched[below]};
}

at::Tensor nearest_to_axes(const at::Tensor& basis) {
  const Matching to_axes = match(basis.t());  // the cosines of axis and vector
  const at::Tensor order = at::tensor(to_axes.column_of, at::kLong);
  const at::Tensor ordered = basis.index_select(0, order);
  return ordered * at::where(ordered.diagonal() < 0, -1.0, 1.0).unsqueeze(1);
}

}  // namespace srm::bases
