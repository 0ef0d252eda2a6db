#include "monitor_basis.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <array>
#include <bit>
#include <limits>
#include <utility>
#include <vector>

#include "srm/basis.h"
#include "srm/basis_comparison.h"
#include "srm/basis_learning.h"
#include "srm/error.h"
#include "srm/monitor.h"

namespace srm {
namespace {

std::shared_ptr<const Basis> to_basis(std::string name, const at::Tensor& vectors) {
  const at::Tensor rows = vectors.to(at::kCPU, at::kDouble).contiguous();
  const double* data = rows.const_data_ptr<double>();
  return std::make_shared<const Basis>(
      Basis::from_vectors(std::move(name), rows.size(0), rows.size(1), std::vector<double>(data, data + rows.numel())));
}

at::Tensor to_tensor(const Basis& basis) {
  return at::tensor(basis.vectors(), at::kDouble).reshape({basis.num_vectors(), basis.dim()});
}

}  // namespace

BasisRule learning_rule(LearnOptions options, std::int64_t num_rows) {
  options.compare_halves = false;
  const std::string name =
      options.method == LearnMethod::kPca ? "pca" : fmt::format("learned-{}", to_string(options.method));
  return {name,
          [options, name](std::int64_t, const at::Tensor& rows) {
            return to_basis(name, learn_basis(rows, options).basis);
          },
          num_rows};
}

LearnedBases::LearnedBases(BasisRule rule, std::int64_t every, std::shared_ptr<Ranks> ranks)
    : rule_(std::move(rule)), every_(every), ranks_(std::move(ranks)) {}

bool LearnedBases::is_due(std::int64_t step) {
  const bool is_due = !last_step_ || step < *last_step_ || step - *last_step_ >= every_;
  if (is_due) last_step_ = step;
  return is_due;
}

// Undefined where the rule fails: a window is not lost for that.
at::Tensor LearnedBases::learned_vectors(const at::Tensor& rows) const {
  if (!rows.defined() || rows.size(0) == 0) return {};
  at::Tensor vectors;
  const std::int64_t dim = rows.size(1);
  if (!ranks_ || ranks_->rank() == 0) {
    try {
      const std::shared_ptr<const Basis> made = rule_.make(dim, rows);
      if (made && made->dim() == dim) vectors = to_tensor(*made);
    } catch (const Error&) {
      vectors.reset();
    }
  }
  if (!ranks_) return vectors;
  std::array<std::int64_t, 1> num_vectors = {vectors.defined() ? vectors.size(0) : 0};
  ranks_->sum(num_vectors);
  if (num_vectors[0] == 0) return {};
  // Bit for bit, as a sum with the zeros of the others.
  at::Tensor bits =
      vectors.defined() ? vectors.contiguous().view(at::kLong) : at::zeros({num_vectors[0], dim}, at::kLong);
  ranks_->sum({bits.mutable_data_ptr<std::int64_t>(), static_cast<std::size_t>(bits.numel())});
  return bits.view(at::kDouble);
}

std::optional<RelearnedBasis> LearnedBases::learn(const std::string& address, const at::Tensor& rows,
                                                  std::int64_t step) {
  const at::Tensor vectors = learned_vectors(rows);
  if (!vectors.defined()) return std::nullopt;
  RelearnedBasis learned{to_basis(fmt::format("{}, step {}", rule_.name, step), vectors), {}};
  const BasisMatch axes = compare_bases(vectors, at::eye(vectors.size(1), at::kDouble));
  learned.drift = {std::numeric_limits<double>::quiet_NaN(), axes.mean_matched_cosine, axes.chance};
  at::Tensor& last = last_[address];
  if (last.defined() && last.size(1) == vectors.size(1)) {
    learned.drift.to_previous = compare_bases(vectors, last).mean_matched_cosine;
  }
  last = vectors;
  return learned;
}

}  // namespace srm
