#include "srm/accumulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <type_traits>

#include "batch_sweep.h"
#include "kernels/instruction_set.h"
#include "row_block.h"
#include "row_counts.h"
#include "same_settings.h"
#include "spotlight_tables.h"
#include "srm/error.h"
#include "waiting_rows.h"

namespace srm {
namespace {

using kernels::RowKind;

constexpr std::int64_t kNumbersOfThread = 1 << 16;
constexpr std::int64_t kCachedNumbers = 1 << 17;

AccumulatorOptions valid_for(const Basis& basis, AccumulatorOptions options, std::string_view where) {
  require_valid(options, where);
  if (!options.mean.empty() && static_cast<std::int64_t>(options.mean.size()) != basis.dim()) {
    throw Error(where, fmt::format("the mean must have {} numbers, one a dimension", basis.dim()),
                fmt::format("{}", options.mean.size()), "take the mean of the same layer");
  }
  return options;
}

Spotlight spotlight_of(const AccumulatorOptions& options) {
  return {options.epsilon, options.grid, options.sense, options.is_signed};
}

// The instruction set of all kernels; 0 is the scalar code, which alone can do what float32 cannot.
kernels::InstructionSet instruction_set_of(const Basis& basis, const AccumulatorOptions& options) {
  if (!PlaneCounter::can_count(basis, spotlight_of(options))) return 0;
  return kernels::find_instruction_set(options.instruction_set);
}

[[noreturn]] void throw_memory_is_missing() {
  throw Error("accumulator", "the memory that was asked for must be there", "less", "lower --memory");
}

// What a machine short of threads does not start is done by this one: every number of threads counts the same.
void on_all_threads(std::int64_t num_threads, const auto& work) {
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
}

}  // namespace

struct Accumulator::State {
  State(std::shared_ptr<const Basis> basis_, AccumulatorOptions options_, MemoryBudget& budget, std::string address_);

  template <typename Number>
  void update(const Number* input, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              std::span<const std::int64_t> blocks);
  template <typename Number>
  void sweep_rows(const Number* input, std::int64_t num_rows, std::int64_t row_stride);
  template <typename Number>
  void sweep_scalar(const Number* input, std::int64_t num_rows, std::int64_t row_stride, bool takes_plain);
  void sweep_plain(const PlainRows& rows, std::int64_t num_rows);
  // Sweeps what waits.
  void finish();
  void require_room_for(std::int64_t num_samples) const;
  std::string where() const { return fmt::format("accumulator {}", address); }
  ResonanceParts parts() const;
  // What an accumulator with tables of `num_chosen` planes needs.
  static std::int64_t bytes_needed(const Basis& basis, const PlaneSet& planes, const AccumulatorOptions& options,
                                   std::int64_t num_chosen);

  std::string address;
  std::shared_ptr<const Basis> basis;
  AccumulatorOptions options;
  MemoryReservation planes_reservation;
  PlaneSet planes;
  MemoryReservation reservation;
  ChosenPlanes chosen;
  Spotlight spotlight;
  kernels::InstructionSet instruction_set;
  SpotlightTables tables;
  RowBlock block;
  std::optional<BatchSweep> batch_sweep;  // where there are vectors
  std::optional<WaitingRows> waiting;

  RowCounts row_counts;
};

Accumulator::State::State(std::shared_ptr<const Basis> basis_, AccumulatorOptions options_, MemoryBudget& budget,
                          std::string address_)
    : address(std::move(address_)),
      basis(std::move(basis_)),
      options(valid_for(*basis, std::move(options_), where())),
      planes_reservation(budget, PlaneSet::bytes_needed(*basis, options.pairs),
                         fmt::format("the pairs of {} basis vectors of '{}'", basis->num_vectors(), address)),
      planes(*basis, options.pairs, options.degenerate),
      reservation(
          budget, Accumulator::bytes_needed(*basis, planes, options) - planes_reservation.bytes(),
          fmt::format("{} planes x {} angles x {} epsilons of '{}'", ChosenPlanes::num_chosen(planes, options.planes),
                      options.grid.num_angles(), options.epsilon.size(), address)),
      chosen(planes, options.planes, where()),
      spotlight(spotlight_of(options)),
      instruction_set(instruction_set_of(*basis, options)),
      tables(*basis, planes, chosen, spotlight, options.num_threads),
      block(*basis, options.mean, tables.heavy_bounds(), options.num_threads, options.row_sums, instruction_set),
      row_counts(!options.mean.empty()) {
  const kernels::PlaneKernels* plane_kernels = kernels::plane_kernels(instruction_set);
  if (plane_kernels == nullptr) return;
  const PlaneCounter::Kernels kernels = {*plane_kernels, *kernels::column_kernels(instruction_set),
                                         *kernels::crowd_kernels(instruction_set)};
  batch_sweep.emplace(*basis, planes, chosen, spotlight, options.path, kernels, tables, options.num_threads);
  waiting.emplace(basis->num_vectors(), basis->num_vectors(), !block.is_direct());
}

template <typename Number>
void Accumulator::State::update(const Number* input, std::int64_t num_samples, std::int64_t dim,
                                std::int64_t row_stride, std::span<const std::int64_t> blocks) {
  if (dim != basis->dim()) {
    throw Error(where(), fmt::format("rows must have {} numbers", basis->dim()), fmt::format("{}", dim),
                "observe layers of different width apart, or choose another basis");
  }
  if (!blocks.empty() && std::ssize(blocks) != num_samples) {
    throw Error(where(), fmt::format("each of the {} rows must have a block, or none", num_samples),
                fmt::format("{} blocks", blocks.size()), "give one number a row");
  }
  if (num_samples < 0 || (input == nullptr && num_samples > 0)) {
    throw Error(where(), "there must be as many rows as are said",
                fmt::format("{}{} rows", input == nullptr ? "no memory for " : "", num_samples),
                "give where they begin and how many there are");
  }
  require_room_for(num_samples);
  if (row_counts.num_seen() + num_samples > SpotlightTables::kMostNarrowRows) tables.widen();
  const bool is_by_row = batch_sweep && batch_sweep->is_by_row();
  const std::int64_t cached = std::max<std::int64_t>(kCachedNumbers / dim, 16) * options.num_threads;
  const std::int64_t most = is_by_row ? std::min(cached, block.capacity()) : block.capacity();
  for (std::int64_t first = 0; first < num_samples; first += most) {
    const std::int64_t num_rows = std::min(most, num_samples - first);
    // To start a thread costs as much as to prepare some rows.
    const std::int64_t num_threads =
        std::clamp<std::int64_t>(num_rows * dim / kNumbersOfThread, 1, options.num_threads);
    on_all_threads(num_threads, [&](std::int64_t thread) {
      const std::int64_t begin = num_rows * thread / num_threads;
      const std::int64_t end = num_rows * (thread + 1) / num_threads;
      block.prepare(input + (first + begin) * row_stride, row_stride, begin, end - begin, thread);
    });
    sweep_rows(input + first * row_stride, num_rows, row_stride);
    row_counts.add(block.rows(), num_rows, blocks.empty() ? blocks : blocks.subspan(static_cast<std::size_t>(first)));
  }
}

// Counts the rows that the block holds, which are those at `input`: now, or when enough of them wait.
template <typename Number>
void Accumulator::State::sweep_rows(const Number* input, std::int64_t num_rows, std::int64_t row_stride) {
  if (!batch_sweep) return sweep_scalar(input, num_rows, row_stride, true);
  const PreparedRows& prepared = block.rows();
  std::int64_t num_hitting = 0;
  bool has_others = false;
  for (std::int64_t k = 0; k < num_rows; ++k) {
    num_hitting += prepared.num_heavy(k) > 0 ? 1 : 0;
    has_others |= prepared.row(k).kind == RowKind::kDirection && !prepared.row(k).is_plain;
  }
  if (has_others) sweep_scalar(input, num_rows, row_stride, false);
  if (num_hitting == 0) return;
  const bool is_many = num_hitting >= waiting->capacity() / 2;
  if (is_many && !block.is_direct()) return sweep_plain({&prepared, block.kept_numbers()}, num_rows);
  constexpr bool is_double = std::is_same_v<Number, double>;
  constexpr bool is_half = sizeof(Number) < sizeof(float);
  if constexpr (!is_half) {
    if (block.is_direct() && (is_many || is_double || batch_sweep->is_by_row())) {
      return sweep_plain({&prepared, block.numbers(input, row_stride)}, num_rows);
    }
  }
  for (std::int64_t k = 0; k < num_rows; ++k) {
    if (prepared.num_heavy(k) == 0) continue;
    if (block.is_direct()) {
      waiting->add(prepared, k, input + k * row_stride);
    } else {
      waiting->add(prepared, k, block.kept(k));
    }
    if (waiting->is_full()) finish();
  }
}

template <typename Number>
void Accumulator::State::sweep_scalar(const Number* input, std::int64_t num_rows, std::int64_t row_stride,
                                      bool takes_plain) {
  on_all_threads(options.num_threads, [&](std::int64_t owner) {
    for (std::int64_t k = 0; k < num_rows; ++k) {
      const PreparedRows::Row& row = block.rows().row(k);
      if (row.kind != RowKind::kDirection || (row.is_plain && !takes_plain)) continue;
      const RowBlock::Coordinates coordinates = block.coordinates(input + k * row_stride, k, owner);
      tables.sweep({coordinates.values, coordinates.scaled, coordinates.heavy}, owner, options.num_threads);
    }
  });
}

void Accumulator::State::sweep_plain(const PlainRows& rows, std::int64_t num_rows) {
  const std::int64_t num_owners = options.num_threads;
  for (std::int64_t first = 0; first < num_rows;) {
    first = batch_sweep->begin(rows, first, num_rows - first);
    on_all_threads(num_owners, [&](std::int64_t owner) { batch_sweep->fill(owner, num_owners); });
    on_all_threads(num_owners, [&](std::int64_t owner) { batch_sweep->sweep(owner, num_owners); });
  }
}

void Accumulator::State::finish() {
  if (!waiting || waiting->num_rows() == 0) return;
  sweep_plain(waiting->rows(), waiting->num_rows());
  waiting->clear();
}

// Asked before anything is counted, so that a sum that would not fit loses nothing. A row adds at most m to the quartic
// sum, one to each plane's hits and one to each number of the sum of directions.
void Accumulator::State::require_room_for(std::int64_t num_samples) const {
  const double num_waiting = waiting ? static_cast<double>(waiting->num_rows()) : 0;
  const double num_new = static_cast<double>(num_samples) + num_waiting;
  const double num_rows = static_cast<double>(row_counts.num_seen()) + num_new;
  const double most_planes = std::max<double>(1, static_cast<double>(planes.num_planes()));
  const double most_vectors = std::max<double>(1, static_cast<double>(basis->num_vectors()));
  const double largest = std::max({static_cast<double>(row_counts.quartic_sum()) +
                                       num_new * most_vectors * static_cast<double>(Scores::kQuarticScale),
                                   tables.largest_cosine_sum() * options.num_threads +
                                       num_new * most_planes * static_cast<double>(Scores::kCosineScale),
                                   num_rows * static_cast<double>(Scores::kDirectionScale), num_rows * most_planes});
  if (largest < 9e18) return;
  throw Error(where(), "every sum must fit into 64 bits",
              fmt::format("{} samples after {}", num_samples, row_counts.num_seen()),
              "save this result and go on with a new one");
}

ResonanceParts Accumulator::State::parts() const {
  ResonanceParts parts;
  parts.address = address;
  parts.dim = basis->dim();
  parts.num_vectors = basis->num_vectors();
  parts.basis_name = basis->name();
  if (!basis->is_standard()) parts.basis = basis->vectors();
  parts.basis_lengths = basis->lengths();
  parts.pairs = options.pairs;
  parts.plane_choice = to_string(options.planes);
  if (options.planes.kind == PlaneChoice::Kind::kRandom) parts.plane_seed = options.planes.seed;
  parts.epsilon = options.epsilon;
  parts.grid = options.grid;
  parts.sense = options.sense;
  row_counts.read_out(parts);
  block.read_out(parts.scores);
  parts.centred = !options.mean.empty();
  parts.mean = options.mean;
  return parts;
}

std::int64_t Accumulator::State::bytes_needed(const Basis& basis, const PlaneSet& planes,
                                              const AccumulatorOptions& options, std::int64_t num_chosen) {
  // In double, which is exact where it matters and cannot overflow.
  const auto m = static_cast<double>(basis.num_vectors());
  const auto n = static_cast<double>(basis.dim());
  const auto num_epsilons = static_cast<double>(options.epsilon.size());
  const double small = (m + 2 * n + 3 * num_epsilons) * sizeof(double) + sizeof(State);
  // Its basis, and its sums over rows.
  const double result = (basis.is_standard() ? 0 : m * n * sizeof(double)) + (n + m) * sizeof(std::int64_t);
  const bool has_vectors = instruction_set_of(basis, options) != 0;
  const bool is_direct = has_vectors && RowBlock::can_be_direct(basis, options.mean);
  const double sweep =
      has_vectors ? BatchSweep::bytes_needed(basis, spotlight_of(options), options.path, options.num_threads) : 0;
  const std::int64_t num_vectors = basis.num_vectors();
  const double waiting = has_vectors ? WaitingRows::bytes_needed(num_vectors, num_vectors, !is_direct) : 0;
  const double bytes = RowBlock::bytes_needed(basis, is_direct, options.num_threads) + sweep + waiting + small + result;
  return static_cast<std::int64_t>(std::min(bytes, 1e18)) + PlaneSet::bytes_needed(basis, planes.pairs()) +
         ChosenPlanes::bytes_needed(planes, num_chosen) +
         SpotlightTables::bytes_needed(planes, num_chosen, spotlight_of(options), options.num_threads);
}

Accumulator::Accumulator(std::shared_ptr<const Basis> basis, AccumulatorOptions options, MemoryBudget& budget,
                         std::string address) {
  if (basis == nullptr) {
    throw Error("accumulator", "there must be a basis", "none", "give e.g. Basis::standard(dim)");
  }
  try {
    state_ = std::make_unique<State>(std::move(basis), std::move(options), budget, std::move(address));
  } catch (const std::bad_alloc&) {
    throw_memory_is_missing();
  } catch (const std::length_error&) {
    throw_memory_is_missing();
  }
}

Accumulator::~Accumulator() = default;
Accumulator::Accumulator(Accumulator&&) noexcept = default;
Accumulator& Accumulator::operator=(Accumulator&&) noexcept = default;

std::int64_t Accumulator::bytes_needed(const Basis& basis, const PlaneSet& planes, const AccumulatorOptions& options) {
  require_valid(options, "accumulator");
  return State::bytes_needed(basis, planes, options, ChosenPlanes::num_chosen(planes, options.planes));
}

std::int64_t Accumulator::num_planes_that_fit(const Basis& basis, const PlaneSet& planes,
                                              const AccumulatorOptions& options, std::int64_t bytes) {
  require_valid(options, "accumulator");
  if (State::bytes_needed(basis, planes, options, planes.num_planes()) <= bytes) return planes.num_planes();
  const auto fits = [&](std::int64_t num_planes) {
    return State::bytes_needed(basis, planes, options, num_planes) <= bytes;
  };
  return *std::ranges::partition_point(std::views::iota(std::int64_t{0}, planes.num_planes()), fits) - 1;
}

void Accumulator::update(const float* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                         std::span<const std::int64_t> blocks) {
  state_->update(rows, num_samples, dim, row_stride, blocks);
}

void Accumulator::update(const double* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                         std::span<const std::int64_t> blocks) {
  state_->update(rows, num_samples, dim, row_stride, blocks);
}

void Accumulator::update(const BFloat16* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                         std::span<const std::int64_t> blocks) {
  state_->update(rows, num_samples, dim, row_stride, blocks);
}

void Accumulator::update(const Half* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
                         std::span<const std::int64_t> blocks) {
  state_->update(rows, num_samples, dim, row_stride, blocks);
}

void Accumulator::count_call() { state_->row_counts.count_call(); }
void Accumulator::count_skipped(std::int64_t num_samples) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() - state_->row_counts.num_skipped();
  if (num_samples < 0 || num_samples > most) {
    throw Error(state_->where(), fmt::format("0 to {} more rows can have been skipped", most),
                fmt::format("{}", num_samples), "give how many rows were left out");
  }
  state_->row_counts.count_skipped(num_samples);
}

void Accumulator::resume(const Resonance& earlier) {
  const std::string where = fmt::format("resume {}", state_->address);
  if (num_samples_seen() > 0) {
    throw Error(where, "nothing may have been counted yet", fmt::format("{} samples", num_samples_seen()),
                "go on before the first update, or merge the two results");
  }
  ResonanceParts own = holistic().parts();
  own.group = earlier.parts().group;
  own.planes = state_->chosen.planes();
  own.plane_choice = to_string(state_->options.planes);
  own.plane_seed = state_->parts().plane_seed;
  require_same_settings(own, earlier.parts(), where);
  state_->row_counts.resume(earlier.parts());
  state_->block.resume(earlier.parts().scores);
  state_->tables.resume(earlier.parts(), state_->row_counts.num_without_direction());
}

std::int64_t Accumulator::num_samples_seen() const { return state_->row_counts.num_seen(); }
const Basis& Accumulator::basis() const { return *state_->basis; }
const PlaneSet& Accumulator::planes() const { return state_->planes; }

Resonance Accumulator::resonance() const {
  state_->finish();
  ResonanceParts parts = state_->parts();
  state_->tables.read_out(state_->row_counts.num_without_direction(), parts);
  return Resonance(std::move(parts), "accumulator");
}

Resonance Accumulator::holistic() const {
  state_->finish();
  ResonanceParts parts = state_->parts();
  parts.plane_choice = to_string(PlaneChoice{PlaneChoice::Kind::kNone});
  parts.plane_seed = 0;
  state_->tables.read_out_holistic(state_->row_counts.num_without_direction(), parts);
  return Resonance(std::move(parts), "accumulator");
}

Resonance Accumulator::take_resonance() && {
  state_->finish();
  ResonanceParts parts = state_->parts();
  std::move(state_->tables).read_out(state_->row_counts.num_without_direction(), parts);
  state_.reset();
  return Resonance(std::move(parts), "accumulator");
}

}  // namespace srm
