#include "layer_preparation.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "row_tensor.h"
#include "srm/error.h"
#include "srm/plane_set.h"
#include "srm/statistics.h"

namespace srm {
namespace {

constexpr std::int64_t kRowsForEpsilon = 1000;

std::vector<double> centred_rows(const RowReservoir& reservoir, const std::vector<double>& mean) {
  std::vector<double> rows = reservoir.rows();
  if (mean.empty()) return rows;
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k] -= mean[k % mean.size()];
  return rows;
}

}  // namespace

LayerPreparation::LayerPreparation(const ObserveOptions& options, std::shared_ptr<MemoryBudget> budget,
                                   std::string address, std::int64_t dim)
    : options_(options), budget_(std::move(budget)), address_(std::move(address)), dim_(dim) {}

LayerPreparation::~LayerPreparation() { budget_->release(reserved_bytes_); }

RowReservoir LayerPreparation::reservoir_of(std::int64_t num_rows) {
  const std::int64_t bytes = RowReservoir::bytes_needed(dim_, num_rows);
  budget_->reserve(bytes, fmt::format("{} rows of '{}' in a pass before it is counted", num_rows, address_));
  reserved_bytes_ += bytes;
  return {dim_, num_rows, options_.seed};
}

void LayerPreparation::update(Pass pass, const at::Tensor& rows) {
  if (pass == Pass::kLearning && !learning_rows_) learning_rows_ = reservoir_of(options_.basis_rule.num_rows);
  if (pass == Pass::kMeasuring && !measured_rows_) {
    mean_.emplace(dim_);
    measured_rows_ = reservoir_of(kRowsForEpsilon);
  }
  if (pass == Pass::kRanking && !ranking_) start_ranking();
  with_numbers(rows, [&](const auto* data) {
    const std::int64_t num_rows = rows.size(0);
    if (pass == Pass::kLearning) learning_rows_->update(data, num_rows, dim_, dim_);
    if (pass == Pass::kMeasuring) {
      mean_->update(data, num_rows, dim_);
      measured_rows_->update(data, num_rows, dim_, dim_);
    }
    if (pass == Pass::kRanking) ranking_->update(data, num_rows, dim_, dim_);
  });
}

void LayerPreparation::finish(Pass pass) {
  if (pass == Pass::kLearning) make_basis();
  if (pass == Pass::kMeasuring) measure();
  if (pass == Pass::kRanking) rank();
}

LayerPlan LayerPreparation::take_plan() {
  if (plan_.epsilon.empty()) measure();
  return std::move(plan_);
}

void LayerPreparation::make_basis() {
  const BasisRule& rule = options_.basis_rule;
  at::Tensor rows;
  if (learning_rows_) rows = to_tensor(*learning_rows_);
  plan_.basis = options_.basis ? options_.basis
                : rule.make    ? rule.make(dim_, rows)
                               : std::make_shared<const Basis>(Basis::standard(dim_));
  learning_rows_.reset();
}

void LayerPreparation::measure() {
  if (!plan_.basis) make_basis();
  plan_.planes = options_.planes;
  if (options_.centre) plan_.mean = options_.mean.empty() ? mean_->mean() : options_.mean;
  if (options_.centre && std::ssize(plan_.mean) != dim_) {
    throw Error("observe", fmt::format("the mean must have {} numbers, as the samples", dim_),
                fmt::format("{}", plan_.mean.size()), "choose the --layers that the mean belongs to");
  }
  for (const EpsilonChoice& choice : options_.epsilon) {
    double epsilon = epsilon_of_width(choice, dim_);
    if (choice.kind == EpsilonChoice::Kind::kData) {
      const PlaneSet planes(*plan_.basis, options_.pairs, options_.degenerate);
      const std::vector<double> rows = centred_rows(*measured_rows_, plan_.mean);
      if (planes.num_planes() > 0 && !rows.empty()) {
        epsilon = epsilon_of_rows(rows, *plan_.basis, planes, choice.number, options_.seed);
      }
    }
    // Two ways to choose may come to the same.
    const bool is_there = std::find(plan_.epsilon.begin(), plan_.epsilon.end(), epsilon) != plan_.epsilon.end();
    if (!is_there) plan_.epsilon.push_back(epsilon);
  }
  mean_.reset();
  measured_rows_.reset();
}

void LayerPreparation::start_ranking() {
  if (plan_.epsilon.empty()) measure();
  AccumulatorOptions ranking = accumulator_options(options_);
  ranking.epsilon = {plan_.epsilon.front()};
  ranking.grid = AngleGrid(1);  // hits alone are of interest
  ranking.mean = plan_.mean;
  ranking.planes = {};
  ranking.is_signed = false;
  ranking.row_sums = false;
  ranking_.emplace(plan_.basis, std::move(ranking), *budget_, address_);
}

void LayerPreparation::rank() {
  if (!ranking_) start_ranking();
  const Resonance ranked = std::move(*ranking_).take_resonance();
  ranking_.reset();
  if (ranked.num_planes() == 0) return;
  std::int64_t num_planes = *options_.top_planes;
  if (num_planes == 0) {
    AccumulatorOptions whole = accumulator_options(options_);
    whole.epsilon = plan_.epsilon;
    whole.mean = plan_.mean;
    const PlaneSet planes(*plan_.basis, options_.pairs, options_.degenerate);
    // Half of what is left: other layers are still to come.
    const std::int64_t bytes = (budget_->limit_bytes() - budget_->reserved_bytes()) / 2;
    num_planes = std::max<std::int64_t>(1, Accumulator::num_planes_that_fit(*plan_.basis, planes, whole, bytes));
  }
  plan_.planes = top_planes(ranked, 0, num_planes);
}

}  // namespace srm
