#include "srm/layer_observer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "batch_tags.h"
#include "kernels/random_rank.h"
#include "layer_counts.h"
#include "layer_preparation.h"
#include "srm/error.h"
#include "srm/merge.h"

namespace srm {
namespace {

// A hook puts the address in front of what its receiver throws.
constexpr const char* kWhere = "observe";

// How many samples of the data a call brought.
std::int64_t num_samples_of(const ActivationRows& rows, const SampleTags& tags) {
  return tags.batch() >= 0 ? tags.batch() : rows.batch_size();
}

std::int64_t bytes_of(const ResonanceParts& parts) {
  const std::size_t numbers = parts.counts.size() + parts.signed_counts.size() + parts.plane_hits.size() +
                              2 * parts.holistic_counts.size() + parts.basis.size() + 2 * parts.planes.size();
  return static_cast<std::int64_t>(numbers * sizeof(std::int64_t));
}

}  // namespace

void add(ObservedLayer layer, Results& results) {
  if (layer.whole) results.layers.push_back(std::move(*layer.whole));
  for (Resonance& one : layer.classes) results.layers.push_back(std::move(one));
  if (layer.findings.has_any()) results.findings.push_back(std::move(layer.findings));
}

Observer::Observer(std::string address, const ObserveOptions& options, Layout layout,
                   std::shared_ptr<MemoryBudget> budget, std::optional<Resonance> earlier, StreamPosition position)
    : address_(std::move(address)),
      options_(options),
      budget_(std::move(budget)),
      layout_(layout),
      position_(position),
      earlier_(std::move(earlier)) {
  require_valid(options_);
  passes_left_ = passes_of(options_);
  if (earlier_) {
    earlier_bytes_ = bytes_of(earlier_->parts());
    budget_->reserve(earlier_bytes_, fmt::format("what was counted before of '{}'", address_));
  }
}

Observer::~Observer() { budget_->release(earlier_bytes_); }

void Observer::observe(const c10::IValue& output, const at::Tensor& mask, const SampleTags& tags) {
  if (!output.isTensor()) {
    throw Error(kWhere, "the output of an observed layer must be a tensor", output.tagKind(),
                "take this layer out with --layers '!" + address_ + "', or observe the layers inside it");
  }
  const ActivationRows rows(output.toTensor(), layout_, address_, tags.batch());
  const at::Tensor kept = rows.kept_by(mask);
  const std::lock_guard lock(mutex_);
  settle();
  if (position_.num_calls++ % options_.every != 0) {
    position_.num_samples += num_samples_of(rows, tags);
    return skip(rows.num_samples());
  }
  add_locked(rows, kept, tags);
  count_call_locked();
}

void Observer::add(const at::Tensor& activation, const at::Tensor& mask, const SampleTags& tags) {
  const ActivationRows rows(activation, layout_, address_, tags.batch());
  const at::Tensor kept = rows.kept_by(mask);
  const std::lock_guard lock(mutex_);
  settle();
  add_locked(rows, kept, tags);
}

void Observer::count_call() {
  const std::lock_guard lock(mutex_);
  count_call_locked();
}

void Observer::count_call_locked() {
  if (!is_counting()) return;
  if (counts_) {
    counts_->count_call();
  } else {
    ++position_.num_early_calls;
  }
}

std::int64_t Observer::leave_out(const at::Tensor& activation, const SampleTags& tags) {
  const std::int64_t num_rows = num_rows_of(activation, layout_);
  if (num_rows == 0) return 0;
  num_rows_left_out_ += num_rows;
  num_samples_left_out_ += tags.batch() >= 0 ? tags.batch() : batch_size_of(activation);
  return num_rows;
}

// What was left out without the lock, to be called with it before anything else.
void Observer::settle() const {
  skip(num_rows_left_out_.exchange(0));
  position_.num_samples += num_samples_left_out_.exchange(0);
}

void Observer::skip(std::int64_t num_rows) const {
  if (!is_counting() || num_rows == 0) return;
  if (counts_) {
    counts_->count_skipped(num_rows);
  } else {
    position_.num_early_skipped += num_rows;
  }
}

void Observer::start(std::int64_t dim) {
  const std::int64_t expected = preparation_ ? preparation_->dim()
                                : counts_    ? counts_->basis()->dim()
                                : earlier_   ? earlier_->dim()
                                             : dim;
  if (dim != expected) {
    throw Error(kWhere, fmt::format("every sample must have {} numbers", expected), fmt::format("{}", dim),
                "choose the --layout whose samples have one width, and a --basis of that width");
  }
  if (options_.basis && options_.basis->dim() != dim) {
    throw Error(kWhere, fmt::format("the basis '{}' must be as wide as the samples, {}", options_.basis->name(), dim),
                fmt::format("vectors of {} numbers", options_.basis->dim()),
                "choose the --layers, --layout and --basis that belong together");
  }
  if (counts_) return;
  if (!preparation_ && passes_left_.size() != passes_of(options_).size()) {
    throw Error(kWhere, "a layer must have rows in the passes before it is counted, as for its mean", "none",
                "run the same data in all passes, or take it out with --layers '!" + address_ + "'");
  }
  if (!preparation_) preparation_ = std::make_unique<LayerPreparation>(options_, budget_, address_, dim);
  if (!is_counting()) return;
  LayerPlan plan = preparation_->take_plan();
  if (next_basis_) plan.basis = std::exchange(next_basis_, nullptr);
  counts_ = std::make_unique<LayerCounts>(std::move(plan), options_, budget_, address_);
  preparation_.reset();
  for (; position_.num_early_calls > 0; --position_.num_early_calls) counts_->count_call();
  counts_->count_skipped(std::exchange(position_.num_early_skipped, 0));
}

bool Observer::takes_row(std::int64_t number) const {
  if (options_.fraction >= 1) return true;
  constexpr double kTwoTo64 = 18446744073709551616.0;
  const std::uint64_t draw = kernels::split_mix(kernels::split_mix(options_.seed) ^ static_cast<std::uint64_t>(number));
  return static_cast<double>(draw) < options_.fraction * kTwoTo64;
}

void Observer::add_locked(const ActivationRows& rows, const at::Tensor& kept, const SampleTags& tags) {
  if (rows.num_samples() == 0) return;
  BatchTags batch(rows, tags, position_.num_samples, address_);
  start(rows.dim());
  position_.num_samples += num_samples_of(rows, tags);
  const std::int64_t limit = options_.limit.value_or(std::numeric_limits<std::int64_t>::max());
  const HalfTypes halves = counts_ && counts_->takes_halves() ? HalfTypes::kStay : HalfTypes::kBecomeFloat;
  const bool takes_all = !kept.defined() && options_.fraction >= 1;
  if (takes_all && rows.num_samples() <= limit - position_.num_taken) {
    const auto take_all = [&](const at::Tensor& piece) {
      batch.clear();
      batch.take_rows(piece.size(0));
      take(piece, batch.tags());
    };
    rows.for_each_piece(take_all, kPieceBytes, halves);
    position_.num_rows += rows.num_samples();
    position_.num_taken += rows.num_samples();
    return;
  }
  const bool* keeps = kept.defined() ? kept.const_data_ptr<bool>() : nullptr;
  std::int64_t offset = 0;
  std::vector<std::int64_t> taken;
  const auto choose = [&](std::int64_t num_rows) -> const std::vector<std::int64_t>& {
    taken.clear();
    batch.clear();
    for (std::int64_t k = 0; k < num_rows; ++k, ++offset) {
      const bool is_kept = keeps == nullptr || keeps[offset];
      if (!is_kept || !takes_row(position_.num_rows++) || position_.num_taken >= limit) {
        batch.skip_row();
        continue;
      }
      ++position_.num_taken;
      taken.push_back(k);
      batch.take_rows(1);
    }
    skip(num_rows - std::ssize(taken));
    return taken;
  };
  rows.for_each_piece([&](const at::Tensor& chosen) { take(chosen, batch.tags()); }, kPieceBytes, halves, choose);
}

void Observer::take(const at::Tensor& rows, const RowTags& tags) {
  if (is_counting()) return counts_->update(rows, tags);
  preparation_->update(passes_left_.front(), rows);
}

void Observer::finish_pass() {
  const std::lock_guard lock(mutex_);
  settle();
  if (is_counting()) return;
  if (preparation_) preparation_->finish(passes_left_.front());
  passes_left_.erase(passes_left_.begin());
  position_ = {};  // the next pass takes the same rows
}

bool Observer::has_seen() const {
  const std::lock_guard lock(mutex_);
  return counts_ || preparation_ || earlier_;
}

StreamPosition Observer::position() const {
  const std::lock_guard lock(mutex_);
  settle();
  return position_;
}

std::optional<Resonance> Observer::whole_locked() const {
  if (!counts_) {
    if (!earlier_ || (position_.num_early_calls == 0 && position_.num_early_skipped == 0)) return earlier_;
    ResonanceParts parts = earlier_->parts();
    parts.num_calls += position_.num_early_calls;
    parts.num_samples_skipped += position_.num_early_skipped;
    return Resonance(std::move(parts), kWhere);
  }
  if (!options_.counts) return std::nullopt;
  Resonance counted = counts_->whole();
  return earlier_ ? merge(*earlier_, counted) : std::move(counted);
}

ObservedLayer Observer::others_locked() const {
  ObservedLayer layer{{}, {}, {address_}};
  if (!counts_) return layer;
  layer.classes = counts_->classes();
  layer.findings.neurons = counts_->neurons();
  layer.findings.densities = counts_->densities();
  return layer;
}

std::optional<Resonance> Observer::take_locked() {
  const bool is_simple = counts_ && options_.counts && !earlier_;
  std::optional<Resonance> whole = is_simple ? std::optional(counts_->take_whole()) : whole_locked();
  counts_.reset();
  if (earlier_) position_.num_early_calls = position_.num_early_skipped = 0;
  earlier_.reset();
  budget_->release(std::exchange(earlier_bytes_, 0));
  return whole;
}

std::optional<Resonance> Observer::resonance() const {
  const std::lock_guard lock(mutex_);
  settle();
  return whole_locked();
}

std::optional<Resonance> Observer::holistic() const {
  const std::lock_guard lock(mutex_);
  settle();
  if (counts_ && options_.counts && !earlier_) return counts_->holistic();
  const std::optional<Resonance> whole = whole_locked();
  return whole ? std::optional(whole->without_tables()) : std::nullopt;
}

std::pair<std::optional<Resonance>, StreamPosition> Observer::snapshot() const {
  const std::lock_guard lock(mutex_);
  settle();
  std::optional<Resonance> whole = whole_locked();
  StreamPosition position = position_;
  if (whole) position.num_early_calls = position.num_early_skipped = 0;  // they are in it
  return {std::move(whole), position};
}

std::optional<Resonance> Observer::take_resonance() {
  const std::lock_guard lock(mutex_);
  settle();
  return take_locked();
}

ObservedLayer Observer::layer() const {
  const std::lock_guard lock(mutex_);
  settle();
  ObservedLayer layer = others_locked();
  layer.whole = whole_locked();
  return layer;
}

ObservedLayer Observer::take_layer() {
  const std::lock_guard lock(mutex_);
  settle();
  ObservedLayer layer = others_locked();
  layer.whole = take_locked();
  return layer;
}

ObservedWindow Observer::take_window(WindowTables tables) {
  const std::lock_guard lock(mutex_);
  settle();
  ObservedWindow window{others_locked()};
  if (counts_) {
    window.sample = counts_->sample();
    window.basis = counts_->basis();
  }
  std::optional<LayerPlan> plan;
  if (counts_) plan = counts_->plan();
  if (tables == WindowTables::kLeftOut && counts_ && options_.counts && !earlier_) {
    window.layer.whole = counts_->holistic();
    counts_.reset();
  } else {
    window.layer.whole = take_locked();
    if (tables == WindowTables::kLeftOut && window.layer.whole)
      window.layer.whole = window.layer.whole->without_tables();
  }
  position_.num_taken = 0;
  // In what the budget had for the counts before. If others have taken it, the next activation says so: the
  // window that was taken must not be lost.
  if (plan && next_basis_) plan->basis = std::exchange(next_basis_, nullptr);
  const std::shared_ptr<const Basis> basis = plan ? plan->basis : nullptr;
  try {
    if (plan) counts_ = std::make_unique<LayerCounts>(std::move(*plan), options_, budget_, address_);
  } catch (const Error&) {
    counts_.reset();
    next_basis_ = basis;
  }
  return window;
}

ObserverState Observer::state() const {
  const std::lock_guard lock(mutex_);
  settle();
  ObserverState state{0, {{}, {}, {address_}}, position_};
  if (!counts_) return state;
  state.dim = counts_->basis()->dim();
  state.layer = counts_->parts();
  state.layer.findings.address = address_;
  state.sample = counts_->sample();
  return state;
}

void Observer::resume(ObserverState earlier) {
  const std::lock_guard lock(mutex_);
  settle();
  if (!is_counting() || counts_ || earlier_) {
    throw Error(kWhere, "an observer goes on from another before it counts, behind all passes before",
                is_counting() ? "one that has counted" : "one with a pass to come", "finish_pass() until it counts");
  }
  if (earlier.dim > 0) {
    start(earlier.dim);
    counts_->resume(earlier.layer, std::move(earlier.sample));
  }
  position_ = earlier.position;
}

void Observer::count_in(std::shared_ptr<const Basis> basis) {
  const std::lock_guard lock(mutex_);
  settle();
  if (counts_ && counts_->basis()->dim() != basis->dim()) {
    throw Error(
        kWhere,
        fmt::format("the basis '{}' must be as wide as the samples, {}", basis->name(), counts_->basis()->dim()),
        fmt::format("vectors of {} numbers", basis->dim()), "learn it from rows of this layer");
  }
  next_basis_ = std::move(basis);
  if (!counts_) return;
  const Resonance counted = counts_->holistic();
  const ResonanceParts& parts = counted.parts();
  if (parts.num_calls + parts.num_samples_seen + parts.num_samples_skipped > 0) return;
  LayerPlan plan = counts_->plan();
  plan.basis = next_basis_;
  counts_.reset();
  try {
    counts_ = std::make_unique<LayerCounts>(std::move(plan), options_, budget_, address_);
    next_basis_.reset();
  } catch (const Error&) {
    // As when a window is taken: the next activation says so.
  }
}

std::optional<RowReservoir> Observer::sample() const {
  const std::lock_guard lock(mutex_);
  return counts_ ? counts_->sample() : std::nullopt;
}

std::shared_ptr<const Basis> Observer::basis() const {
  const std::lock_guard lock(mutex_);
  return counts_ ? counts_->basis() : nullptr;
}

}  // namespace srm
