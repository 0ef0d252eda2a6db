// PRIVATE, once for each instruction set: sums over rows of 16-bit numbers, whose squares float32 holds exactly. In the
// order of narrow_moments_of() in kernels/row.h.

#if defined(SRM_KERNELS_NARROW_MOMENTS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SRM_KERNELS_NARROW_MOMENTS_INL_H
#undef SRM_KERNELS_NARROW_MOMENTS_INL_H
#else
#define SRM_KERNELS_NARROW_MOMENTS_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "kernels/row.h"
#include "kernels/row_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
constexpr std::int64_t kChunkVectors = kNarrowChunk / kFloatLanes;

// A chunk of numbers, each at its narrow_lane(). Those of bfloat16 are halves of words: nothing has to be moved.
HWY_INLINE void LoadChunk(const BFloat16* numbers, FloatVector (&chunk)[kChunkVectors]) {
  const Floats d;
  const Words dw;
  for (std::int64_t part = 0; part < kChunkVectors / 2; ++part) {
    const auto* pairs = reinterpret_cast<const std::uint32_t*>(numbers + 2 * part * kFloatLanes);
    const auto words = hn::LoadU(dw, pairs);
    chunk[part] = hn::BitCast(d, hn::ShiftLeft<16>(words));
    chunk[part + kChunkVectors / 2] = hn::BitCast(d, hn::And(words, hn::Set(dw, 0xFFFF0000u)));
  }
}
HWY_INLINE void LoadChunk(const Half* numbers, FloatVector (&chunk)[kChunkVectors]) {
  for (std::int64_t part = 0; part < kChunkVectors; ++part) chunk[part] = Load(numbers + part * kFloatLanes);
}

// A sum of one row.
class NarrowSum {
 public:
  HWY_INLINE NarrowSum() {
    for (auto& sum : folded_) sum = hn::Zero(Doubles());
  }
  HWY_INLINE void Fold(const FloatVector (&lanes)[kChunkVectors]) {
    HWY_ALIGN float halves[kNarrowChunk / 2];
    for (std::int64_t part = 0; part < kChunkVectors / 2; ++part) {
      const auto half = hn::Add(lanes[part], lanes[part + kChunkVectors / 2]);
      hn::Store(half, Floats(), halves + part * kFloatLanes);
    }
    for (std::int64_t part = 0; part < 2 * kVectors; ++part) {
      folded_[part] = hn::Add(folded_[part], LoadWide(halves + part * kLanes));
    }
  }
  HWY_INLINE double Total() const {
    DoubleVector eight[kVectors];
    for (std::int64_t part = 0; part < kVectors; ++part) eight[part] = hn::Add(folded_[part], folded_[part + kVectors]);
    return SumOfTree(eight);
  }

 private:
  DoubleVector folded_[2 * kVectors];
};

// Asks the memory for as many numbers from `ahead` on.
template <typename Number>
HWY_INLINE void FindNarrowMoments(const Number* HWY_RESTRICT row, std::int64_t dim, const Number* ahead,
                                  double* square_sum, double* quartic_sum) {
  NarrowSum square_total, quartic_total;
  for (std::int64_t first = 0; first < dim; first += kNarrowChunk * kNarrowChunks) {
    FloatVector squares[kChunkVectors];
    FloatVector quartics[kChunkVectors];
    for (auto& sum : squares) sum = hn::Zero(Floats());
    for (auto& sum : quartics) sum = hn::Zero(Floats());
    const auto add = [&](const Number* numbers) HWY_ATTR {
      FloatVector chunk[kChunkVectors];
      LoadChunk(numbers, chunk);
      for (std::int64_t part = 0; part < kChunkVectors; ++part) {
        const auto square = hn::Mul(chunk[part], chunk[part]);
        squares[part] = hn::Add(squares[part], square);
        quartics[part] = hn::Add(quartics[part], hn::Mul(square, square));
      }
    };
    const std::int64_t last = std::min(first + kNarrowChunk * kNarrowChunks, dim);
    std::int64_t k = first;
    for (; k + kNarrowChunk <= last; k += kNarrowChunk) {
      add(row + k);
    }
    if (k < last) {
      Number rest[kNarrowChunk] = {};
      std::copy_n(row + k, last - k, rest);
      add(rest);
    }
    square_total.Fold(squares);
    quartic_total.Fold(quartics);
  }
  *square_sum = square_total.Total();
  *quartic_sum = quartic_total.Total();
}

#endif
}  // namespace
}  // namespace srm::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
