// PRIVATE, once for each instruction set: where arcs of points in a plane begin and end.

#if defined(SRM_KERNELS_ARC_POLYNOMIALS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SRM_KERNELS_ARC_POLYNOMIALS_INL_H
#undef SRM_KERNELS_ARC_POLYNOMIALS_INL_H
#else
#define SRM_KERNELS_ARC_POLYNOMIALS_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "kernels/plane_arcs.h"
#include "kernels/rounded-inl.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Ints = hn::Rebind<std::int32_t, Floats>;
using FloatVector = hn::Vec<Floats>;

// arctan of t in [0, 1], to 2e-8: Abramowitz and Stegun, 4.4.49.
HWY_INLINE FloatVector ArcTangent(FloatVector t) {
  const Floats d;
  const auto z = hn::Mul(t, t);
  auto p = hn::Set(d, 0.0028662257f);
  p = hn::MulAdd(p, z, hn::Set(d, -0.0161657367f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.0429096138f));
  p = hn::MulAdd(p, z, hn::Set(d, -0.0752896400f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.1065626393f));
  p = hn::MulAdd(p, z, hn::Set(d, -0.1420889944f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.1999355085f));
  p = hn::MulAdd(p, z, hn::Set(d, -0.3333314528f));
  return hn::MulAdd(hn::Mul(p, z), t, t);
}

// arccos x / sqrt(1 - x) of x in [0, 1], to 2e-8: Abramowitz and Stegun, 4.4.46.
HWY_INLINE FloatVector ArcCosineOverRoot(FloatVector x) {
  const Floats d;
  auto p = hn::Set(d, -0.0012624911f);
  p = hn::MulAdd(p, x, hn::Set(d, 0.0066700901f));
  p = hn::MulAdd(p, x, hn::Set(d, -0.0170881256f));
  p = hn::MulAdd(p, x, hn::Set(d, 0.0308918810f));
  p = hn::MulAdd(p, x, hn::Set(d, -0.0501743046f));
  p = hn::MulAdd(p, x, hn::Set(d, 0.0889789874f));
  p = hn::MulAdd(p, x, hn::Set(d, -0.2145988016f));
  return hn::MulAdd(p, x, hn::Set(d, 1.5707963050f));
}

// 1 / (r^2 larger), of which cosine_units() makes cos 4 phi in the same order of operations: nothing is fused.
struct Inverse {
  HWY_INLINE Inverse(FloatVector u, FloatVector v)
      : r_squared(hn::Add(hn::Mul(u, u), hn::Mul(v, v))),
        larger(hn::Max(hn::Abs(u), hn::Abs(v))),
        inverse(hn::Div(hn::Set(Floats(), 1.0f), hn::Mul(r_squared, larger))),
        inverse_r_squared(hn::Mul(larger, inverse)) {}
  HWY_INLINE FloatVector InverseR() const { return hn::Mul(hn::Sqrt(r_squared), inverse_r_squared); }
  FloatVector r_squared, larger, inverse, inverse_r_squared;
};

HWY_INLINE hn::Vec<Ints> Cosines(FloatVector u, FloatVector v, FloatVector inverse_r_squared) {
  const Floats d;
  const auto t = hn::Mul(hn::Mul(u, v), inverse_r_squared);
  return Rounded(hn::NegMulAdd(hn::Mul(t, t), hn::Set(d, 0x1p23f), hn::Set(d, 0x1p20f)));
}

// phi of (u, v) in cells, from -half a turn to half a turn.
HWY_INLINE FloatVector Phi(FloatVector u, FloatVector v, const Inverse& inverse, const ArcGrid& grid) {
  const Floats d;
  const auto abs_v = hn::Abs(v);
  const auto smaller = hn::Min(hn::Abs(u), abs_v);
  const auto tangent = hn::Mul(hn::Mul(smaller, inverse.r_squared), inverse.inverse);
  auto phi = hn::Mul(ArcTangent(tangent), hn::Set(d, grid.cells_per_radian));
  phi =
      hn::IfThenElse(hn::Lt(smaller, abs_v), hn::Sub(hn::Set(d, static_cast<float>(grid.num_distinct) / 4), phi), phi);
  phi =
      hn::IfThenElse(hn::Lt(u, hn::Zero(d)), hn::Sub(hn::Set(d, static_cast<float>(grid.num_distinct) / 2), phi), phi);
  return hn::CopySign(phi, hn::Mul(v, hn::Set(d, grid.turn)));
}

#endif
}  // namespace
}  // namespace srm::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
