#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace srm {

/// Which dimension of an activation holds the n numbers of one sample; all others are samples.
/// kAuto: 2-D (N, n) and 3-D (N, T, n) the last, 4-D (N, C, H, W) and 5-D the channels. kLast, kChannels (the second),
/// kFlatten (everything behind the first dimension is one sample).
enum class Layout { kAuto, kLast, kChannels, kFlatten };

/// "auto", "last", "channels", "flatten".
const char* to_string(Layout layout);

/// The most bytes of rows that are brought to the CPU, or copied, at a time.
constexpr std::int64_t kPieceBytes = std::int64_t{1} << 24;

// Note [Rows of one sample]
// Rows hang together where they come of one sample of the data: tokens, positions. An activation has the samples of a
// call, its batch, in the first dimension. Where it is known how many there are, it may have them in the second
// instead, (T, N, n), and then its rows are taken sample by sample; or folded into the first, (N T, n) or
// (N heads, T, n). Where it is none of these, as a table of positions that every sample shares, all of its rows are one
// sample: coarser than samples are, never finer.

/// Whether rows of bfloat16 or half are handed over as they are.
enum class HalfTypes { kBecomeFloat, kStay };

/// The places, ascending, of those of the next `num_rows` rows that are wanted.
using RowChoice = std::function<const std::vector<std::int64_t>&(std::int64_t num_rows)>;

/// An activation as samples: nothing is copied while it is only described. What it borrows must not change meanwhile.
class ActivationRows {
 public:
  /// Takes strided, sparse, quantised, nested and mkldnn tensors on any device. Throws srm::Error naming `address` for
  /// integer, boolean and complex tensors, those without numbers (meta), and where the layout does not fit. `batch` is
  /// how many samples of the data the call has, where that is known; see Note [Rows of one sample].
  ActivationRows(const at::Tensor& activation, Layout layout, std::string address, std::int64_t batch = -1);

  /// How many rows there are.
  std::int64_t num_samples() const { return num_samples_; }
  /// How many numbers a row has.
  std::int64_t dim() const { return dim_; }
  /// How many samples of the data the rows are of; those of one stand together.
  std::int64_t batch_size() const { return static_cast<std::int64_t>(batch_ends_.size()); }
  /// (batch_size): behind which row each sample of the data ends.
  const std::vector<std::int64_t>& batch_ends() const { return batch_ends_; }

  /// Hands over all rows in order in pieces (num_rows, dim()), on the CPU, contiguous, float32 or float64 (all others
  /// become float32, which is exact for half types; these may stay), each of `piece_bytes` at most, or of one row. What
  /// is so already is not copied. With `choose` it is asked for each piece which of its rows to hand over, and no
  /// others leave their device; a piece of none is not handed over.
  void for_each_piece(const std::function<void(const at::Tensor& rows)>& take, std::int64_t piece_bytes = kPieceBytes,
                      HalfTypes halves = HalfTypes::kBecomeFloat, const RowChoice& choose = {}) const;

  /// Which samples a mask keeps, (num_samples) bool on the CPU; undefined when it keeps all. Non-zero keeps. A mask
  /// has the shape of the samples: (N, T) for activations (N, T, n) and (N, heads, T, n); of a layer that has one
  /// sample for each of N, or holds no padding (nested), it leaves out nothing. Throws srm::Error for any other shape.
  at::Tensor kept_by(const at::Tensor& mask) const;
  /// Whether a mask has one of those shapes; an undefined one always.
  bool takes_mask(const at::Tensor& mask) const;
  /// Whether labels are integers, one for each sample of the data; undefined ones always.
  bool takes_labels(const at::Tensor& labels) const;

 private:
  void find_batch(std::int64_t batch);

  at::Tensor samples_;  // (sample dimensions..., the numbers of one sample...)
  std::int64_t num_sample_dims_ = 1;
  std::int64_t num_samples_ = 0;
  std::int64_t dim_ = 1;
  bool is_nested_ = false;
  std::vector<std::int64_t> batch_ends_;
  std::string address_;
};

/// ActivationRows::num_samples(), and batch_size() where `batch` does not say it, from the shape alone: 0 rows where
/// that throws.
std::int64_t num_rows_of(const at::Tensor& activation, Layout layout);
/// Elements of the batch, from the shape alone.
std::int64_t batch_size_of(const at::Tensor& activation);

/// The samples of an activation as rows (num_samples, dim) in one piece, as ActivationRows hands them over.
at::Tensor to_rows(const at::Tensor& activation, Layout layout, const std::string& address);

}  // namespace srm
