#pragma once

#include <cstdint>
#include <vector>

namespace srm {

/// Hold the product of any two sums of 64 bits.
__extension__ using UInt128 = unsigned __int128;
/// The same with a sign.
__extension__ using Int128 = __int128;

// Note [Blocks]
// Rows of one sample (its tokens, its positions) hang together and are a block: errors follow from sums over whole
// blocks. A block's rows stand together in the stream. Only scored rows are in a block, and blocks without one are not
// counted. With n_b rows in block b and S_b the sum of their |B x_hat|_4^4 (times Scores::kQuarticScale), three exact
// sums over blocks are enough; those of disjoint blocks add up.

/// What block standard errors of a mean of |B x_hat|_4^4 follow from; see Note [Blocks].
struct BlockSums {
  std::int64_t num_blocks = 0;  ///< that have rows
  UInt128 rows_squared = 0;     ///< sum of n_b^2
  UInt128 rows_by_quartic = 0;  ///< sum of n_b S_b
  UInt128 quartic_squared = 0;  ///< sum of S_b^2

  /// Adds one block; without rows it is none.
  void add_block(std::int64_t num_rows, std::int64_t quartic_sum) {
    if (num_rows == 0) return;
    ++num_blocks;
    rows_squared += static_cast<UInt128>(num_rows) * static_cast<UInt128>(num_rows);
    rows_by_quartic += static_cast<UInt128>(num_rows) * static_cast<UInt128>(quartic_sum);
    quartic_squared += static_cast<UInt128>(quartic_sum) * static_cast<UInt128>(quartic_sum);
  }
  /// Adds the sums of other blocks.
  BlockSums& operator+=(const BlockSums& other) {
    num_blocks += other.num_blocks;
    rows_squared += other.rows_squared;
    rows_by_quartic += other.rows_by_quartic;
    quartic_squared += other.quartic_squared;
    return *this;
  }
  friend bool operator==(const BlockSums&, const BlockSums&) = default;
};

/// Integer sums from which scores follow; real numbers are rounded once, per row or hit, to fixed point at these
/// scales, so that sums over disjoint data add up exactly in any order. They are of finite non-zero rows (after
/// centring, if centred), over all planes of the basis whichever have tables.
struct Scores {
  static constexpr std::int64_t kQuarticScale = std::int64_t{1} << 30;    ///< of sums of fourth powers
  static constexpr std::int64_t kCosineScale = std::int64_t{1} << 20;     ///< of sums of cosines
  static constexpr std::int64_t kDirectionScale = std::int64_t{1} << 30;  ///< of sums of directions

  std::int64_t num_rows = 0;             ///< finite non-zero rows
  std::int64_t quartic_sum = 0;          ///< sum of |B x_hat|_4^4 over those rows, times kQuarticScale
  std::vector<std::int64_t> cosine_sum;  ///< (E): sum of cos(4 phi) over hits, times kCosineScale
  std::vector<std::int64_t> num_hits;    ///< (E): pairs of a row and a plane with r >= epsilon (r > 0)
  // Without AccumulatorOptions::row_sums both lists are empty; results of the first release have no blocks either.
  std::vector<std::int64_t> direction_sum;      ///< (n): sum of x_hat, times kDirectionScale
  std::vector<std::int64_t> quartic_by_vector;  ///< (m): sum of (b_i . x_hat)^4 by basis vector, times kQuarticScale
  BlockSums blocks;                             ///< what A4's standard error follows from

  /// Whether direction_sum and quartic_by_vector were summed.
  bool has_row_sums() const { return !direction_sum.empty(); }
  friend bool operator==(const Scores&, const Scores&) = default;
};

}  // namespace srm
