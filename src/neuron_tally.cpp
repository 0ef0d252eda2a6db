#include "srm/neuron_tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>
#include <numeric>
#include <utility>

#include "row_coordinates.h"
#include "srm/accumulator.h"
#include "srm/error.h"

namespace srm {
namespace {

using kernels::RowKind;

constexpr std::int64_t kMostNearest = 1000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::size_t to_size(std::int64_t number) { return static_cast<std::size_t>(number); }

NeuronOptions valid(NeuronOptions options, std::string_view where) {
  AccumulatorOptions same;
  same.epsilon = options.epsilon;
  require_valid(same, where);
  if (options.num_nearest < 0 || options.num_nearest > kMostNearest) {
    throw Error(where, fmt::format("the nearest rows must be from 0 to {}", kMostNearest),
                fmt::format("{}", options.num_nearest), "8 show what a neuron answers to");
  }
  if (options.max_classes < 0) {
    throw Error(where, "the number of classes must not be negative", fmt::format("{}", options.max_classes),
                "give one more than the largest label, or 0 where there are no labels");
  }
  return options;
}

std::vector<std::int64_t> all_vectors(const Basis& basis) {
  std::vector<std::int64_t> vectors(to_size(basis.num_vectors()));
  std::iota(vectors.begin(), vectors.end(), 0);
  return vectors;
}

}  // namespace

struct NeuronTally::State {
  State(std::shared_ptr<const Basis> basis_, NeuronOptions options_, MemoryBudget& budget, std::string address);

  template <typename Number>
  void update(const Number* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              const RowTags& tags);
  void require_fitting(std::int64_t num_samples, std::int64_t dim, const RowTags& tags) const;
  void count_row(RowKind kind, const NearestRow& row);
  void count_inside(std::int64_t signed_vector, double cosine, std::int64_t label);
  void offer(std::int64_t signed_vector, const NearestRow& row);
  void find_least(std::size_t vector);
  void take(const NeuronTableParts& from);

  std::int64_t num_signed() const { return 2 * basis->num_vectors(); }

  std::string where;
  std::shared_ptr<const Basis> basis;
  NeuronOptions options;
  MemoryReservation reservation;
  RowCoordinates coordinates_of;

  std::int64_t num_rows_offered = 0;
  NeuronTableParts parts;  // but for what is kept otherwise below
  // Class by class, (C, E, m, 2), so that a class that was not seen yet can follow; within reserved memory.
  std::vector<std::int64_t> by_class;
  std::vector<double> thresholds;   // (E, m): what a cosine must reach
  std::vector<double> coordinates;  // (m), of the row at hand
  // (m): below it, |c_i| is in no spotlight and not among the nearest.
  std::vector<double> least;
  std::vector<double> least_threshold;  // (m): the part of `least` that thresholds set
};

NeuronTally::State::State(std::shared_ptr<const Basis> basis_, NeuronOptions options_, MemoryBudget& budget,
                          std::string address)
    : where(fmt::format("neurons {}", address)),
      basis(std::move(basis_)),
      options(valid(std::move(options_), where)),
      reservation(budget, bytes_needed(*basis, options),
                  fmt::format("{} signed vectors x {} epsilons x {} classes and {} nearest rows of '{}'",
                              2 * basis->num_vectors(), options.epsilon.size(), options.max_classes,
                              options.num_nearest, address)),
      coordinates_of(*basis, all_vectors(*basis), options.mean, where) {
  const std::size_t m = to_size(basis->num_vectors());
  const std::size_t num_counts = options.epsilon.size() * 2 * m;
  parts.num_vectors = basis->num_vectors();
  parts.epsilon = options.epsilon;
  parts.num_nearest = options.num_nearest;
  parts.counts.assign(num_counts, 0);
  parts.class_totals.reserve(to_size(options.max_classes));
  parts.nearest.resize(2 * m * to_size(options.num_nearest));
  by_class.reserve(num_counts * to_size(options.max_classes));
  coordinates.resize(m);
  least_threshold.assign(m, kInfinity);
  for (const double epsilon : options.epsilon) {
    for (std::size_t i = 0; i < m; ++i) {
      const double length = basis->length(static_cast<std::int64_t>(i));
      thresholds.push_back(length > 0 ? epsilon / length - 1e-12 : kInfinity);  // see Note [Ties] in accumulator.h
      least_threshold[i] = std::min(least_threshold[i], thresholds.back());
    }
  }
  least = least_threshold;
  if (options.num_nearest > 0) least.assign(m, -kInfinity);
}

template <typename Number>
void NeuronTally::State::update(const Number* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                                const RowTags& tags) {
  require_fitting(num_samples, dim, tags);
  for (std::int64_t k = 0; k < num_samples; ++k, ++num_rows_offered) {
    const RowKind kind = coordinates_of(rows + k * row_stride, coordinates.data());
    const bool was_centred = kind == RowKind::kDirection || kind == RowKind::kAtMean;
    if (coordinates_of.is_centred() && !was_centred) continue;
    const RowTag tag = tag_of(tags, k, num_rows_offered);
    count_row(kind, {.cosine = 0, .sample = tag.sample, .position = tag.position, .label = tag.label});
  }
}

void NeuronTally::State::require_fitting(std::int64_t num_samples, std::int64_t dim, const RowTags& tags) const {
  if (dim != basis->dim()) {
    throw Error(where, fmt::format("rows must have {} numbers", basis->dim()), fmt::format("{}", dim),
                "observe layers of different width apart, or choose another basis");
  }
  require_valid(tags, num_samples, where);
  for (const std::int64_t label : tags.label) {
    if (label < options.max_classes) continue;
    throw Error(where, fmt::format("labels must be below {}", options.max_classes), fmt::format("{}", label),
                "raise the number of classes, or number them without gaps");
  }
}

void NeuronTally::State::count_row(RowKind kind, const NearestRow& row) {
  ++parts.num_samples_seen;
  if (row.label >= 0) {
    const std::size_t num_classes = std::max(parts.class_totals.size(), to_size(row.label) + 1);
    parts.class_totals.resize(num_classes, 0);
    by_class.resize(num_classes * parts.counts.size(), 0);
    ++parts.class_totals[to_size(row.label)];
  }
  if (kind == RowKind::kNonfinite) return;
  const bool has_direction = kind == RowKind::kDirection;
  if (has_direction) ++parts.num_rows;
  for (std::int64_t i = 0; i < basis->num_vectors(); ++i) {
    const double cosine = coordinates[to_size(i)];
    if (std::abs(cosine) < (has_direction ? least : least_threshold)[to_size(i)]) continue;
    for (const std::int64_t side : {0, 1}) {
      NearestRow near = row;
      near.cosine = side == 0 ? cosine : -cosine;
      count_inside(2 * i + side, near.cosine, row.label);
      if (has_direction) offer(2 * i + side, near);
    }
  }
}

void NeuronTally::State::count_inside(std::int64_t signed_vector, double cosine, std::int64_t label) {
  const std::int64_t m = basis->num_vectors();
  const auto num_epsilons = static_cast<std::int64_t>(options.epsilon.size());
  for (std::int64_t e = 0; e < num_epsilons; ++e) {
    if (cosine < thresholds[to_size(e * m + signed_vector / 2)]) continue;
    const std::int64_t place = e * num_signed() + signed_vector;
    ++parts.counts[to_size(place)];
    if (label >= 0) ++by_class[to_size(label * num_epsilons * num_signed() + place)];
  }
}

// Keeps the list of a signed vector in order; the rows with a direction so far, this one with them, say how many are
// in it.
void NeuronTally::State::offer(std::int64_t signed_vector, const NearestRow& row) {
  const std::int64_t k = options.num_nearest;
  if (k == 0) return;
  NearestRow* const first = parts.nearest.data() + signed_vector * k;
  NearestRow* last = first + std::min(parts.num_rows - 1, k);
  if (last == first + k) {
    if (!is_nearer(row, last[-1])) return;
    --last;
  }
  NearestRow* const place = std::upper_bound(first, last, row, is_nearer);
  std::move_backward(place, last, last + 1);
  *place = row;
  find_least(to_size(signed_vector / 2));
}

void NeuronTally::State::find_least(std::size_t vector) {
  const std::size_t k = to_size(options.num_nearest);
  if (k == 0 || parts.num_rows < options.num_nearest) return;
  const NearestRow* const pair = parts.nearest.data() + vector * 2 * k;
  least[vector] = std::min({least_threshold[vector], pair[k - 1].cosine, pair[2 * k - 1].cosine});
}

// In place of what was counted, in the memory that is reserved.
void NeuronTally::State::take(const NeuronTableParts& from) {
  const std::size_t num_classes = from.class_totals.size();
  parts.num_samples_seen = from.num_samples_seen;
  parts.num_rows = from.num_rows;
  parts.class_totals.assign(from.class_totals.begin(), from.class_totals.end());
  parts.counts.assign(from.counts.begin(), from.counts.end());
  by_class.resize(num_classes * parts.counts.size());
  for (std::size_t place = 0; place < parts.counts.size(); ++place) {
    for (std::size_t c = 0; c < num_classes; ++c) {
      by_class[c * parts.counts.size() + place] = from.class_counts[place * num_classes + c];
    }
  }
  const std::int64_t k = options.num_nearest;
  const std::int64_t num_kept = std::min(k, parts.num_rows);
  for (std::int64_t list = 0; list < num_signed(); ++list) {
    std::copy_n(from.nearest.begin() + list * num_kept, num_kept, parts.nearest.begin() + list * k);
  }
  for (std::size_t i = 0; i < least.size(); ++i) find_least(i);
}

NeuronTally::NeuronTally(std::shared_ptr<const Basis> basis, NeuronOptions options, MemoryBudget& budget,
                         std::string address) {
  try {
    state_ = std::make_unique<State>(std::move(basis), std::move(options), budget, std::move(address));
  } catch (const std::bad_alloc&) {
    throw Error("neurons", "the memory that was asked for must be there", "less", "lower --memory");
  }
}

NeuronTally::~NeuronTally() = default;
NeuronTally::NeuronTally(NeuronTally&&) noexcept = default;
NeuronTally& NeuronTally::operator=(NeuronTally&&) noexcept = default;

std::int64_t NeuronTally::bytes_needed(const Basis& basis, const NeuronOptions& options) {
  // In double, which is exact where it matters and cannot overflow.
  const auto m = static_cast<double>(basis.num_vectors());
  const auto num_epsilons = static_cast<double>(options.epsilon.size());
  const auto num_classes = static_cast<double>(options.max_classes);
  const double counts = 2 * m * num_epsilons * (1 + num_classes) * sizeof(std::int64_t);
  const double nearest = 2 * m * static_cast<double>(options.num_nearest) * sizeof(NearestRow);
  const double small =
      (m * (num_epsilons + 3) + 2 * num_epsilons + static_cast<double>(options.mean.size())) * sizeof(double) +
      num_classes * sizeof(std::int64_t) + sizeof(State);
  return static_cast<std::int64_t>(std::min(counts + nearest + small + RowCoordinates::bytes_needed(basis, m), 1e18));
}

void NeuronTally::update(const float* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                         const RowTags& tags) {
  state_->update(rows, num_samples, dim, row_stride, tags);
}

void NeuronTally::update(const double* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                         const RowTags& tags) {
  state_->update(rows, num_samples, dim, row_stride, tags);
}

void NeuronTally::resume(const NeuronTable& earlier) {
  if (earlier.num_classes() > state_->options.max_classes) {
    throw Error(state_->where, fmt::format("labels must be below {}", state_->options.max_classes),
                fmt::format("{} classes", earlier.num_classes()), "raise the number of classes");
  }
  state_->take(merge(table(), earlier, state_->where).parts());
}

NeuronTable NeuronTally::table() const {
  const State& state = *state_;
  NeuronTableParts parts = state.parts;
  const std::size_t num_classes = parts.class_totals.size();
  parts.class_counts.resize(state.by_class.size());
  for (std::size_t place = 0; place < parts.counts.size(); ++place) {
    for (std::size_t c = 0; c < num_classes; ++c) {
      parts.class_counts[place * num_classes + c] = state.by_class[c * parts.counts.size() + place];
    }
  }
  // Lists that did not fill up leave gaps.
  const std::int64_t k = parts.num_nearest;
  const std::int64_t num_kept = std::min(k, parts.num_rows);
  for (std::int64_t list = 1; num_kept < k && list < 2 * parts.num_vectors; ++list) {
    std::copy_n(parts.nearest.begin() + list * k, num_kept, parts.nearest.begin() + list * num_kept);
  }
  parts.nearest.resize(to_size(2 * parts.num_vectors * num_kept));
  return NeuronTable(std::move(parts), state.where);
}

}  // namespace srm
