#include "row_counts.h"

namespace srm {

using kernels::RowKind;

void RowCounts::add(const PreparedRows& rows, std::int64_t num_rows, std::span<const std::int64_t> blocks) {
  if (blocks.empty()) {
    close_block(scores_.blocks);
    block_.reset();
    block_rows_ = block_quartic_ = 0;
    return add_single(rows, num_rows);
  }
  for (std::int64_t k = 0; k < num_rows; ++k) {
    const PreparedRows::Row& row = rows.row(k);
    move_to_block(blocks[static_cast<std::size_t>(k)]);
    if (row.kind != RowKind::kDirection) {
      add_without_direction(row.kind);
      continue;
    }
    ++num_seen_;
    ++scores_.num_rows;
    scores_.quartic_sum += row.quartic;
    ++block_rows_;
    block_quartic_ += row.quartic;
  }
}

// Rows that each are a block. In sums of its own, which a compiler keeps in registers.
void RowCounts::add_single(const PreparedRows& rows, std::int64_t num_rows) {
  BlockSums blocks;
  std::int64_t quartic_sum = 0;
  for (std::int64_t k = 0; k < num_rows; ++k) {
    const PreparedRows::Row& row = rows.row(k);
    if (row.kind != RowKind::kDirection) {
      add_without_direction(row.kind);
      continue;
    }
    quartic_sum += row.quartic;
    blocks.add_block(1, row.quartic);
  }
  num_seen_ += blocks.num_blocks;
  scores_.num_rows += blocks.num_blocks;
  scores_.quartic_sum += quartic_sum;
  scores_.blocks += blocks;
}

void RowCounts::add_without_direction(RowKind kind) {
  const bool is_seen = kind == RowKind::kAtMean || !is_centred_;
  num_seen_ += is_seen ? 1 : 0;
  if (kind == RowKind::kNonfinite) {
    ++num_nonfinite_;
    return;
  }
  ++num_zero_norm_;
  num_without_direction_ += is_seen ? 1 : 0;
}

void RowCounts::move_to_block(std::int64_t id) {
  if (block_ == id) return;
  close_block(scores_.blocks);
  block_ = id;
  block_rows_ = block_quartic_ = 0;
}

void RowCounts::read_out(ResonanceParts& parts) const {
  parts.scores = scores_;
  close_block(parts.scores.blocks);
  parts.num_samples_seen = num_seen_;
  parts.num_samples_zero_norm = num_zero_norm_;
  parts.num_samples_nonfinite = num_nonfinite_;
  parts.num_samples_skipped = num_skipped_;
  parts.num_calls = num_calls_;
}

void RowCounts::resume(const ResonanceParts& parts) {
  scores_.num_rows = parts.scores.num_rows;
  scores_.quartic_sum = parts.scores.quartic_sum;
  scores_.blocks = parts.scores.blocks;
  num_seen_ = parts.num_samples_seen;
  num_zero_norm_ = parts.num_samples_zero_norm;
  num_nonfinite_ = parts.num_samples_nonfinite;
  num_without_direction_ = num_seen_ - scores_.num_rows - (is_centred_ ? 0 : num_nonfinite_);
  num_skipped_ = parts.num_samples_skipped;
  num_calls_ = parts.num_calls;
}

}  // namespace srm
