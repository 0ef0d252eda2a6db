#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "prepared_rows.h"
#include "srm/resonance.h"

namespace srm {

/// What is counted of rows alone, whatever planes they hit: how many there are of each kind, and their sums of fourth
/// powers, by block.
class RowCounts {
 public:
  /// Centred rows without a direction are not seen: see Note [Rows without a direction] in srm/accumulator.h.
  explicit RowCounts(bool is_centred) : is_centred_(is_centred) {}

  /// The first `num_rows` of `rows`, and what block each is of; without blocks each is its own.
  void add(const PreparedRows& rows, std::int64_t num_rows, std::span<const std::int64_t> blocks);
  void count_call() { ++num_calls_; }
  void count_skipped(std::int64_t num_samples) { num_skipped_ += num_samples; }

  std::int64_t num_skipped() const { return num_skipped_; }
  std::int64_t num_seen() const { return num_seen_; }
  std::int64_t quartic_sum() const { return scores_.quartic_sum; }
  /// Those that are inside everywhere where epsilon <= 0.
  std::int64_t num_without_direction() const { return num_without_direction_; }
  /// Writes the counts of samples and calls and the scores over rows.
  void read_out(ResonanceParts& parts) const;
  /// The way back, before anything else is counted; a new block begins.
  void resume(const ResonanceParts& parts);

 private:
  void close_block(BlockSums& sums) const { sums.add_block(block_rows_, block_quartic_); }
  void move_to_block(std::int64_t id);
  void add_single(const PreparedRows& rows, std::int64_t num_rows);
  void add_without_direction(kernels::RowKind kind);

  bool is_centred_;
  Scores scores_;
  // The block that rows are in, until one of another block comes; see Note [Blocks] in srm/scores.h.
  std::optional<std::int64_t> block_;
  std::int64_t block_rows_ = 0;
  std::int64_t block_quartic_ = 0;
  std::int64_t num_seen_ = 0;
  std::int64_t num_zero_norm_ = 0;
  std::int64_t num_nonfinite_ = 0;
  std::int64_t num_without_direction_ = 0;
  std::int64_t num_skipped_ = 0;
  std::int64_t num_calls_ = 0;
};

}  // namespace srm
