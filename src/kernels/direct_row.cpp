#include "kernels/direct_row.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "kernels/fixed_point.h"
#include "kernels/row.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/direct_row.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "kernels/dispatch.h"
#include "kernels/narrow_moments-inl.h"
#include "kernels/row_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

const DirectKernels* Kernels() { return nullptr; }  // the twins need none

#else
// Asks the memory for what the calls after the next one will read. A line of it each time that as much has been worked
// on: together they hide the memory, in one go they would stop it.
constexpr std::int64_t kCallsAhead = 2;
template <typename Number>
HWY_INLINE void AskFor(const Number* at) {
  __builtin_prefetch(at, 0, 2);
}

// Of kRows rows at once, since each sum waits for itself. Asks for the numbers from `ahead` on: as many, or with
// kIsHalf half of them. Only squares where quartic_sums is nullptr.
template <std::int64_t kRows, bool kIsHalf, bool kHasQuartics, typename Number>
HWY_INLINE void FindMoments(const Number* HWY_RESTRICT rows, std::int64_t row_stride, std::int64_t dim,
                            const Number* ahead, double* square_sums, double* quartic_sums) {
  const Doubles d;
  DoubleVector squares[kRows][kVectors];
  DoubleVector quartics[kRows][kVectors];
  for (std::int64_t r = 0; r < kRows; ++r) {
    for (auto& sum : squares[r]) sum = hn::Zero(d);
    for (auto& sum : quartics[r]) sum = hn::Zero(d);
  }
  std::int64_t last = 0;
  for (; last + 8 <= dim; last += 8) {
    AskFor(ahead + (kIsHalf ? kRows / 2 : kRows) * last);
    if (!kIsHalf && sizeof(Number) == sizeof(float)) AskFor(ahead + kRows * last + kFloatLanes);
    for (std::int64_t r = 0; r < kRows; ++r) {
      for (std::int64_t part = 0; part < kVectors; ++part) {
        const auto x = LoadWide(rows + r * row_stride + last + part * kLanes);
        const auto square = hn::Mul(x, x);
        // Squares of float32 numbers are exact in float64, so that fusing changes nothing.
        squares[r][part] =
            std::is_same_v<Number, double> ? hn::Add(squares[r][part], square) : hn::MulAdd(x, x, squares[r][part]);
        if (kHasQuartics) quartics[r][part] = hn::Add(quartics[r][part], hn::Mul(square, square));
      }
    }
  }
  for (std::int64_t r = 0; r < kRows; ++r) {
    HWY_ALIGN double lanes[2][8];
    for (std::int64_t part = 0; last < dim && part < kVectors; ++part) {
      hn::Store(squares[r][part], d, lanes[0] + part * kLanes);
      hn::Store(quartics[r][part], d, lanes[1] + part * kLanes);
    }
    for (std::int64_t k = last; k < dim; ++k) {
      const double x = static_cast<double>(rows[r * row_stride + k]);
      lanes[0][k - last] += x * x;
      lanes[1][k - last] += (x * x) * (x * x);
    }
    square_sums[r] = last == dim ? SumOfTree(squares[r]) : SumOfTree(lanes[0]);
    if (kHasQuartics) quartic_sums[r] = last == dim ? SumOfTree(quartics[r]) : SumOfTree(lanes[1]);
  }
}

// As RowMoments has them, of kRows rows; `squares` only where a row may have heavy numbers or sums are wanted.
template <std::int64_t kRows>
struct Moments {
  HWY_ALIGN double squares[kRows];
  HWY_ALIGN double quartics[kRows];
  HWY_ALIGN double quartic_squares[kRows];
};

// All fourth powers together are as large as that of a heavy number.
HWY_INLINE bool MayHaveHeavy(double quartics, double quartic_squares, double bound) {
  constexpr double kRounded = 4e-6;  // of 16-bit numbers; of others far less
  return quartics >= bound * bound * (1 - kRounded) * quartic_squares * quartic_squares;
}

// False where a row is not plain.
template <typename Number, std::int64_t kRows>
HWY_INLINE bool FindAllMoments(const Number* rows, std::int64_t row_stride, std::int64_t dim, double bound,
                               bool has_sums, const Number* ahead, Moments<kRows>& moments) {
  constexpr std::int64_t kTogether = std::min<std::int64_t>(kRows, 4);
  bool has_squares = !kIsNarrow<Number> || has_sums;
  if constexpr (kIsNarrow<Number>) {
    for (std::int64_t r = 0; r < kRows; ++r) {
      FindNarrowMoments(rows + r * row_stride, dim, ahead + r * dim, moments.quartic_squares + r, moments.quartics + r);
      if (!is_plain_narrow(moments.quartic_squares[r])) return false;
      has_squares |= MayHaveHeavy(moments.quartics[r], moments.quartic_squares[r], bound);
    }
  }
  for (std::int64_t r = 0; has_squares && r < kRows; r += kTogether) {
    const Number* some = rows + r * row_stride;
    double* squares = moments.squares + r;
    double* quartics = moments.quartics + r;
    if (has_sums) {
      FindMoments<kTogether, true, !kIsNarrow<Number> >(some, row_stride, dim, ahead + r / 2 * dim, squares, quartics);
    } else {
      FindMoments<kTogether, false, !kIsNarrow<Number> >(some, row_stride, dim, ahead + r * dim, squares, quartics);
    }
  }
  for (std::int64_t r = 0; !kIsNarrow<Number> && r < kRows; ++r) {
    if (!is_plain(moments.squares[r])) return false;
    moments.quartic_squares[r] = moments.squares[r];
  }
  if (!has_squares) std::copy_n(moments.quartic_squares, kRows, moments.squares);  // nobody asks for that norm
  return true;
}

// Square roots and divisions of all rows at once, which are rounded as one by one.
template <std::int64_t kRows>
HWY_INLINE void Scale(const Moments<kRows>& moments, float* factors, DirectRow* prepared) {
  const hn::CappedTag<double, kRows> d;
  HWY_ALIGN double norms[kRows];
  HWY_ALIGN double quartics[kRows];
  HWY_ALIGN double inverses[kRows];
  for (std::size_t r = 0; r < kRows; r += hn::Lanes(d)) {
    const auto squares = hn::Load(d, moments.squares + r);
    const auto beside = hn::Load(d, moments.quartic_squares + r);
    const auto norm = hn::Sqrt(squares);
    hn::Store(norm, d, norms + r);
    hn::Store(hn::Div(hn::Load(d, moments.quartics + r), hn::Mul(beside, beside)), d, quartics + r);
    hn::Store(hn::Div(hn::Set(d, 128.0), norm), d, inverses + r);
  }
  for (std::int64_t r = 0; r < kRows; ++r) {
    prepared[r].norm = norms[r];
    prepared[r].quartic_sum = quartics[r];
    factors[r] = prepared[r].factor = static_cast<float>(inverses[r]);
  }
}

// Adds sums of 32 bits, with or without a sign, to those from `to` on.
template <class D>
HWY_INLINE void AddNarrow(D /*tag*/, hn::Vec<D> narrow, std::int64_t* to) {
  const hn::Half<D> half;
  const hn::Rebind<hwy::MakeWide<hn::TFromD<D> >, decltype(half)> wide;
  const hn::RebindToSigned<decltype(wide)> sums;
  const auto low = hn::BitCast(sums, hn::PromoteTo(wide, hn::LowerHalf(half, narrow)));
  const auto high = hn::BitCast(sums, hn::PromoteTo(wide, hn::UpperHalf(half, narrow)));
  std::int64_t* above = to + hn::Lanes(sums);
  hn::StoreU(hn::Add(hn::LoadU(sums, to), low), sums, to);
  hn::StoreU(hn::Add(hn::LoadU(sums, above), high), sums, above);
}

// Which numbers of a row are heavy; returns how many.
template <typename Number>
std::int32_t MarkHeavy(const Number* HWY_RESTRICT row, std::int64_t dim, float factor, float bound,
                       std::uint64_t* heavy) {
  const Floats d;
  std::int32_t num_heavy = 0;
  std::uint64_t word = 0;
  const auto put = [&](std::int64_t k, std::int64_t next) {
    if (next % 64 == 0 || next == dim) heavy[k / 64] = std::exchange(word, 0);
  };
  std::int64_t k = 0;
  for (; k + kFloatLanes <= dim; k += kFloatLanes) {
    const auto y = hn::Mul(Load(row + k), hn::Set(d, factor));
    const auto is_heavy = hn::Ge(hn::Mul(y, y), hn::Set(d, bound));
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, is_heavy, bits);
    word |= static_cast<std::uint64_t>(bits[0] | bits[1] << 8) << (k % 64);
    num_heavy += static_cast<std::int32_t>(hn::CountTrue(d, is_heavy));
    put(k, k + kFloatLanes);
  }
  for (; k < dim; ++k) {
    const float y = static_cast<float>(row[k]) * factor;
    word |= static_cast<std::uint64_t>(y * y >= bound) << (k % 64);
    num_heavy += y * y >= bound ? 1 : 0;
    put(k, k + 1);
  }
  return num_heavy;
}

template <typename Number, std::int64_t kRows>
bool Prepare(const Number* HWY_RESTRICT rows, std::int64_t row_stride, std::int64_t dim, double bound,
             const DirectSums& sums, DirectRow* prepared) {
  const Floats d;
  const Ints di;
  const Number* ahead = rows + kCallsAhead * kRows * row_stride;
  const bool has_sums = sums.directions != nullptr;
  Moments<kRows> moments;
  if (!FindAllMoments<Number, kRows>(rows, row_stride, dim, bound, has_sums, ahead, moments)) return false;
  float factors[kRows];
  Scale(moments, factors, prepared);
  // Neighbours of it are whole steps of a direction, whose bits count on; what they begin at is taken off at once.
  const float whole = 0x1.8p10f;
  const auto begin = hn::Set(di, static_cast<std::int32_t>(kRows * std::int64_t{0x44C00000} & 0xFFFFFFFF));
  const std::int64_t num_wanted = has_sums ? dim : 0;
  std::int64_t k = 0;
  for (; k + kFloatLanes <= num_wanted; k += kFloatLanes) {
    auto directions = hn::Sub(hn::Zero(di), begin);
    auto quartics = hn::Zero(di);
    for (std::int64_t r = 0; r < kRows; ++r) {
      const Number* row = rows + r * row_stride + k;
      if (r % 2 == 1) AskFor(ahead + (kRows * dim + kRows * k + r * kFloatLanes) / 2);
      const auto y = hn::Mul(Load(row), hn::Set(d, factors[r]));
      const auto square = hn::Mul(y, y);
      directions = hn::Add(directions, hn::BitCast(di, hn::Add(y, hn::Set(d, whole))));
      quartics = hn::Add(quartics, Rounded(hn::Mul(square, square)));
    }
    AddNarrow(di, directions, sums.directions + k);
    AddNarrow(Words(), hn::BitCast(Words(), quartics), sums.quartics + k);  // up to 2^31
  }
  const std::int64_t num_summed = k;
  const float float_bound = static_cast<float>(bound * 128 * 128 * (1 - 1e-6));
  for (std::int64_t r = 0; r < kRows; ++r) {
    const Number* row = rows + r * row_stride;
    for (k = num_summed; k < num_wanted; ++k) {
      const float y = static_cast<float>(row[k]) * factors[r];
      sums.directions[k] += direction_units(y);
      sums.quartics[k] += quartic_units(y);
    }
    const bool may_have_heavy = MayHaveHeavy(moments.quartics[r], moments.quartic_squares[r], bound);
    prepared[r].num_heavy = may_have_heavy ? MarkHeavy(row, dim, factors[r], float_bound, prepared[r].heavy) : 0;
  }
  return true;
}

template <typename Number>
constexpr DirectKernelsOf<Number> kKernelsOf = {Prepare<Number, 1>, Prepare<Number, kDirectRows>};

const DirectKernels* Kernels() {
  static constexpr DirectKernels kKernels = {
      {kKernelsOf<float>, kKernelsOf<double>, kKernelsOf<BFloat16>, kKernelsOf<Half>}};
  return &kKernels;
}

#endif

}  // namespace
}  // namespace srm::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace srm::kernels {

HWY_EXPORT(Kernels);

const DirectKernels* direct_kernels(InstructionSet instruction_set) {
  return HWY_DISPATCH_TABLE(Kernels)[dispatch_index(instruction_set)]();
}

}  // namespace srm::kernels
#endif
