#include "srm/accumulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <system_error>
#include <thread>

#include "kernels/row.h"
#include "spotlight_tables.h"
#include "srm/error.h"

namespace srm {
namespace {

using kernels::RowKind;

// Rows are prepared in blocks, and a block is then swept by every thread: large enough that starting threads is
// nothing, small enough to stay in cache.
std::int64_t rows_per_block(std::int64_t num_vectors) {
  return std::clamp<std::int64_t>((std::int64_t{1} << 19) / std::max<std::int64_t>(num_vectors, 1), 16, 1024);
}

std::vector<double> transposed(const Basis& basis) {
  const auto rows = static_cast<std::size_t>(basis.num_vectors());
  const auto columns = static_cast<std::size_t>(basis.dim());
  std::vector<double> result(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < columns; ++k) result[k * rows + i] = basis.unit_vectors()[i * columns + k];
  }
  return result;
}

// Takes its bytes out of the budget before anything large exists, and gives them back last.
struct Reservation {
  Reservation(MemoryBudget& budget_, std::int64_t bytes_, std::string_view what) : budget(budget_), bytes(bytes_) {
    budget.reserve(bytes, what);
  }
  ~Reservation() { budget.release(bytes); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  MemoryBudget& budget;
  std::int64_t bytes;
};

AccumulatorOptions valid_for(const Basis& basis, AccumulatorOptions options, std::string_view where) {
  require_valid(options, where);
  if (!options.mean.empty() && static_cast<std::int64_t>(options.mean.size()) != basis.dim()) {
    throw Error(where, fmt::format("the mean must have {} numbers, one a dimension", basis.dim()),
                fmt::format("{}", options.mean.size()), "take the mean of the same layer");
  }
  return options;
}

}  // namespace

void require_valid(const AccumulatorOptions& options, std::string_view where) {
  if (options.epsilon.empty()) throw Error(where, "at least one epsilon is needed", "none", "0.9 is the usual one");
  for (auto it = options.epsilon.begin(); it != options.epsilon.end(); ++it) {
    if (!(*it >= -1 && *it <= 1)) {
      throw Error(where, "epsilon is a cosine, in [-1, 1]", fmt::format("{}", *it), "0.9 is the usual one");
    }
    if (std::find(options.epsilon.begin(), it, *it) != it) {
      throw Error(where, "no epsilon may be given twice", fmt::format("{} twice", *it), "leave one of them out");
    }
  }
  if (!std::all_of(options.mean.begin(), options.mean.end(), [](double x) { return std::isfinite(x); })) {
    throw Error(where, "the mean must be finite", "NaN or an infinity", "leave non-finite rows out of it");
  }
  if (options.num_threads < 1 || options.num_threads > 1024) {
    throw Error(where, "at least one thread is needed, and at most 1024", fmt::format("{}", options.num_threads),
                "give the number of processors");
  }
}

struct Accumulator::State {
  State(std::shared_ptr<const Basis> basis_, AccumulatorOptions options_, MemoryBudget& budget, std::string address_);

  template <typename Number>
  void update(const Number* input, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride);
  template <typename Number>
  void prepare(const Number* row, std::int64_t index, std::int64_t thread);
  void require_room_for(std::int64_t num_samples) const;
  void count_block(std::int64_t num_rows);
  ResonanceParts parts() const;

  std::string address;
  std::shared_ptr<const Basis> basis;
  AccumulatorOptions options;
  Reservation planes_reservation;
  PlaneSet planes;
  Reservation reservation;
  SpotlightTables tables;
  std::vector<double> columns;  // (dim, m), the unit vectors transposed; none for the standard basis

  Scores scores;
  std::int64_t num_samples_seen = 0;
  std::int64_t num_samples_zero_norm = 0;
  std::int64_t num_samples_nonfinite = 0;
  std::int64_t num_rows_without_direction = 0;  // those of them that are inside where epsilon <= 0
  std::int64_t num_samples_skipped = 0;
  std::int64_t num_calls = 0;

  // The block at hand, (rows_per_block): what each row is, c = B x_hat (.., m), its heavy coordinates (.., m).
  struct PreparedRow {
    RowKind kind;
    std::int64_t num_heavy;
    std::int64_t quartic;
  };
  std::int64_t block_size;
  std::vector<PreparedRow> rows;
  std::vector<double> coordinates;
  std::vector<std::int32_t> heavy;
  std::vector<double> directions;  // (num_threads, dim), x_hat before it is projected
  std::vector<SpotlightTables::Tally> tallies;
};

Accumulator::State::State(std::shared_ptr<const Basis> basis_, AccumulatorOptions options_, MemoryBudget& budget,
                          std::string address_)
    : address(std::move(address_)),
      basis(std::move(basis_)),
      options(valid_for(*basis, std::move(options_), fmt::format("accumulator {}", address))),
      planes_reservation(budget, PlaneSet::bytes_needed(*basis, options.pairs),
                         fmt::format("the pairs of {} basis vectors of '{}'", basis->num_vectors(), address)),
      planes(*basis, options.pairs, options.degenerate),
      reservation(budget, bytes_needed(*basis, planes, options) - planes_reservation.bytes,
                  fmt::format("{} planes x {} angles x {} epsilons of '{}'", planes.num_planes(),
                              options.grid.num_angles(), options.epsilon.size(), address)),
      tables(*basis, planes, {options.epsilon, options.grid, options.sense}),
      block_size(rows_per_block(basis->num_vectors())) {
  const auto num_coordinates = static_cast<std::size_t>(block_size * basis->num_vectors());
  rows.resize(static_cast<std::size_t>(block_size));
  coordinates.resize(num_coordinates);
  heavy.resize(num_coordinates);
  if (!basis->is_standard()) {
    columns = transposed(*basis);
    directions.resize(static_cast<std::size_t>(options.num_threads * basis->dim()));
  }
  scores.cosine_sum.assign(options.epsilon.size(), 0);
  scores.num_hits.assign(options.epsilon.size(), 0);
  tallies.assign(static_cast<std::size_t>(options.num_threads), {scores.cosine_sum, scores.num_hits});
}

template <typename Number>
void Accumulator::State::update(const Number* input, std::int64_t num_samples, std::int64_t dim,
                                std::int64_t row_stride) {
  if (dim != basis->dim()) {
    throw Error(fmt::format("accumulator {}", address), fmt::format("rows must have {} numbers", basis->dim()),
                fmt::format("{}", dim), "observe layers of different width apart, or choose another basis");
  }
  require_room_for(num_samples);
  // What a machine short of threads does not start is done by this one: every number of threads counts the same.
  const auto on_all_threads = [](std::int64_t num_threads, const auto& work) {
    std::vector<std::jthread> others;
    others.reserve(static_cast<std::size_t>(num_threads));
    try {
      while (std::ssize(others) + 1 < num_threads) {
        others.emplace_back([&work, t = std::ssize(others) + 1] { work(t); });
      }
    } catch (const std::system_error&) {
    }
    work(0);
    for (std::int64_t t = std::ssize(others) + 1; t < num_threads; ++t) work(t);
  };
  for (std::int64_t first = 0; first < num_samples; first += block_size) {
    const std::int64_t num_rows = std::min(block_size, num_samples - first);
    const std::int64_t num_threads = std::min<std::int64_t>(options.num_threads, num_rows);
    on_all_threads(num_threads, [&](std::int64_t thread) {
      for (std::int64_t k = thread; k < num_rows; k += num_threads)
        prepare(input + (first + k) * row_stride, k, thread);
    });
    on_all_threads(num_threads, [&](std::int64_t thread) {
      const std::int64_t m = basis->num_vectors();
      for (std::int64_t k = 0; k < num_rows; ++k) {
        const auto num_heavy = static_cast<std::size_t>(rows[static_cast<std::size_t>(k)].num_heavy);
        tables.sweep({coordinates.data() + k * m, {heavy.data() + k * m, num_heavy}}, thread, num_threads,
                     tallies[static_cast<std::size_t>(thread)]);
      }
    });
    count_block(num_rows);
  }
}

template <typename Number>
void Accumulator::State::prepare(const Number* row, std::int64_t index, std::int64_t thread) {
  const std::int64_t m = basis->num_vectors();
  const double* mean = options.mean.empty() ? nullptr : options.mean.data();
  double* c = coordinates.data() + index * m;
  PreparedRow& prepared = rows[static_cast<std::size_t>(index)];
  prepared = {};
  if (basis->is_standard()) {
    prepared.kind = kernels::normalise_row(row, m, mean, c);
  } else {
    double* direction = directions.data() + thread * basis->dim();
    prepared.kind = kernels::normalise_row(row, basis->dim(), mean, direction);
    kernels::project_row(columns.data(), m, basis->dim(), direction, c);
  }
  if (prepared.kind != RowKind::kDirection) return;
  prepared.quartic = std::llround(kernels::quartic_sum(c, m) * static_cast<double>(Scores::kQuarticScale));
  prepared.num_heavy = kernels::heavy_coordinates(c, tables.heavy_bounds().data(), m, heavy.data() + index * m);
}

// Asked before anything is counted, so that a sum that would not fit loses nothing. A row adds at most m to the quartic
// sum and one to each plane's hits.
void Accumulator::State::require_room_for(std::int64_t num_samples) const {
  const double most_planes = std::max<double>(1, static_cast<double>(planes.num_planes()));
  const double most_vectors = std::max<double>(1, static_cast<double>(basis->num_vectors()));
  double largest = static_cast<double>(scores.quartic_sum) +
                   static_cast<double>(num_samples) * most_vectors * static_cast<double>(Scores::kQuarticScale);
  for (const std::int64_t sum : scores.cosine_sum) {
    largest = std::max(largest, std::abs(static_cast<double>(sum)) + static_cast<double>(num_samples) * most_planes *
                                                                         static_cast<double>(Scores::kCosineScale));
  }
  if (largest < 9e18) return;
  throw Error(fmt::format("accumulator {}", address), "every sum must fit into 64 bits",
              fmt::format("{} samples after {}", num_samples, num_samples_seen),
              "save this result and go on with a new one");
}

void Accumulator::State::count_block(std::int64_t num_rows) {
  const bool centred = !options.mean.empty();
  for (std::int64_t k = 0; k < num_rows; ++k) {
    const PreparedRow& row = rows[static_cast<std::size_t>(k)];
    const bool was_centred = row.kind == RowKind::kDirection || row.kind == RowKind::kAtMean;
    const bool is_seen = was_centred || !centred;
    num_samples_seen += is_seen ? 1 : 0;
    switch (row.kind) {
      case RowKind::kDirection:
        ++scores.num_rows;
        scores.quartic_sum += row.quartic;
        break;
      case RowKind::kNonfinite:
        ++num_samples_nonfinite;
        break;
      case RowKind::kZeroNorm:
      case RowKind::kAtMean:
        ++num_samples_zero_norm;
        num_rows_without_direction += is_seen ? 1 : 0;
        break;
    }
  }
  for (SpotlightTables::Tally& tally : tallies) {
    for (std::size_t e = 0; e < options.epsilon.size(); ++e) {
      scores.cosine_sum[e] += std::exchange(tally.cosine_sum[e], 0);
      scores.num_hits[e] += std::exchange(tally.num_hits[e], 0);
    }
  }
}

ResonanceParts Accumulator::State::parts() const {
  ResonanceParts parts;
  parts.address = address;
  parts.dim = basis->dim();
  parts.num_vectors = basis->num_vectors();
  parts.basis_name = basis->name();
  parts.basis = basis->vectors();
  parts.basis_lengths = basis->lengths();
  parts.pairs = options.pairs;
  parts.num_planes_left_out = planes.num_left_out();
  parts.epsilon = options.epsilon;
  parts.grid = options.grid;
  parts.sense = options.sense;
  parts.scores = scores;
  parts.num_samples_seen = num_samples_seen;
  parts.num_samples_zero_norm = num_samples_zero_norm;
  parts.num_samples_nonfinite = num_samples_nonfinite;
  parts.num_samples_skipped = num_samples_skipped;
  parts.num_calls = num_calls;
  parts.centred = !options.mean.empty();
  parts.mean = options.mean;
  return parts;
}

Accumulator::Accumulator(std::shared_ptr<const Basis> basis, AccumulatorOptions options, MemoryBudget& budget,
                         std::string address) {
  try {
    state_ = std::make_unique<State>(std::move(basis), std::move(options), budget, std::move(address));
  } catch (const std::bad_alloc&) {
    throw Error("accumulator", "the memory that was asked for must be there", "less", "lower --memory");
  }
}

Accumulator::~Accumulator() = default;
Accumulator::Accumulator(Accumulator&&) noexcept = default;
Accumulator& Accumulator::operator=(Accumulator&&) noexcept = default;

std::int64_t Accumulator::bytes_needed(const Basis& basis, const PlaneSet& planes, const AccumulatorOptions& options) {
  // In double, which is exact where it matters and cannot overflow.
  const auto m = static_cast<double>(basis.num_vectors());
  const auto n = static_cast<double>(basis.dim());
  const auto num_threads = static_cast<double>(options.num_threads);
  const auto num_rows = static_cast<double>(rows_per_block(basis.num_vectors()));
  const auto num_epsilons = static_cast<double>(options.epsilon.size());
  const double block = num_rows * (m * (sizeof(double) + sizeof(std::int32_t)) + sizeof(State::PreparedRow));
  const double projection = basis.is_standard() ? 0 : (m + num_threads) * n * sizeof(double);
  const double tallies =
      2 * (num_threads + 1) * num_epsilons * sizeof(std::int64_t) + num_threads * sizeof(SpotlightTables::Tally);
  const double small = (m + 2 * n + 2 * num_epsilons) * sizeof(double) + sizeof(State);
  const double basis_of_result = m * n * sizeof(double);
  const double bytes = block + projection + tallies + small + basis_of_result;
  return static_cast<std::int64_t>(std::min(bytes, 1e18)) + PlaneSet::bytes_needed(basis, planes.pairs()) +
         SpotlightTables::bytes_needed(planes, {options.epsilon, options.grid, options.sense});
}

void Accumulator::update(const float* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride) {
  state_->update(rows, num_samples, dim, row_stride);
}

void Accumulator::update(const double* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride) {
  state_->update(rows, num_samples, dim, row_stride);
}

void Accumulator::count_call() { ++state_->num_calls; }
void Accumulator::count_skipped(std::int64_t num_samples) { state_->num_samples_skipped += num_samples; }

std::int64_t Accumulator::num_samples_seen() const { return state_->num_samples_seen; }
const Basis& Accumulator::basis() const { return *state_->basis; }
const PlaneSet& Accumulator::planes() const { return state_->planes; }

Resonance Accumulator::resonance() const {
  ResonanceParts parts = state_->parts();
  state_->tables.read_out(state_->num_rows_without_direction, parts);
  return Resonance(std::move(parts), "accumulator");
}

Resonance Accumulator::take_resonance() && {
  ResonanceParts parts = state_->parts();
  std::move(state_->tables).read_out(state_->num_rows_without_direction, parts);
  state_.reset();
  return Resonance(std::move(parts), "accumulator");
}

}  // namespace srm
