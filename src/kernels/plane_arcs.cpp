#include "kernels/plane_arcs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/plane_arcs.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "kernels/arc_polynomials-inl.h"
#include "kernels/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

const PlaneKernels* Kernels() { return nullptr; }  // the twins need none

#else
namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::Rebind<std::uint32_t, Floats>;

constexpr float kNearThreshold = 2e-6f;  // of epsilon / r to 1, within which the twin decides
// Elsewhere Highway compresses by a table that compilers copy at each use.
constexpr bool kCompresses = HWY_TARGET <= HWY_AVX3;

// No point has such an r; behind the last point it stands for the end.
HWY_INLINE void EndAt(std::int64_t num_points, ArcScratch& scratch) {
  const Floats d;
  hn::StoreU(hn::Set(d, std::numeric_limits<float>::infinity()), d, scratch.inverse_r + num_points);
}

void Measure(const PlanePoints& points, const ArcGrid& grid, ArcScratch& scratch) {
  const Floats d;
  const Ints di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto index = hn::Iota(di, 0);
  for (std::int64_t k = 0; k < points.num_points; k += lanes) {
    const auto u = hn::LoadU(d, points.u + k);
    const auto v = hn::LoadU(d, points.v + k);
    const Inverse inverse(u, v);
    hn::StoreU(Phi(u, v, inverse, grid), d, scratch.phi + k);
    hn::StoreU(inverse.InverseR(), d, scratch.inverse_r + k);
    hn::StoreU(Cosines(u, v, inverse.inverse_r_squared), di, scratch.cosine + k);
    hn::StoreU(index, di, scratch.index + k);
    index = hn::Add(index, hn::Set(di, static_cast<std::int32_t>(lanes)));
  }
  EndAt(points.num_points, scratch);
}

template <bool kKeepsHits>
HWY_INLINE ArcTotals FindEndsOf(std::int64_t num_points, float threshold, const ArcGrid& grid, ArcScratch& scratch) {
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
  ArcTotals totals;
  auto cosine_sum = hn::Zero(di);
  for (std::int64_t k = 0; k < num_points; k += lanes) {
    const auto inverse_r = hn::LoadU(d, scratch.inverse_r + k);
    const auto phi = hn::LoadU(d, scratch.phi + k);
    const auto cosine = hn::LoadU(di, scratch.cosine + k);
    const auto index = hn::LoadU(di, scratch.index + k);
    const auto x = hn::Mul(hn::Set(d, threshold), inverse_r);
    const auto rest = hn::Sub(one, x);
    const auto hit = hn::Gt(rest, hn::Set(d, -kNearThreshold));
    const auto root = hn::Sqrt(hn::Max(rest, hn::Zero(d)));
    const auto half_width = hn::Mul(hn::Mul(root, cells), ArcCosineOverRoot(x));
    const auto low = hn::Sub(phi, half_width);
    const auto high = hn::Add(phi, half_width);
    const auto first = hn::Ceil(low);
    const auto last = hn::Floor(high);
    // How far the ends are from the middle between two grid angles: at most `clear` when rounding cannot matter.
    const auto from_middle =
        hn::Max(hn::Abs(hn::Sub(hn::Sub(first, low), half)), hn::Abs(hn::Sub(hn::Sub(high, last), half)));
    const auto is_clear = hn::And(hn::Ge(hn::Mul(hn::Sub(clear, from_middle), root), slope),
                                  hn::Gt(rest, hn::Set(d, kNearThreshold)));
    const auto counted = hn::And(hit, is_clear);
    const auto to_cells = [&](FloatVector angle) HWY_ATTR {
      const auto cell = hn::BitCast(dw, Rounded(hn::IfThenElseZero(counted, angle)));
      return hn::BitCast(di, hn::Min(cell, hn::Add(cell, round)));  // a negative one is huge until it is turned round
    };
    const auto first_cell = to_cells(first);
    const auto end_cell = to_cells(hn::Add(last, one));
    hn::StoreU(first_cell, di, scratch.first + k);
    hn::StoreU(end_cell, di, scratch.end + k);
    totals.num_wrapped += static_cast<std::int64_t>(hn::CountTrue(di, hn::Lt(end_cell, first_cell)));
    totals.num_hits += static_cast<std::int64_t>(hn::CountTrue(d, counted));
    cosine_sum = hn::Add(cosine_sum, hn::IfThenElseZero(hn::RebindMask(di, counted), cosine));
    const auto undecided = hn::AndNot(is_clear, hit);
    if (!hn::AllFalse(d, undecided)) {
      const auto mask = hn::RebindMask(di, undecided);
      hn::StoreU(hn::Compress(index, mask), di, scratch.undecided + totals.num_undecided);
      totals.num_undecided += static_cast<std::int64_t>(hn::CountTrue(di, mask));
    }
    if (!kKeepsHits) continue;
    hn::StoreU(hn::Compress(inverse_r, hit), d, scratch.inverse_r + totals.num_left);
    hn::StoreU(hn::Compress(phi, hit), d, scratch.phi + totals.num_left);
    const auto kept = hn::RebindMask(di, hit);
    hn::StoreU(hn::Compress(cosine, kept), di, scratch.cosine + totals.num_left);
    hn::StoreU(hn::Compress(index, kept), di, scratch.index + totals.num_left);
    totals.num_left += static_cast<std::int64_t>(hn::CountTrue(d, hit));
  }
  totals.cosine_sum = hn::GetLane(hn::SumOfLanes(di, cosine_sum));
  if (kKeepsHits) {
    EndAt(totals.num_left, scratch);
  } else {
    totals.num_left = num_points;
  }
  return totals;
}

ArcTotals FindEnds(std::int64_t num_points, float threshold, bool keeps_hits, const ArcGrid& grid,
                   ArcScratch& scratch) {
  if (kCompresses && keeps_hits) return FindEndsOf<true>(num_points, threshold, grid, scratch);
  return FindEndsOf<false>(num_points, threshold, grid, scratch);
}

constexpr std::int32_t kNearCells = 12;  // what lies in no more than these is counted cell by cell

// Ends that lie near each other, as those of rows on one axis do, are counted by comparison: added one after the other
// each would wait for the one before it.
template <typename Cell>
void AddEnds(const std::int32_t* HWY_RESTRICT cells, std::int64_t num_cells, int sign, Cell* HWY_RESTRICT table) {
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
      table[cell] += sign * static_cast<int>(count);
    }
  }
  for (std::int64_t k = counted; k < num_cells; ++k) table[cells[k]] += sign;
}

const PlaneKernels* Kernels() {
  static constexpr PlaneKernels kKernels = {Measure, FindEnds, AddEnds<std::int64_t>, AddEnds<NarrowCell>};
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

// Sums of the worst roundings of float32, half a unit in the last place each, and of both polynomials: of phi and of the
// half-width 8e-7 radians together, and of their sums a unit in the last place of half a turn; of epsilon / r 6.5e-7
// (two for u and v, ten for 1 / r, two for the product), which arccos divides by sqrt(1 - epsilon / r).
ArcGrid::ArcGrid(std::int64_t num_distinct_angles, bool is_reversed)
    : num_distinct(static_cast<std::int32_t>(num_distinct_angles)),
      cells_per_radian(static_cast<float>(static_cast<double>(num_distinct_angles) / (2 * std::numbers::pi))),
      turn(is_reversed ? -1.0f : 1.0f),
      guard(cells_per_radian * 8e-7f + static_cast<float>(num_distinct) * 0x1p-23f),
      guard_slope(cells_per_radian * 6.5e-7f) {}

}  // namespace srm::kernels
#endif
