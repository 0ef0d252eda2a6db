#include "srm/layer_observer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "srm/error.h"
#include "srm/merge.h"

namespace srm {
namespace {

// A hook puts the address in front of what its receiver throws.
constexpr const char* kWhere = "observe";

AccumulatorOptions accumulator_options(const ObserveOptions& options) {
  AccumulatorOptions result;
  result.epsilon = options.epsilon;
  result.grid = AngleGrid(options.num_angles, options.grid);
  result.sense = options.sense;
  result.pairs = options.pairs;
  result.degenerate = options.degenerate;
  result.num_threads = options.num_threads;
  return result;
}

// SplitMix64's finaliser: neighbouring numbers give independent bits.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::int64_t bytes_of(const ResonanceParts& parts) {
  const std::size_t numbers = parts.counts.size() + parts.signed_counts.size() + parts.plane_hits.size() +
                              2 * parts.holistic_counts.size() + parts.basis.size() + 2 * parts.planes.size();
  return static_cast<std::int64_t>(numbers * sizeof(std::int64_t));
}

}  // namespace

void require_valid(const ObserveOptions& options) {
  require_valid(accumulator_options(options), kWhere);
  if (options.every < 1) {
    throw Error(kWhere, "every must be 1 or more", fmt::format("{}", options.every), "1 takes every call");
  }
  if (!(options.fraction > 0 && options.fraction <= 1)) {
    throw Error(kWhere, "fraction must be in (0, 1]", fmt::format("{}", options.fraction), "1 takes every row");
  }
  if (options.limit && *options.limit < 1) {
    throw Error(kWhere, "limit must be 1 or more", fmt::format("{}", *options.limit), "leave it out for no limit");
  }
}

Observer::Observer(std::string address, const ObserveOptions& options, Layout layout,
                   std::shared_ptr<MemoryBudget> budget, std::optional<Resonance> earlier, StreamPosition position)
    : address_(std::move(address)),
      options_(options),
      budget_(std::move(budget)),
      layout_(layout),
      taking_mean_(options.centre),
      position_(position),
      earlier_(std::move(earlier)) {
  require_valid(options_);
  if (earlier_) {
    earlier_bytes_ = bytes_of(earlier_->parts());
    budget_->reserve(earlier_bytes_, fmt::format("what was counted before of '{}'", address_));
  }
}

Observer::~Observer() { budget_->release(earlier_bytes_); }

void Observer::observe(const c10::IValue& output, const at::Tensor& mask) {
  if (!output.isTensor()) {
    throw Error(kWhere, "the output of an observed layer must be a tensor", output.tagKind(),
                "take this layer out with --layers '!" + address_ + "', or observe the layers inside it");
  }
  const ActivationRows rows(output.toTensor(), layout_, address_);
  const at::Tensor kept = rows.kept_by(mask);
  const std::lock_guard lock(mutex_);
  if (position_.num_calls++ % options_.every != 0) return skip(rows.num_samples());
  add_locked(rows, kept);
  if (taking_mean_) return;
  if (accumulator_) {
    accumulator_->count_call();
  } else {
    ++num_early_calls_;
  }
}

void Observer::add(const at::Tensor& activation, const at::Tensor& mask) {
  const ActivationRows rows(activation, layout_, address_);
  const at::Tensor kept = rows.kept_by(mask);
  const std::lock_guard lock(mutex_);
  add_locked(rows, kept);
}

void Observer::count_call() {
  const std::lock_guard lock(mutex_);
  if (taking_mean_) return;
  if (accumulator_) {
    accumulator_->count_call();
  } else {
    ++num_early_calls_;
  }
}

void Observer::skip(std::int64_t num_samples) {
  if (taking_mean_ || num_samples == 0) return;
  if (accumulator_) {
    accumulator_->count_skipped(num_samples);
  } else {
    num_early_skipped_ += num_samples;
  }
}

void Observer::start(std::int64_t dim) {
  if (options_.basis && options_.basis->dim() != dim) {
    throw Error(kWhere, fmt::format("the basis '{}' must be as wide as the samples, {}", options_.basis->name(), dim),
                fmt::format("vectors of {} numbers", options_.basis->dim()),
                "choose the --layers, --layout and --basis that belong together");
  }
  const std::int64_t expected = taking_mean_   ? (mean_ ? mean_->dim() : dim)
                                : accumulator_ ? accumulator_->basis().dim()
                                : earlier_     ? earlier_->dim()
                                               : dim;
  if (dim != expected) {
    throw Error(kWhere, fmt::format("every sample must have {} numbers", expected), fmt::format("{}", dim),
                "choose the --layout whose samples have one width, and a --basis of that width");
  }
  if (taking_mean_) {
    if (!mean_) mean_.emplace(dim);
    return;
  }
  if (accumulator_) return;
  if (options_.centre && !mean_) {
    throw Error(kWhere, "a layer that is centred must have rows while its mean is taken", "none",
                "run the same data in both passes, or take it out with --layers '!" + address_ + "'");
  }
  AccumulatorOptions options = accumulator_options(options_);
  if (mean_) options.mean = mean_->mean();
  const auto basis = options_.basis ? options_.basis : std::make_shared<const Basis>(Basis::standard(dim));
  accumulator_.emplace(basis, std::move(options), *budget_, address_);
  for (; num_early_calls_ > 0; --num_early_calls_) accumulator_->count_call();
  accumulator_->count_skipped(std::exchange(num_early_skipped_, 0));
}

bool Observer::takes_row(std::int64_t number) const {
  if (options_.fraction >= 1) return true;
  constexpr double kTwoTo64 = 18446744073709551616.0;
  const std::uint64_t draw = mixed(mixed(options_.seed) ^ static_cast<std::uint64_t>(number));
  return static_cast<double>(draw) < options_.fraction * kTwoTo64;
}

void Observer::add_locked(const ActivationRows& rows, const at::Tensor& kept) {
  if (rows.num_samples() == 0) return;
  start(rows.dim());
  const std::int64_t limit = options_.limit.value_or(std::numeric_limits<std::int64_t>::max());
  const bool takes_all = !kept.defined() && options_.fraction >= 1;
  if (takes_all && rows.num_samples() <= limit - position_.num_taken) {
    rows.for_each_piece([&](const at::Tensor& piece) { count(piece); });
    position_.num_rows += rows.num_samples();
    position_.num_taken += rows.num_samples();
    return;
  }
  const bool* keeps = kept.defined() ? kept.const_data_ptr<bool>() : nullptr;
  std::int64_t offset = 0;
  std::vector<std::int64_t> taken;
  rows.for_each_piece([&](const at::Tensor& piece) {
    taken.clear();
    for (std::int64_t k = 0; k < piece.size(0); ++k, ++offset) {
      if (keeps != nullptr && !keeps[offset]) continue;
      if (!takes_row(position_.num_rows++) || position_.num_taken >= limit) continue;
      ++position_.num_taken;
      taken.push_back(k);
    }
    skip(piece.size(0) - std::ssize(taken));
    if (!taken.empty()) count(piece.index_select(0, at::tensor(taken, at::kLong)));
  });
}

void Observer::count(const at::Tensor& rows) {
  const auto update = [&](const auto* data) {
    if (taking_mean_) {
      mean_->update(data, rows.size(0), rows.size(1));
    } else {
      accumulator_->update(data, rows.size(0), rows.size(1), rows.size(1));
    }
  };
  if (rows.scalar_type() == at::kDouble) {
    update(rows.const_data_ptr<double>());
  } else {
    update(rows.const_data_ptr<float>());
  }
}

void Observer::finish_mean() {
  const std::lock_guard lock(mutex_);
  if (!taking_mean_) return;
  taking_mean_ = false;
  position_ = {};  // the second pass takes the same rows
}

bool Observer::has_seen() const {
  const std::lock_guard lock(mutex_);
  return accumulator_ || mean_ || earlier_;
}

StreamPosition Observer::position() const {
  const std::lock_guard lock(mutex_);
  return position_;
}

std::optional<Resonance> Observer::whole_locked() const {
  if (!accumulator_) {
    if (!earlier_ || (num_early_calls_ == 0 && num_early_skipped_ == 0)) return earlier_;
    ResonanceParts parts = earlier_->parts();
    parts.num_calls += num_early_calls_;
    parts.num_samples_skipped += num_early_skipped_;
    return Resonance(std::move(parts), kWhere);
  }
  Resonance counted = accumulator_->resonance();
  return earlier_ ? merge(*earlier_, counted) : std::move(counted);
}

std::optional<Resonance> Observer::resonance() const {
  const std::lock_guard lock(mutex_);
  return whole_locked();
}

std::pair<std::optional<Resonance>, StreamPosition> Observer::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {whole_locked(), position_};
}

std::optional<Resonance> Observer::take_resonance() {
  const std::lock_guard lock(mutex_);
  std::optional<Resonance> whole;
  if (accumulator_ && !earlier_) {
    whole = std::move(*accumulator_).take_resonance();
  } else {
    whole = whole_locked();
  }
  accumulator_.reset();
  if (earlier_) num_early_calls_ = num_early_skipped_ = 0;
  earlier_.reset();
  budget_->release(std::exchange(earlier_bytes_, 0));
  return whole;
}

std::vector<std::pair<std::string, std::string>> settings_of(const ObserveOptions& options) {
  std::vector<std::string> layouts;
  for (const auto& [pattern, layout] : options.layouts)
    layouts.push_back((pattern.empty() ? "" : pattern + "=") + to_string(layout));
  std::vector<std::pair<std::string, std::string>> settings = {
      {"layers", fmt::format("{}", fmt::join(options.layers, " "))},
      {"epsilon", fmt::format("{}", fmt::join(options.epsilon, " "))},
      {"angles", fmt::format("{}", options.num_angles)},
      {"grid", to_string(options.grid)},
      {"sense", to_string(options.sense)},
      {"pairs", to_string(options.pairs)},
      {"basis", options.basis ? options.basis->name() : "standard"},
      {"degenerate_planes", options.degenerate == DegeneratePlanes::kLeftOut ? "left out" : "kept as zeros"},
      {"centre", options.centre ? "yes" : "no"},
      {"layout", layouts.empty() ? "auto" : fmt::format("{}", fmt::join(layouts, " "))},
  };
  if (!options.mask_input.empty()) settings.emplace_back("mask", options.mask_input);
  if (options.every != 1) settings.emplace_back("every", fmt::format("{}", options.every));
  if (options.fraction != 1) {
    settings.emplace_back("fraction", fmt::format("{}", options.fraction));
    settings.emplace_back("seed", fmt::format("{}", options.seed));
  }
  if (options.limit) settings.emplace_back("limit", fmt::format("{}", *options.limit));
  return settings;
}

}  // namespace srm
