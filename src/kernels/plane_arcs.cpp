#include "kernels/plane_arcs.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/plane_arcs.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "kernels/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

const PlaneKernels* Kernels() { return nullptr; }  // the twins need none

#else
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Ints = hn::Rebind<std::int32_t, Floats>;
using Words = hn::Rebind<std::uint32_t, Floats>;
using Doubles = hn::ScalableTag<double>;
using HalfFloats = hn::Rebind<float, Doubles>;
using HalfInts = hn::Rebind<std::int32_t, Doubles>;
using FloatVector = hn::Vec<Floats>;
using DoubleVector = hn::Vec<Doubles>;

constexpr float kNearThreshold = 2e-6f;       // of epsilon / r to 1, within which the twin decides
constexpr double kNearHalf = 0.5 - 6e-6;      // of cos 4 phi in fixed point to a whole number
constexpr std::int32_t kUndecided = 1 << 30;  // in place of a cosine: no cosine is as large

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

HWY_INLINE DoubleVector WithRest(const float* numbers, const float* rests, std::int64_t k) {
  const Doubles d;
  const HalfFloats dh;
  const auto number = hn::PromoteTo(d, hn::LoadU(dh, numbers + k));
  return rests == nullptr ? number : hn::Add(number, hn::PromoteTo(d, hn::LoadU(dh, rests + k)));
}

// cos 4 phi = 1 - 8 (u v / r^2)^2 in fixed point, in float64 but for the inverse of r, which one step of Newton's
// brings from 4e-7 to 6e-13: only what is within 6e-6 of half between two whole numbers could be rounded otherwise than
// by the twin.
HWY_INLINE void FixedCosines(const PlanePoints& points, std::int64_t k, const float* inverse_r, std::int32_t* cosines) {
  const Doubles d;
  const HalfInts di;
  constexpr double kScale = 1 << 20;
  constexpr double kWhole = 0x1.8p52;  // neighbours of it are whole numbers
  const auto u = WithRest(points.u, points.u_rest, k);
  const auto v = WithRest(points.v, points.v_rest, k);
  const auto r_squared = hn::MulAdd(u, u, hn::Mul(v, v));
  const auto inverse = hn::PromoteTo(d, hn::LoadU(HalfFloats(), inverse_r));
  const auto near = hn::Mul(inverse, inverse);
  const auto inverse_squared = hn::Mul(near, hn::NegMulAdd(r_squared, near, hn::Set(d, 2.0)));
  const auto product = hn::Mul(hn::Mul(u, v), inverse_squared);
  const auto scaled = hn::Mul(product, hn::Set(d, -8 * kScale));
  const auto cosine = hn::MulAdd(scaled, product, hn::Set(d, kScale));
  const auto rounded = hn::Sub(hn::Add(cosine, hn::Set(d, kWhole)), hn::Set(d, kWhole));
  const auto is_near = hn::Ge(hn::Abs(hn::Sub(cosine, rounded)), hn::Set(d, kNearHalf));
  const auto result = hn::IfThenElse(is_near, hn::Set(d, static_cast<double>(kUndecided)), rounded);
  hn::StoreU(hn::DemoteTo(di, result), di, cosines + k);
}

void Measure(const PlanePoints& points, const ArcGrid& grid, ArcScratch& scratch) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto half_lanes = static_cast<std::int64_t>(hn::Lanes(Doubles()));
  const auto cells = hn::Set(d, grid.cells_per_radian);
  const auto quarter = hn::Set(d, static_cast<float>(grid.num_distinct) / 4);
  const auto half = hn::Set(d, static_cast<float>(grid.num_distinct) / 2);
  const auto turn = hn::Set(d, grid.turn);
  for (std::int64_t k = 0; k < points.num_points; k += lanes) {
    const auto u = hn::LoadU(d, points.u + k);
    const auto v = hn::LoadU(d, points.v + k);
    const auto abs_u = hn::Abs(u);
    const auto abs_v = hn::Abs(v);
    const auto larger = hn::Max(abs_u, abs_v);
    const auto r = hn::Sqrt(hn::MulAdd(u, u, hn::Mul(v, v)));
    // One division for both 1 / r and 1 / larger.
    const auto inverse = hn::Div(hn::Set(d, 1.0f), hn::Mul(r, larger));
    const auto tangent = hn::Mul(hn::Mul(hn::Min(abs_u, abs_v), r), inverse);
    auto phi = hn::Mul(ArcTangent(tangent), cells);
    phi = hn::IfThenElse(hn::Gt(abs_v, abs_u), hn::Sub(quarter, phi), phi);
    phi = hn::IfThenElse(hn::Lt(u, hn::Zero(d)), hn::Sub(half, phi), phi);
    phi = hn::CopySign(phi, hn::Mul(v, turn));
    hn::StoreU(phi, d, scratch.phi + k);
    const auto inverse_r = hn::Mul(larger, inverse);
    hn::StoreU(hn::Mul(hn::LoadU(d, points.norm + k), inverse_r), d, scratch.inverse_r + k);
    HWY_ALIGN float inverses[hn::MaxLanes(d)];
    hn::Store(inverse_r, d, inverses);
    for (std::int64_t part = 0; part < lanes; part += half_lanes) {
      FixedCosines(points, k + part, inverses + part, scratch.cosine);
    }
  }
}

ArcTotals FindEnds(std::int64_t num_points, float threshold, const ArcGrid& grid, ArcScratch& scratch) {
  const Floats d;
  const Ints di;
  const Words dw;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto one = hn::Set(d, 1.0f);
  const auto half = hn::Set(d, 0.5f);
  const auto cells = hn::Set(d, grid.cells_per_radian);
  const auto round = hn::Set(dw, static_cast<std::uint32_t>(grid.num_distinct));
  const auto clear = hn::Set(d, 0.5f - grid.guard);
  const auto slope = hn::Set(d, grid.guard_slope);
  const auto lane = hn::Iota(di, 0);
  ArcTotals totals;
  auto cosine_sum = hn::Zero(di);
  for (std::int64_t k = 0; k < num_points; k += lanes) {
    const auto inside_list = hn::FirstN(d, static_cast<std::size_t>(std::min(lanes, num_points - k)));
    const auto x = hn::Mul(hn::Set(d, threshold), hn::LoadU(d, scratch.inverse_r + k));
    const auto rest = hn::Sub(one, x);
    const auto near_threshold = hn::Lt(hn::Abs(rest), hn::Set(d, kNearThreshold));
    const auto hit = hn::And(inside_list, hn::Or(hn::Gt(rest, hn::Zero(d)), near_threshold));
    const auto root = hn::Sqrt(hn::Max(rest, hn::Zero(d)));
    const auto half_width = hn::Mul(hn::Mul(root, cells), ArcCosineOverRoot(x));
    const auto phi = hn::LoadU(d, scratch.phi + k);
    const auto low = hn::Sub(phi, half_width);
    const auto high = hn::Add(phi, half_width);
    const auto first = hn::Ceil(low);
    const auto last = hn::Floor(high);
    // How far the ends are from the middle between two grid angles: at most `clear` when rounding cannot matter.
    const auto from_middle =
        hn::Max(hn::Abs(hn::Sub(hn::Sub(first, low), half)), hn::Abs(hn::Sub(hn::Sub(high, last), half)));
    const auto cosine = hn::LoadU(di, scratch.cosine + k);
    const auto is_open = hn::Or(hn::Or(near_threshold, hn::Lt(hn::Mul(hn::Sub(clear, from_middle), root), slope)),
                                hn::RebindMask(d, hn::Eq(cosine, hn::Set(di, kUndecided))));
    const auto undecided = hn::And(hit, is_open);
    const auto counted = hn::AndNot(is_open, hit);
    const auto counted_ints = hn::RebindMask(di, counted);
    const auto to_cells = [&](FloatVector angle) {
      const auto cell = hn::BitCast(dw, hn::ConvertTo(di, hn::IfThenElseZero(counted, angle)));
      return hn::BitCast(di, hn::Min(cell, hn::Add(cell, round)));  // a negative one is huge until it is turned round
    };
    const auto first_cell = to_cells(first);
    const auto end_cell = to_cells(hn::Add(last, one));
    hn::StoreU(first_cell, di, scratch.first + k);
    hn::StoreU(end_cell, di, scratch.end + k);
    totals.num_wrapped += static_cast<std::int64_t>(hn::CountTrue(di, hn::Lt(end_cell, first_cell)));
    totals.num_hits += static_cast<std::int64_t>(hn::CountTrue(d, counted));
    cosine_sum = hn::Add(cosine_sum, hn::IfThenElseZero(counted_ints, cosine));
    if (hn::AllFalse(d, undecided)) continue;
    const auto index = hn::Add(lane, hn::Set(di, static_cast<std::int32_t>(k)));
    const auto mask = hn::RebindMask(di, undecided);
    hn::StoreU(hn::Compress(index, mask), di, scratch.undecided + totals.num_undecided);
    totals.num_undecided += static_cast<std::int64_t>(hn::CountTrue(di, mask));
  }
  totals.cosine_sum = hn::GetLane(hn::SumOfLanes(di, cosine_sum));
  return totals;
}

constexpr std::int32_t kNearCells = 12;  // what lies in no more than these is counted cell by cell

// Ends that lie near each other, as those of rows on one axis do, are counted by comparison: added one after the other
// each would wait for the one before it.
void AddEnds(const std::int32_t* HWY_RESTRICT cells, std::int64_t num_cells, std::int64_t sign,
             std::int64_t* HWY_RESTRICT table) {
  const Ints d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t counted = 0;
  if (num_cells >= lanes) {
    auto lowest = hn::LoadU(d, cells);
    auto highest = lowest;
    for (counted = lanes; counted + lanes <= num_cells; counted += lanes) {
      lowest = hn::Min(lowest, hn::LoadU(d, cells + counted));
      highest = hn::Max(highest, hn::LoadU(d, cells + counted));
    }
    const std::int32_t first = hn::GetLane(hn::MinOfLanes(d, lowest));
    const std::int32_t last = hn::GetLane(hn::MaxOfLanes(d, highest));
    if (last - first >= kNearCells) counted = 0;
    for (std::int32_t cell = first; counted > 0 && cell <= last; ++cell) {
      const auto here = hn::Set(d, cell);
      std::size_t count = 0;
      for (std::int64_t k = 0; k < counted; k += lanes)
        count += hn::CountTrue(d, hn::Eq(hn::LoadU(d, cells + k), here));
      table[cell] += sign * static_cast<std::int64_t>(count);
    }
  }
  for (std::int64_t k = counted; k < num_cells; ++k) table[cells[k]] += sign;
}

const PlaneKernels* Kernels() {
  static constexpr PlaneKernels kKernels = {Measure, FindEnds, AddEnds};
  return &kKernels;
}

#endif

}  // namespace
}  // namespace srm::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace srm::kernels {

HWY_EXPORT(Kernels);

const PlaneKernels* plane_kernels(InstructionSet instruction_set) {
  return HWY_DISPATCH_TABLE(Kernels)[dispatch_index(instruction_set)]();
}

// Sums of the worst roundings of float32 and of both polynomials: 1e-6 radians and two units in the last place of a
// whole turn; of epsilon / r 8e-7, which arccos divides by sqrt(1 - epsilon / r).
ArcGrid::ArcGrid(std::int64_t num_distinct_angles, bool is_reversed)
    : num_distinct(static_cast<std::int32_t>(num_distinct_angles)),
      cells_per_radian(static_cast<float>(static_cast<double>(num_distinct_angles) / (2 * std::numbers::pi))),
      turn(is_reversed ? -1.0f : 1.0f),
      guard(cells_per_radian * 1e-6f + static_cast<float>(num_distinct) * 0x1p-22f),
      guard_slope(cells_per_radian * 8e-7f) {}

}  // namespace srm::kernels
#endif
