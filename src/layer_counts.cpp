#include "layer_counts.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "row_tensor.h"
#include "srm/error.h"
#include "srm/merge.h"

namespace srm {
namespace {

constexpr std::int64_t kUnlabelled = -1;

std::vector<std::int64_t> picked(std::span<const std::int64_t> numbers, const std::vector<std::int64_t>& rows) {
  std::vector<std::int64_t> chosen;
  if (!numbers.empty()) {
    for (const std::int64_t row : rows) chosen.push_back(numbers[static_cast<std::size_t>(row)]);
  }
  return chosen;
}

// The label that classes() made a group of.
std::int64_t class_of(const Resonance& layer) {
  const std::string& group = layer.parts().group;
  std::int64_t label = -1;
  const auto [end, error] = std::from_chars(group.data(), group.data() + group.size(), label);
  if (error == std::errc() && end == group.data() + group.size() && label >= 0) return label;
  throw Error("resume " + layer.address(), "groups must be classes", group, "it is damaged; begin anew");
}

}  // namespace

AccumulatorOptions accumulator_options(const ObserveOptions& options) {
  AccumulatorOptions result;
  result.epsilon.clear();
  for (const EpsilonChoice& choice : options.epsilon) {
    if (choice.kind == EpsilonChoice::Kind::kGiven) result.epsilon.push_back(choice.number);
  }
  result.grid = AngleGrid(options.num_angles, options.grid);
  result.sense = options.sense;
  result.pairs = options.pairs;
  result.degenerate = options.degenerate;
  result.num_threads = options.num_threads;
  result.planes = options.planes;
  result.is_signed = options.is_signed;
  result.row_sums = options.row_sums;
  return result;
}

LayerCounts::LayerCounts(LayerPlan plan, const ObserveOptions& options, std::shared_ptr<MemoryBudget> budget,
                         const std::string& address)
    : plan_(std::move(plan)), options_(options), budget_(std::move(budget)), address_(address) {
  if (options_.counts) accumulator_of(kUnlabelled);
  if (options_.counts && options_.num_nearest) {
    neurons_.emplace(plan_.basis,
                     NeuronOptions{.epsilon = plan_.epsilon,
                                   .num_nearest = *options_.num_nearest,
                                   .max_classes = options_.num_classes,
                                   .mean = plan_.mean},
                     *budget_, address_);
  }
  if (options_.counts && !options_.density_planes.empty()) {
    densities_.emplace(plan_.basis,
                       DensityOptions{.planes = options_.density_planes,
                                      .epsilon = plan_.epsilon.front(),
                                      .num_bins = options_.density_bins,
                                      .num_points = options_.density_points,
                                      .seed = options_.seed,
                                      .mean = plan_.mean},
                       *budget_, address_);
  }
  if (options_.num_test_rows != 0) take_sample();
}

void LayerCounts::take_sample() {
  const std::int64_t dim = plan_.basis->dim();
  std::int64_t num_rows = options_.num_test_rows;
  if (num_rows == kByWidth) {
    // Nobody asked for so many: counts, and other layers, have the memory first.
    const std::int64_t room = (budget_->limit_bytes() - budget_->reserved_bytes()) / 4;
    num_rows = test_rows_of_width(dim);
    while (num_rows > 1 && RowReservoir::bytes_needed(dim, num_rows) > room) num_rows /= 2;
    if (num_rows < 2) return;
  }
  sample_bytes_ = RowReservoir::bytes_needed(dim, num_rows);
  budget_->reserve(sample_bytes_, fmt::format("{} rows of '{}' for its tests", num_rows, address_));
  sample_.emplace(dim, num_rows, options_.seed);
}

LayerCounts::~LayerCounts() { budget_->release(sample_bytes_); }

Accumulator& LayerCounts::accumulator_of(std::int64_t label) {
  const auto found = accumulators_.find(label);
  if (found != accumulators_.end()) return found->second;
  AccumulatorOptions options = accumulator_options(options_);
  options.epsilon = plan_.epsilon;
  options.mean = plan_.mean;
  options.planes = plan_.planes;
  return accumulators_.emplace(label, Accumulator(plan_.basis, std::move(options), *budget_, address_)).first->second;
}

void LayerCounts::require_labels(const RowTags& tags) const {
  if (!options_.by_class && !neurons_) return;
  for (const std::int64_t label : tags.label) {
    if (label >= -1 && label < options_.num_classes) continue;
    throw Error("observe", fmt::format("labels must be classes below {}, or -1 where unknown", options_.num_classes),
                fmt::format("{}", label), "say how many classes there are");
  }
}

void LayerCounts::update(const at::Tensor& rows, const RowTags& tags) {
  require_labels(tags);
  if (options_.counts && options_.by_class && !tags.label.empty()) {
    count_by_class(rows, tags);
  } else if (options_.counts) {
    count(rows, {.sample = tags.sample});
  }
  if (takes_halves()) return;
  const std::int64_t num_rows = rows.size(0), dim = rows.size(1);
  // Without classes labels are nobody's business.
  const RowTags labelled = options_.num_classes > 0 ? tags : RowTags{.sample = tags.sample, .position = tags.position};
  with_numbers(rows, [&](const auto* numbers) {
    if (neurons_) neurons_->update(numbers, num_rows, dim, dim, labelled);
    if (densities_) densities_->update(numbers, num_rows, dim, dim, labelled);
    if (sample_) sample_->update(numbers, num_rows, dim, dim, tags.sample);
  });
}

// What else looks at rows wants them as float32.
bool LayerCounts::takes_halves() const { return options_.counts && !neurons_ && !densities_ && !sample_; }

void LayerCounts::count(const at::Tensor& rows, const RowTags& tags) {
  with_numbers_of_any_width(rows, [&](const auto* numbers) {
    accumulator_of(kUnlabelled).update(numbers, rows.size(0), rows.size(1), rows.size(1), tags.sample);
  });
}

void LayerCounts::count_by_class(const at::Tensor& rows, const RowTags& tags) {
  std::map<std::int64_t, std::vector<std::int64_t>> by_class;
  for (std::size_t k = 0; k < tags.label.size(); ++k) by_class[tags.label[k]].push_back(static_cast<std::int64_t>(k));
  // All tables first: where memory ends, nothing is counted yet.
  for (const auto& [label, chosen] : by_class) accumulator_of(label);
  for (const auto& [label, chosen] : by_class) {
    const at::Tensor part = rows.index_select(0, at::tensor(chosen, at::kLong));
    const std::vector<std::int64_t> samples = picked(tags.sample, chosen);
    with_numbers_of_any_width(part, [&, &label = label](const auto* numbers) {
      accumulator_of(label).update(numbers, part.size(0), part.size(1), part.size(1), samples);
    });
  }
}

void LayerCounts::count_call() {
  if (options_.counts) accumulator_of(kUnlabelled).count_call();
}

void LayerCounts::count_skipped(std::int64_t num_rows) {
  if (options_.counts) accumulator_of(kUnlabelled).count_skipped(num_rows);
}

Resonance LayerCounts::whole() const {
  Resonance sum = accumulators_.at(kUnlabelled).resonance();
  for (const auto& [label, accumulator] : accumulators_) {
    if (label != kUnlabelled) sum = merge(sum, accumulator.resonance());
  }
  return sum;
}

Resonance LayerCounts::holistic() const {
  Resonance sum = accumulators_.at(kUnlabelled).holistic();
  for (const auto& [label, accumulator] : accumulators_) {
    if (label != kUnlabelled) sum = merge(sum, accumulator.holistic());
  }
  return sum;
}

Resonance LayerCounts::take_whole() {
  if (accumulators_.size() > 1) return whole();
  return std::move(accumulators_.at(kUnlabelled)).take_resonance();
}

std::vector<Resonance> LayerCounts::classes() const {
  std::vector<Resonance> classes;
  for (const auto& [label, accumulator] : accumulators_) {
    if (label == kUnlabelled) continue;
    ResonanceParts parts = accumulator.resonance().parts();
    parts.group = fmt::format("{}", label);
    classes.emplace_back(std::move(parts), address_);
  }
  return classes;
}

std::optional<NeuronTable> LayerCounts::neurons() const {
  return neurons_ ? std::optional(neurons_->table()) : std::nullopt;
}

std::optional<PlaneDensities> LayerCounts::densities() const {
  return densities_ ? std::optional(densities_->densities()) : std::nullopt;
}

ObservedLayer LayerCounts::parts() const {
  ObservedLayer parts;
  if (options_.counts) parts.whole = accumulators_.at(kUnlabelled).resonance();
  parts.classes = classes();
  parts.findings.neurons = neurons();
  parts.findings.densities = densities();
  return parts;
}

void LayerCounts::resume(const ObservedLayer& earlier, std::optional<RowReservoir> sample) {
  if (earlier.whole) accumulator_of(kUnlabelled).resume(*earlier.whole);
  for (const Resonance& one : earlier.classes) accumulator_of(class_of(one)).resume(one);
  if (neurons_ && earlier.findings.neurons) neurons_->resume(*earlier.findings.neurons);
  if (densities_ && earlier.findings.densities) densities_->resume(*earlier.findings.densities);
  // How many rows are kept may have followed the memory there was: what was begun is what goes on.
  sample_.reset();
  budget_->release(std::exchange(sample_bytes_, 0));
  if (!sample) return;
  const std::int64_t bytes = RowReservoir::bytes_needed(sample->dim(), sample->capacity());
  budget_->reserve(bytes, fmt::format("{} rows of '{}' for its tests", sample->capacity(), address_));
  sample_bytes_ = bytes;
  sample_ = std::move(sample);
}

}  // namespace srm
