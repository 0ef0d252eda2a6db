// PRIVATE, once for each instruction set: what Highway does with more care than is needed here.

#if defined(SRM_KERNELS_ROUNDED_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SRM_KERNELS_ROUNDED_INL_H
#undef SRM_KERNELS_ROUNDED_INL_H
#else
#define SRM_KERNELS_ROUNDED_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace hn = hwy::HWY_NAMESPACE;

/// Numbers of at most 2^30 in size to the nearest integers: hn::NearestInt also looks for those that are larger.
HWY_INLINE hn::Vec<hn::ScalableTag<std::int32_t>> Rounded(hn::Vec<hn::ScalableTag<float>> value) {
#if HWY_TARGET <= HWY_AVX3
  return hn::Vec<hn::ScalableTag<std::int32_t>>{_mm512_cvtps_epi32(value.raw)};
#elif HWY_TARGET == HWY_AVX2
  return hn::Vec<hn::ScalableTag<std::int32_t>>{_mm256_cvtps_epi32(value.raw)};
#else
  return hn::NearestInt(value);
#endif
}

#endif
}  // namespace
}  // namespace srm::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
