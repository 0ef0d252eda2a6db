#include "kernels/columns.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/columns.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "kernels/dispatch.h"
#include "kernels/rounded-inl.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

const ColumnKernels* Kernels() { return nullptr; }  // the twins need none

#else
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Ints = hn::Rebind<std::int32_t, Floats>;

// Elsewhere Highway compresses by a table that compilers copy at each use.
constexpr bool kCompressesInts = HWY_TARGET <= HWY_AVX3;

// Writes the indices that are selected, the first lane's being `first`; returns how many.
HWY_INLINE std::int64_t StoreSelected(std::int64_t first, hn::Mask<Floats> selected, std::uint16_t* indices) {
  const Ints d;
  const auto mask = hn::RebindMask(d, selected);
  if constexpr (kCompressesInts) {
    const hn::Rebind<std::uint16_t, Ints> narrow;
    const auto index = hn::Add(hn::Iota(d, 0), hn::Set(d, static_cast<std::int32_t>(first)));
    hn::StoreU(hn::DemoteTo(narrow, hn::Compress(index, mask)), narrow, indices);
    return static_cast<std::int64_t>(hn::CountTrue(d, mask));
  }
  std::uint8_t bytes[8] = {};  // of which 8 lanes or fewer use the first
  hn::StoreMaskBits(d, mask, bytes);
  std::int64_t count = 0;
  for (std::uint32_t bits = bytes[0]; bits != 0; bits &= bits - 1) {
    indices[count++] = static_cast<std::uint16_t>(first + std::countr_zero(bits));
  }
  return count;
}

template <bool kIsOrthogonal>
HWY_INLINE std::int64_t SelectLong(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t num_points,
                                   float cosine, float inverse_sine, float squared_threshold,
                                   std::uint16_t* HWY_RESTRICT indices) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  // The more v is stretched, the more float32 has lost of it.
  const auto least = hn::Set(d, squared_threshold * (1 - 4e-6f * (1 + inverse_sine)));
  const auto minus_cosine = hn::Set(d, -cosine);
  const auto squared_stretch = hn::Set(d, inverse_sine * inverse_sine);
  const auto selected_at = [&](std::int64_t k) HWY_ATTR {
    const auto u = hn::LoadU(d, a + k);
    auto v = hn::LoadU(d, b + k);
    if (kIsOrthogonal) return hn::Ge(hn::MulAdd(u, u, hn::Mul(v, v)), least);
    v = hn::MulAdd(minus_cosine, u, v);
    return hn::Ge(hn::MulAdd(hn::Mul(v, v), squared_stretch, hn::Mul(u, u)), least);
  };
  std::int64_t count = 0;
  const auto store = [&](std::int64_t k, hn::Mask<Floats> selected)
                         HWY_ATTR { count += StoreSelected(k, selected, indices + count); };
  std::int64_t k = 0;
  // One branch for four vectors: of few selected rows it is right nearly always, and of many as well.
  for (; k + 4 * lanes <= num_points; k += 4 * lanes) {
    const auto first = selected_at(k);
    const auto second = selected_at(k + lanes);
    const auto third = selected_at(k + 2 * lanes);
    const auto fourth = selected_at(k + 3 * lanes);
    if (hn::AllFalse(d, hn::Or(hn::Or(first, second), hn::Or(third, fourth)))) continue;
    store(k, first);
    store(k + lanes, second);
    store(k + 2 * lanes, third);
    store(k + 3 * lanes, fourth);
  }
  for (; k < num_points; k += lanes) {
    const std::int64_t num_left = std::min(lanes, num_points - k);
    store(k, hn::And(selected_at(k), hn::FirstN(d, static_cast<std::size_t>(num_left))));
  }
  return count;
}

std::int64_t Select(const float* a, const float* b, std::int64_t num_points, float cosine, float inverse_sine,
                    float squared_threshold, std::uint16_t* indices) {
  const auto select = cosine == 0 && inverse_sine == 1 ? SelectLong<true> : SelectLong<false>;
  return select(a, b, num_points, cosine, inverse_sine, squared_threshold, indices);
}

void MakeBytes(const float* HWY_RESTRICT numbers, std::int64_t num_numbers, float squared_threshold,
               std::uint8_t* HWY_RESTRICT bytes) {
  const Floats d;
  const hn::Rebind<std::uint8_t, Floats> narrow;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  // A little too large, so that no rounding of float32 makes a byte too small.
  const auto scale = hn::Set(d, 255 * (1 + 1e-5f) / squared_threshold);
  for (std::int64_t k = 0; k < num_numbers; k += lanes) {
    const auto x = hn::LoadU(d, numbers + k);
    const auto share = hn::Min(hn::Mul(hn::Mul(x, x), scale), hn::Set(d, 255.0f));
    hn::StoreU(hn::DemoteTo(narrow, Rounded(hn::Floor(share))), narrow, bytes + k);
  }
}

std::int64_t SelectBytes(const std::uint8_t* HWY_RESTRICT a, const std::uint8_t* HWY_RESTRICT b,
                         std::int64_t num_points, std::uint16_t* HWY_RESTRICT indices) {
  const hn::ScalableTag<std::int16_t> d;
  const hn::RebindToUnsigned<decltype(d)> unsigned_d;
  const hn::Rebind<std::uint8_t, decltype(d)> db;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto below = hn::Set(d, std::int16_t{253});  // each byte is less than 1 too small, 255 enough
  auto index = hn::Iota(d, 0);
  const auto step = hn::Set(d, static_cast<std::int16_t>(lanes));
  std::int64_t count = 0;
  for (std::int64_t k = 0; k < num_points; k += lanes, index = hn::Add(index, step)) {
    const auto sum = hn::SaturatedAdd(hn::LoadU(db, a + k), hn::LoadU(db, b + k));
    auto selected = hn::Gt(hn::PromoteTo(d, sum), below);
    if (k + lanes > num_points) {
      selected = hn::And(selected, hn::FirstN(d, static_cast<std::size_t>(num_points - k)));
    }
    hn::StoreU(hn::BitCast(unsigned_d, hn::Compress(index, selected)), unsigned_d, indices + count);
    count += static_cast<std::int64_t>(hn::CountTrue(d, selected));
  }
  return count;
}

using Four = hn::CappedTag<float, 4>;

// Four numbers each of four rows become four columns of four.
HWY_INLINE void TransposeFour(const hn::Vec<Four> (&rows)[4], float* columns, std::int64_t column_stride) {
  const Four d;
  const hn::RepartitionToWide<Four> dw;
  const auto low01 = hn::BitCast(dw, hn::InterleaveLower(d, rows[0], rows[1]));
  const auto low23 = hn::BitCast(dw, hn::InterleaveLower(d, rows[2], rows[3]));
  const auto high01 = hn::BitCast(dw, hn::InterleaveUpper(d, rows[0], rows[1]));
  const auto high23 = hn::BitCast(dw, hn::InterleaveUpper(d, rows[2], rows[3]));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, low01, low23)), d, columns);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, low01, low23)), d, columns + column_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, high01, high23)), d, columns + 2 * column_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, high01, high23)), d, columns + 3 * column_stride);
}

HWY_INLINE hn::Vec<Four> LoadFour(const float* numbers) { return hn::LoadU(Four(), numbers); }
HWY_INLINE hn::Vec<Four> LoadFour(const double* numbers) {
#if HWY_MAX_BYTES >= 32
  return hn::DemoteTo(Four(), hn::LoadU(hn::Rebind<double, Four>(), numbers));
#endif
  HWY_ALIGN float floats[4];
  for (int k = 0; k < 4; ++k) floats[k] = static_cast<float>(numbers[k]);
  return hn::Load(Four(), floats);
}

// `numbers` are those of column `first_column` of the first row.
template <typename Number>
HWY_INLINE void TransposeAll(const Number* numbers, const RowsOfNumbers& rows, const std::uint32_t* indices,
                             std::int64_t num_rows, std::int64_t num_columns, float* columns,
                             std::int64_t column_stride, std::int64_t num_ahead) {
  const Four d;
  const auto begin_of = [&](std::int64_t r) { return numbers + static_cast<std::int64_t>(indices[r]) * rows.stride; };
  std::int64_t r = 0;
  std::int64_t num_done = 0;  // columns of the first r rows
  for (; r + 4 <= num_rows; r += 4) {
    const Number* from[4];
    hn::Vec<Four> factors[4];
    for (int k = 0; k < 4; ++k) {
      from[k] = begin_of(r + k);
      factors[k] = hn::Set(d, rows.factors[indices[r + k]]);
      // Into the second cache: rows that begin at multiples of a large power of two would drive each other out of the
      // first before they are read.
      if (num_ahead > 0) __builtin_prefetch(from[k] + num_ahead, 0, 2);
    }
    std::int64_t c = 0;
    for (; c + 4 <= num_columns; c += 4) {
      hn::Vec<Four> four[4];
      for (int k = 0; k < 4; ++k) four[k] = hn::Mul(LoadFour(from[k] + c), factors[k]);
      TransposeFour(four, columns + c * column_stride + r, column_stride);
    }
    num_done = c;
  }
  const auto fill = [&](std::int64_t row, std::int64_t first) {
    const Number* from = begin_of(row);
    const float factor = rows.factors[indices[row]];
    for (std::int64_t c = first; c < num_columns; ++c) {
      columns[c * column_stride + row] = static_cast<float>(from[c]) * factor;
    }
  };
  for (std::int64_t row = 0; row < r && num_done < num_columns; ++row) fill(row, num_done);
  for (std::int64_t row = r; row < num_rows; ++row) fill(row, 0);
}

void Transpose(const RowsOfNumbers& rows, const std::uint32_t* indices, std::int64_t num_rows,
               std::int64_t first_column, std::int64_t num_columns, float* columns, std::int64_t column_stride,
               std::int64_t next_column) {
  const std::int64_t ahead = std::max<std::int64_t>(next_column - first_column, 0);
  if (rows.floats != nullptr) {
    TransposeAll(rows.floats + first_column, rows, indices, num_rows, num_columns, columns, column_stride, ahead);
  } else {
    TransposeAll(rows.doubles + first_column, rows, indices, num_rows, num_columns, columns, column_stride, ahead);
  }
}

// Elsewhere numbers of 16 bits are compressed by tables, which floats do better.
constexpr bool kCompressesShorts = HWY_TARGET == HWY_AVX3_DL;

const ColumnKernels* Kernels() {
  static constexpr ColumnKernels kKernels = {Transpose, Select, MakeBytes, kCompressesShorts ? SelectBytes : nullptr};
  return &kKernels;
}

#endif
}  // namespace
}  // namespace srm::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace srm::kernels {

HWY_EXPORT(Kernels);

const ColumnKernels* column_kernels(InstructionSet instruction_set) {
  return HWY_DISPATCH_TABLE(Kernels)[dispatch_index(instruction_set)]();
}

}  // namespace srm::kernels
#endif
