// PRIVATE, once for each instruction set: numbers of rows of any type, and sums in the order of the scalar twin.

#if defined(SRM_KERNELS_ROW_NUMBERS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SRM_KERNELS_ROW_NUMBERS_INL_H
#undef SRM_KERNELS_ROW_NUMBERS_INL_H
#else
#define SRM_KERNELS_ROW_NUMBERS_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "kernels/rounded-inl.h"
#include "srm/half_numbers.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, 8>;
using HalfFloats = hn::Rebind<float, Doubles>;
using DoubleVector = hn::Vec<Doubles>;
using Floats = hn::ScalableTag<float>;
using Ints = hn::Rebind<std::int32_t, Floats>;
using Words = hn::Rebind<std::uint32_t, Floats>;
using FloatVector = hn::Vec<Floats>;

constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(Doubles()));
constexpr std::int64_t kVectors = 8 / kLanes;  // the twin sums in eight lanes
constexpr std::int64_t kFloatLanes = static_cast<std::int64_t>(hn::MaxLanes(Floats()));

HWY_INLINE DoubleVector LoadWide(const float* row) { return hn::PromoteTo(Doubles(), hn::LoadU(HalfFloats(), row)); }
HWY_INLINE DoubleVector LoadWide(const double* row) { return hn::LoadU(Doubles(), row); }
HWY_INLINE FloatVector Load(const float* row) { return hn::LoadU(Floats(), row); }
HWY_INLINE FloatVector Load(const double* row) {
  const hn::Rebind<double, hn::Half<Floats>> d;
  const hn::Half<Floats> half;
  const auto low = hn::DemoteTo(half, hn::LoadU(d, row));
  return hn::Combine(Floats(), hn::DemoteTo(half, hn::LoadU(d, row + hn::Lanes(d))), low);
}

HWY_INLINE FloatVector Load(const BFloat16* row) {
  const hn::Rebind<std::uint16_t, Floats> d;
  const Words dw;
  const auto bits = hn::PromoteTo(dw, hn::LoadU(d, reinterpret_cast<const std::uint16_t*>(row)));
  return hn::BitCast(Floats(), hn::ShiftLeft<16>(bits));
}
HWY_INLINE DoubleVector LoadWide(const BFloat16* row) {
  const hn::Rebind<std::uint16_t, Doubles> d;
  const hn::Rebind<std::uint32_t, Doubles> dw;
  const auto bits = hn::PromoteTo(dw, hn::LoadU(d, reinterpret_cast<const std::uint16_t*>(row)));
  return hn::PromoteTo(Doubles(), hn::BitCast(HalfFloats(), hn::ShiftLeft<16>(bits)));
}

// As srm::Half has it. Before AVX2 there is no instruction for it, and what Highway does instead takes an infinite
// number for a large one.
template <class D>
HWY_INLINE hn::Vec<D> LoadHalves(D d, const Half* row) {
#if HWY_ARCH_X86 && HWY_TARGET > HWY_AVX2
  const hn::Rebind<std::uint16_t, D> narrow;
  const hn::Rebind<std::uint32_t, D> wide;
  const auto bits = hn::PromoteTo(wide, hn::LoadU(narrow, reinterpret_cast<const std::uint16_t*>(row)));
  const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(wide, 0x8000u)));
  const auto rest = hn::ShiftLeft<13>(hn::And(bits, hn::Set(wide, 0x7FFFu)));
  const auto number = hn::Mul(hn::BitCast(d, rest), hn::Set(d, 0x1p112f));
  const auto not_finite = hn::BitCast(d, hn::Or(rest, hn::Set(wide, 0x7F800000u)));
  const auto is_finite = hn::RebindMask(d, hn::Lt(rest, hn::Set(wide, 0x7C00u << 13)));
  return hn::Or(hn::IfThenElse(is_finite, number, not_finite), hn::BitCast(d, sign));
#else
  const hn::Rebind<hwy::float16_t, D> narrow;
  return hn::PromoteTo(d, hn::LoadU(narrow, reinterpret_cast<const hwy::float16_t*>(row)));
#endif
}
HWY_INLINE FloatVector Load(const Half* row) { return LoadHalves(Floats(), row); }
HWY_INLINE DoubleVector LoadWide(const Half* row) { return hn::PromoteTo(Doubles(), LoadHalves(HalfFloats(), row)); }

// The twin's tree over its eight lanes, behind which the last numbers of a row have been added one by one.
double SumOfTree(const double* lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

// The same tree: halves are added to each other.
template <class D>
HWY_INLINE double SumOfHalves(D d, hn::Vec<D> lanes) {
  if constexpr (hn::MaxLanes(d) == 1) {
    return hn::GetLane(lanes);
  } else {
    const hn::Half<D> half;
    return SumOfHalves(half, hn::Add(hn::LowerHalf(half, lanes), hn::UpperHalf(half, lanes)));
  }
}

HWY_INLINE double SumOfTree(const DoubleVector (&parts)[kVectors]) {
  if constexpr (kVectors == 1) {
    return SumOfHalves(Doubles(), parts[0]);
  } else if constexpr (kVectors == 2) {
    return SumOfHalves(Doubles(), hn::Add(parts[0], parts[1]));
  } else {
    return SumOfHalves(Doubles(), hn::Add(hn::Add(parts[0], parts[2]), hn::Add(parts[1], parts[3])));
  }
}

#endif
}  // namespace
}  // namespace srm::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
