#include "row_counts.h"

namespace srm {

using kernels::RowKind;

void RowCounts::add(const PreparedRows& rows, std::int64_t num_rows, std::span<const std::int64_t> blocks) {
  if (blocks.empty()) {
    close_block(scores_.blocks);
    block_.reset();
    block_rows_ = block_quartic_ = 0;
  }
  for (std::int64_t k = 0; k < num_rows; ++k) {
    const PreparedRows::Row& row = rows.row(k);
    if (!blocks.empty()) move_to_block(blocks[static_cast<std::size_t>(k)]);
    const bool was_centred = row.kind == RowKind::kDirection || row.kind == RowKind::kAtMean;
    const bool is_seen = was_centred || !is_centred_;
    num_seen_ += is_seen ? 1 : 0;
    switch (row.kind) {
      case RowKind::kDirection:
        ++scores_.num_rows;
        scores_.quartic_sum += row.quartic;
        if (blocks.empty()) {
          scores_.blocks.add_block(1, row.quartic);
        } else {
          ++block_rows_;
          block_quartic_ += row.quartic;
        }
        break;
      case RowKind::kNonfinite:
        ++num_nonfinite_;
        break;
      case RowKind::kZeroNorm:
      case RowKind::kAtMean:
        ++num_zero_norm_;
        num_without_direction_ += is_seen ? 1 : 0;
        break;
    }
  }
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

}  // namespace srm
