#include "srm/basis_learning.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "bases/gaussian_numbers.h"
#include "bases/matching.h"
#include "bases/plane_rotations.h"
#include "bases/prepared_rows.h"
#include "srm/basis_generators.h"
#include "srm/error.h"

namespace srm {
namespace {

constexpr const char* kWhere = "learn_basis";
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
// Columns above this are float32: then memory is what a sweep waits for.
constexpr std::int64_t kDoubleBytes = std::int64_t{64} << 20;
// Seeds: the starts on all rows and on either half, and the draw of the halves.
enum SeedOf : std::uint64_t { kStarts, kStartsOfFirst, kStartsOfSecond, kHalves };

void require_valid(const LearnOptions& options) {
  const auto require = [](bool holds, const char* rule, double got) {
    if (!holds) throw Error(kWhere, rule, fmt::format("{}", got), "correct the option");
  };
  require(options.num_restarts >= 1, "there must be a start", options.num_restarts);
  require(options.max_sweeps >= 1, "there must be a sweep", options.max_sweeps);
  require(options.tolerance > 0, "the tolerance must be an angle above 0 radians", options.tolerance);
}

/// What one set of rows gives, without a word on how far to believe it.
LearnedBasis learn_from(const at::Tensor& rows, const LearnOptions& options, const char* name, SeedOf starts) {
  const bool is_pca = options.method == LearnMethod::kPca;
  bases::PreparedRows prepared =
      bases::prepare_rows(rows, {options.centre, options.whiten && !is_pca, is_pca || options.normalise_rows}, kWhere);
  LearnedBasis learned;
  learned.num_rows = prepared.rows.size(0);
  learned.num_rows_left_out = prepared.num_left_out;
  if (learned.num_rows < 2) {
    throw Error(kWhere, "two rows or more that are finite, not zero and not at the mean must be left",
                fmt::format("{} in {}", learned.num_rows, name), "give more rows");
  }
  learned.restarts_agreement = kUnknown;
  if (is_pca) {
    learned.basis = pca_basis(rows, options.centre);
    learned.score = bases::weighted_quartic_alignment(prepared.rows, learned.basis);
    learned.converged = true;
    return learned;
  }
  const std::int64_t dim = rows.size(1);
  at::Tensor taken = std::exchange(prepared.rows, {});
  taken.div_(at::linalg_vector_norm(taken, std::numeric_limits<double>::infinity()));  // no fourth power overflows
  if (taken.numel() * static_cast<std::int64_t>(sizeof(double)) > kDoubleBytes) taken = taken.to(at::kFloat);

  const bool is_aligned = options.method == LearnMethod::kAligned;
  const auto better = [is_aligned](double a, double b) { return is_aligned ? a > b : a < b; };
  std::vector<bases::Rotated> found;
  std::size_t best = 0;
  for (int restart = 0; restart < options.num_restarts; ++restart) {
    const std::uint64_t seed =
        bases::derived_seed(bases::derived_seed(options.seed, starts), static_cast<std::uint64_t>(restart));
    found.push_back(bases::rotate_to_extreme(
        taken, haar_rotation(dim, seed), is_aligned ? bases::Extreme::kLargest : bases::Extreme::kSmallest,
        {options.max_sweeps, options.tolerance}, [&](int sweep, double score, double largest_rotation) {
          if (options.on_sweep) options.on_sweep({name, restart, sweep, score, largest_rotation});
        }));
    learned.score_by_restart.push_back(found.back().score_by_sweep.back());
    if (better(learned.score_by_restart.back(), learned.score_by_restart[best])) best = found.size() - 1;
  }
  learned.score = learned.score_by_restart[best];
  learned.score_by_sweep = found[best].score_by_sweep;
  learned.largest_rotation = found[best].largest_rotation;
  learned.converged = found[best].converged;
  learned.basis = bases::nearest_to_axes(found[best].basis);
  if (found.size() > 1) {
    learned.restarts_agreement = 0;
    for (std::size_t k = 0; k < found.size(); ++k) {
      if (k == best) continue;
      learned.restarts_agreement +=
          bases::match(at::mm(learned.basis, found[k].basis.t())).mean_cosine / static_cast<double>(found.size() - 1);
    }
  }
  if (options.whiten) {
    learned.basis = at::mm(learned.basis, prepared.root_covariance);
    learned.basis.div_(at::linalg_vector_norm(learned.basis, 2, {1}, /*keepdim=*/true));
  }
  return learned;
}

/// The numbers of the rows of either half: whole samples, drawn by the seed.
std::pair<at::Tensor, at::Tensor> draw_halves(std::int64_t num_rows, std::span<const std::int64_t> blocks,
                                              std::uint64_t seed) {
  std::map<std::int64_t, std::vector<std::int64_t>> rows_of;
  for (std::int64_t row = 0; row < num_rows; ++row) {
    rows_of[blocks.empty() ? row : blocks[static_cast<std::size_t>(row)]].push_back(row);
  }
  if (rows_of.size() < 2) {
    throw Error(kWhere, "rows must come from two samples or more, for halves to be compared",
                fmt::format("{}", rows_of.size()), "give more samples, or set compare_halves to false");
  }
  std::vector<const std::vector<std::int64_t>*> samples;
  for (const auto& [block, rows] : rows_of) samples.push_back(&rows);
  bases::GaussianNumbers numbers(seed);
  for (std::size_t k = samples.size() - 1; k > 0; --k) std::swap(samples[k], samples[numbers.below(k + 1)]);
  std::vector<std::int64_t> halves[2];
  for (std::size_t k = 0; k < samples.size(); ++k) {
    std::vector<std::int64_t>& half = halves[k < samples.size() / 2 ? 0 : 1];
    half.insert(half.end(), samples[k]->begin(), samples[k]->end());
  }
  return {at::tensor(halves[0], at::kLong), at::tensor(halves[1], at::kLong)};
}

}  // namespace

const char* to_string(LearnMethod method) {
  switch (method) {
    case LearnMethod::kAligned:
      return "aligned";
    case LearnMethod::kDiagonal:
      return "diagonal";
    case LearnMethod::kPca:
      break;
  }
  return "pca";
}

LearnedBasis learn_basis(const at::Tensor& rows, const LearnOptions& options, std::span<const std::int64_t> blocks) {
  require_valid(options);
  if (rows.dim() == 2 && rows.size(1) < 2) {
    throw Error(kWhere, "rows need two numbers or more, for there to be a plane", fmt::format("{}", rows.size(1)),
                "choose a wider layer");
  }
  LearnedBasis learned = learn_from(rows, options, "all rows", kStarts);
  if (!blocks.empty() && static_cast<std::int64_t>(blocks.size()) != rows.size(0)) {
    throw Error(kWhere, "blocks must have a number for each row", fmt::format("{} for {}", blocks.size(), rows.size(0)),
                "give none, or the sample of each row");
  }
  const at::Tensor identity = at::eye(rows.size(1), at::kDouble);
  const bases::Chance chance = bases::chance_of(identity, identity);
  learned.chance = chance.mean;
  learned.chance_95 = chance.quantile_95;
  learned.halves_agreement = kUnknown;
  if (options.compare_halves) {
    const auto [first, second] = draw_halves(rows.size(0), blocks, bases::derived_seed(options.seed, kHalves));
    const at::Tensor of_first =
        learn_from(rows.index_select(0, first), options, "the first half", kStartsOfFirst).basis;
    const at::Tensor of_second =
        learn_from(rows.index_select(0, second), options, "the second half", kStartsOfSecond).basis;
    learned.halves_agreement = bases::match(at::mm(of_first, of_second.t())).mean_cosine;
    learned.is_stable = learned.halves_agreement > learned.chance_95 &&
                        learned.halves_agreement >= learned.chance + kStableShare * (1 - learned.chance);
  }
  return learned;
}

std::int64_t learning_bytes(std::int64_t num_rows, std::int64_t dim) {
  // Rows twice in float64, and a byte twice for which are taken; a few matrices (dim, dim) of every start.
  return num_rows * dim * 18 + dim * dim * 256;
}

}  // namespace srm
