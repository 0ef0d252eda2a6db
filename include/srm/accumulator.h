#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "srm/half_numbers.h"
#include "srm/memory_budget.h"
#include "srm/plane_choice.h"
#include "srm/resonance.h"

namespace srm {

// Note [Rows without a direction]
// A zero row has x_hat = 0: it is inside every spotlight when epsilon <= 0 and in none otherwise. A row with NaN or an
// infinity is never inside. Both are in num_samples_seen and are counted on their own; scores use neither. With
// centring such rows cannot be centred: they enter neither num_samples_seen nor the counts, and are only counted on
// their own.

// Note [Ties]
// A cosine equal to epsilon is inside. Rows are normalised and projected in float64, so that equality can be off by a
// few units in the last place; therefore everything down to epsilon - 1e-12 counts as equal. (Where vectors keep their
// lengths, the cosine is compared with epsilon / |b_i|.) Signed counts take off what is inside half a turn away, which
// is -cosine >= epsilon with the same ties.

/// How rows come to the planes that they hit. kChosen looks at the data: grouped by heavy coordinate where rows have
/// few, tiles of planes and rows where they have many. Counts do not depend on it.
enum class CountingPath { kChosen, kGrouped, kTiles };

/// What instruction sets there are kernels for that this CPU has, the widest last; the first is "scalar", the readable
/// float64 code that all others are tested against.
std::vector<std::string> instruction_sets();

/// What to measure, and with how many threads.
struct AccumulatorOptions {
  std::vector<double> epsilon = {0.9};                       ///< cosine thresholds in [-1, 1], none twice
  AngleGrid grid;                                            ///< the angles that are counted at
  Sense sense = Sense::kNatural;                             ///< which way angles turn
  Pairs pairs = Pairs::kCombination;                         ///< planes i < j, or both orders
  DegeneratePlanes degenerate = DegeneratePlanes::kLeftOut;  ///< what becomes of a pair of parallel vectors
  std::vector<double> mean;  ///< (dim), taken off every row before it is normalised; empty: no centring
  int num_threads = 1;       ///< for one update(), 1 to 1024. Counts do not depend on it
  PlaneChoice planes = {};   ///< which planes get tables; holistic counts and scores are over all of them anyway
  bool is_signed = false;    ///< signed counts too: rows inside minus rows with x_hat . p <= -epsilon
  bool row_sums = true;      ///< Scores::direction_sum and quartic_by_vector too, which rows that hit nothing also cost
  CountingPath path = CountingPath::kChosen;  ///< how planes are looked at
  std::string instruction_set = {};  ///< one of instruction_sets(); empty: the widest. Nothing counted depends on it
};

/// Throws srm::Error that names `where` and what is out of range.
void require_valid(const AccumulatorOptions& options, std::string_view where);

/// Counts, for every plane, epsilon and angle, the rows inside the spotlight: activations in, Resonance out.
/// A row costs O(n + hits): in each plane it is inside on an arc around phi = atan2(v, u) of half-width
/// acos(epsilon / r), which is two increments in a circular difference table, however many angles there are.
/// All memory is taken at construction, and stated by bytes_needed(). Not thread-safe: one caller at a time.
class Accumulator {
 public:
  /// Throws srm::Error for options out of range or when `budget`, which must outlive it, cannot hold the tables.
  Accumulator(std::shared_ptr<const Basis> basis, AccumulatorOptions options, MemoryBudget& budget,
              std::string address = "activations");
  ~Accumulator();
  Accumulator(Accumulator&&) noexcept;
  Accumulator& operator=(Accumulator&&) noexcept;

  /// Bytes that such an accumulator takes at most, everything included but the basis, which is shared, and the copy of
  /// the tables that resonance() makes. `planes` are all planes of the basis. Throws srm::Error for options out of
  /// range.
  static std::int64_t bytes_needed(const Basis& basis, const PlaneSet& planes, const AccumulatorOptions& options);
  /// The largest number of planes, from 0 to all, whose tables fit into `bytes` with everything else; -1 when not even
  /// none do. What options.planes says does not matter. Throws as bytes_needed().
  static std::int64_t num_planes_that_fit(const Basis& basis, const PlaneSet& planes, const AccumulatorOptions& options,
                                          std::int64_t bytes);

  /// Adds `num_samples` rows of `dim` numbers, row-major; row k starts at rows + k * row_stride. How rows are cut into
  /// calls changes nothing: a few rows are copied and wait for more before planes are looked at, or for resonance().
  /// `blocks`, (num_samples) or none, tells which sample each row belongs to, by any number:
  /// rows of one stand together, also across calls; without it each row is a block of its own (see Note [Blocks] in
  /// scores.h). Throws srm::Error and counts nothing when `dim` is not the basis's, when `num_samples` is negative or
  /// rows is nullptr for any, when there are not as many blocks as rows, or when a sum would no longer fit into 64
  /// bits.
  void update(const float* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              std::span<const std::int64_t> blocks = {});
  /// The same for rows of float64.
  void update(const double* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              std::span<const std::int64_t> blocks = {});
  /// The same for rows of bfloat16.
  void update(const BFloat16* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              std::span<const std::int64_t> blocks = {});
  /// The same for rows of float16.
  void update(const Half* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              std::span<const std::int64_t> blocks = {});

  /// Adds one to num_calls: a layer's call may bring its rows in several updates, or none.
  void count_call();
  /// Adds to num_samples_skipped: rows that whoever calls update() left out. Throws srm::Error for less than none, and
  /// for more than can be counted.
  void count_skipped(std::int64_t num_samples);

  /// Goes on where another accumulator of the same settings ended. Throws srm::Error unless nothing was counted yet,
  /// and for the first setting that differs, naming both its values.
  void resume(const Resonance& earlier);

  /// Rows that came, those without a direction among them.
  std::int64_t num_samples_seen() const;
  /// The basis that it counts in.
  const Basis& basis() const;
  /// All planes of the basis, whichever have tables.
  const PlaneSet& planes() const;

  /// What was counted so far; copies the tables.
  Resonance resonance() const;
  /// resonance().without_tables(), without a copy of the tables: for looking often.
  Resonance holistic() const;
  /// The same without a copy; the accumulator is empty afterwards and can only be destroyed or assigned to.
  Resonance take_resonance() &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace srm
