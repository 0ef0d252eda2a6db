#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace srm {

// Note [Which rows a reservoir keeps]
// Every row offered has a number, counted from 0. A hash of (seed, number) ranks the numbers in random order, and of
// the finite non-zero rows those of the lowest rank are kept. So the sample is uniform, how rows are cut into calls
// changes nothing, and two reservoirs of one seed and capacity that see the same rows of data at two places of a model
// (a layer before and after its activation function) keep the same rows: all but those that have no direction at one
// of the two places, which row_numbers() tells apart.

/// A seeded, uniform sample without replacement of at most `capacity` rows of a stream of unknown length, as they were
/// before any centring or normalising. Takes its memory as rows come, at most bytes_needed(). Not thread-safe.
class RowReservoir {
 public:
  /// Throws srm::Error unless dim >= 1 and capacity >= 1.
  RowReservoir(std::int64_t dim, std::int64_t capacity, std::uint64_t seed);

  /// What tells all of a reservoir beside its dim, capacity and seed, in the words of its members below.
  struct State {
    std::int64_t num_rows_offered = 0;      ///< as num_rows_offered()
    std::vector<double> rows;               ///< as rows()
    std::vector<std::int64_t> blocks;       ///< as blocks()
    std::vector<std::int64_t> row_numbers;  ///< as row_numbers()
  };
  /// A copy of all that is kept, for another one to go on from.
  State state() const { return {num_rows_offered(), rows(), blocks(), row_numbers()}; }
  /// Goes on where another of the same dim, capacity and seed ended. Throws srm::Error for what cannot be one's state.
  void resume(const State& earlier);

  /// Bytes that a reservoir takes when full, without the copies that rows() makes; the largest int64 if beyond it.
  static std::int64_t bytes_needed(std::int64_t dim, std::int64_t capacity);

  /// Offers `num_samples` rows of `dim` numbers, row-major; row k starts at rows + k * row_stride. `blocks`,
  /// (num_samples), says which sample of the data each row is a part of; empty: every row is a block of its own, named
  /// by its row number. Throws srm::Error and takes nothing when `dim` is not the reservoir's or `blocks` does not fit.
  void update(const float* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              std::span<const std::int64_t> blocks = {});
  /// The same for rows of float64.
  void update(const double* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              std::span<const std::int64_t> blocks = {});

  /// How many numbers a row has.
  std::int64_t dim() const { return dim_; }
  /// How many rows are kept at most.
  std::int64_t capacity() const { return capacity_; }
  /// What decides which rows are kept.
  std::uint64_t seed() const { return seed_; }
  /// How many rows are kept now.
  std::int64_t num_rows() const { return static_cast<std::int64_t>(kept_.size()); }
  /// All rows that ever came, those without a direction too.
  std::int64_t num_rows_offered() const { return num_rows_offered_; }

  /// The kept rows, row-major (num_rows, dim), in the order of the stream, as are the two below.
  std::vector<double> rows() const;
  /// (num_rows): which sample of the data each row is a part of.
  std::vector<std::int64_t> blocks() const;
  /// (num_rows): the place of each row among all rows offered, from 0, ascending.
  std::vector<std::int64_t> row_numbers() const;

 private:
  struct Kept {
    std::uint64_t rank;
    std::int64_t row_number;
    std::int64_t block;
    std::int64_t slot;  // which row of values_
  };

  static bool is_lower(const Kept& a, const Kept& b);
  template <typename Number>
  void offer(const Number* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
             std::span<const std::int64_t> blocks);
  void grow();
  std::vector<Kept> in_stream_order() const;

  std::int64_t dim_;
  std::int64_t capacity_;
  std::uint64_t seed_;
  std::int64_t num_rows_offered_ = 0;
  std::vector<Kept> kept_;      // a heap, the highest rank in front: the next one to go
  std::vector<double> values_;  // (num_rows, dim)
};

}  // namespace srm
