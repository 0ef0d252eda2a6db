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

struct Measured {
  FloatVector phi;
  FloatVector inverse_r;
  hn::Vec<Ints> cosine;
};

HWY_INLINE Measured MeasuredOf(FloatVector u, FloatVector v, const ArcGrid& grid) {
  const Inverse inverse(u, v);
  return {Phi(u, v, inverse, grid), inverse.InverseR(), Cosines(u, v, inverse.inverse_r_squared)};
}

// Arcs at one epsilon, a vector of points after the other.
class EndFinder {
 public:
  EndFinder(const ArcThresholds& thresholds, const ArcGrid& grid, ArcScratch& scratch)
      : scratch_(scratch),
        has_next_(thresholds.next > 0),
        threshold_(hn::Set(d_, thresholds.now)),
        next_(hn::Set(d_, thresholds.next)),
        cells_(hn::Set(d_, grid.cells_per_radian)),
        round_(hn::Set(dw_, static_cast<std::uint32_t>(grid.num_distinct))),
        clear_(hn::Set(d_, 0.5f - grid.guard)),
        slope_(hn::Set(d_, grid.guard_slope)),
        cosine_sum_(hn::Zero(di_)) {}

  // The points from `k` on, of which `index` tells which these are.
  HWY_INLINE void Find(std::int64_t k, const Measured& points, hn::Vec<Ints> index) {
    if (has_next_) Keep(k, points, index);
    const auto one = hn::Set(d_, 1.0f);
    const auto half = hn::Set(d_, 0.5f);
    const auto x = hn::Mul(threshold_, points.inverse_r);
    const auto rest = hn::Sub(one, x);
    const auto hit = hn::Gt(rest, hn::Set(d_, -kNearThreshold));
    const auto root = hn::Sqrt(hn::Max(rest, hn::Zero(d_)));
    const auto half_width = hn::Mul(hn::Mul(root, cells_), ArcCosineOverRoot(x));
    const auto low = hn::Sub(points.phi, half_width);
    const auto high = hn::Add(points.phi, half_width);
    const auto first = hn::Ceil(low);
    const auto last = hn::Floor(high);
    // How far the ends are from the middle between two grid angles: at most `clear` when rounding cannot matter.
    const auto from_middle =
        hn::Max(hn::Abs(hn::Sub(hn::Sub(first, low), half)), hn::Abs(hn::Sub(hn::Sub(high, last), half)));
    const auto is_clear =
        hn::And(hn::Ge(hn::Mul(hn::Sub(clear_, from_middle), root), slope_), hn::Gt(rest, hn::Set(d_, kNearThreshold)));
    const auto counted = hn::And(hit, is_clear);
    const auto first_cell = ToCells(counted, first);
    const auto end_cell = ToCells(counted, hn::Add(last, one));
    hn::StoreU(first_cell, di_, scratch_.first + k);
    hn::StoreU(end_cell, di_, scratch_.end + k);
    totals_.num_wrapped += static_cast<std::int64_t>(hn::CountTrue(di_, hn::Lt(end_cell, first_cell)));
    totals_.num_hits += static_cast<std::int64_t>(hn::CountTrue(d_, counted));
    cosine_sum_ = hn::Add(cosine_sum_, hn::IfThenElseZero(hn::RebindMask(di_, counted), points.cosine));
    const auto undecided = hn::AndNot(is_clear, hit);
    if (!hn::AllFalse(d_, undecided)) {
      const auto mask = hn::RebindMask(di_, undecided);
      hn::StoreU(hn::Compress(index, mask), di_, scratch_.undecided + totals_.num_undecided);
      totals_.num_undecided += static_cast<std::int64_t>(hn::CountTrue(di_, mask));
    }
  }
  ArcTotals Totals() {
    totals_.cosine_sum = hn::GetLane(hn::SumOfLanes(di_, cosine_sum_));
    // No point has such an r; behind the last point it stands for the end.
    hn::StoreU(hn::Set(d_, std::numeric_limits<float>::infinity()), d_, scratch_.inverse_r + totals_.num_left);
    return totals_;
  }

 private:
  // What this epsilon may not hit no larger one does. Without compression all are kept.
  HWY_INLINE void Keep(std::int64_t k, const Measured& points, hn::Vec<Ints> index) {
    if (!kCompresses) {
      Store(points, index, k);
      totals_.num_left = k + static_cast<std::int64_t>(hn::Lanes(d_));
      return;
    }
    const auto x = hn::Mul(next_, points.inverse_r);
    const auto kept = hn::Gt(hn::Sub(hn::Set(d_, 1.0f), x), hn::Set(d_, -kNearThreshold));
    if (hn::AllFalse(d_, kept)) return;
    const auto kept_ints = hn::RebindMask(di_, kept);
    Store(
        {hn::Compress(points.phi, kept), hn::Compress(points.inverse_r, kept), hn::Compress(points.cosine, kept_ints)},
        hn::Compress(index, kept_ints), totals_.num_left);
    totals_.num_left += static_cast<std::int64_t>(hn::CountTrue(d_, kept));
  }
  HWY_INLINE void Store(const Measured& points, hn::Vec<Ints> index, std::int64_t to) {
    hn::StoreU(points.phi, d_, scratch_.phi + to);
    hn::StoreU(points.inverse_r, d_, scratch_.inverse_r + to);
    hn::StoreU(points.cosine, di_, scratch_.cosine + to);
    hn::StoreU(index, di_, scratch_.index + to);
  }
  HWY_INLINE hn::Vec<Ints> ToCells(hn::Mask<Floats> counted, FloatVector angle) const {
    const auto cell = hn::BitCast(dw_, Rounded(hn::IfThenElseZero(counted, angle)));
    return hn::BitCast(di_, hn::Min(cell, hn::Add(cell, round_)));  // a negative one is huge until it is turned round
  }

  const Floats d_ = {};
  const Ints di_ = {};
  const Words dw_ = {};
  ArcScratch& scratch_;
  bool has_next_;
  FloatVector threshold_, next_, cells_;
  hn::Vec<Words> round_;
  FloatVector clear_, slope_;
  hn::Vec<Ints> cosine_sum_;
  ArcTotals totals_;
};

ArcTotals FindArcs(const PlanePoints& points, const ArcThresholds& thresholds, const ArcGrid& grid,
                   ArcScratch& scratch) {
  const Floats d;
  const Ints di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  EndFinder finder(thresholds, grid, scratch);
  auto index = hn::Iota(di, 0);
  std::int64_t k = 0;
  for (; k + lanes <= points.num_points; k += lanes) {
    finder.Find(k, MeasuredOf(hn::LoadU(d, points.u + k), hn::LoadU(d, points.v + k), grid), index);
    index = hn::Add(index, hn::Set(di, static_cast<std::int32_t>(lanes)));
  }
  if (k == points.num_points) return finder.Totals();
  const auto valid = hn::FirstN(d, static_cast<std::size_t>(points.num_points - k));
  const auto u = hn::IfThenElseZero(valid, hn::LoadU(d, points.u + k));
  finder.Find(k, MeasuredOf(u, hn::IfThenElseZero(valid, hn::LoadU(d, points.v + k)), grid), index);
  return finder.Totals();
}

// A point at (0, 0), as there are behind the last one, has no 1 / r and is never hit.
ArcTotals FindEnds(std::int64_t num_points, const ArcThresholds& thresholds, const ArcGrid& grid, ArcScratch& scratch) {
  const Floats d;
  const Ints di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  EndFinder finder(thresholds, grid, scratch);
  for (std::int64_t k = 0; k < num_points; k += lanes) {
    const Measured measured = {hn::LoadU(d, scratch.phi + k), hn::LoadU(d, scratch.inverse_r + k),
                               hn::LoadU(di, scratch.cosine + k)};
    finder.Find(k, measured, hn::LoadU(di, scratch.index + k));
  }
  return finder.Totals();
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
  static constexpr PlaneKernels kKernels = {FindArcs, FindEnds, AddEnds<std::int64_t>, AddEnds<NarrowCell>};
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

// Sums of the worst roundings of float32, half a unit in the last place each, and of both polynomials: of phi and of
// the half-width 8e-7 radians together, and of their sums a unit in the last place of half a turn; of epsilon /
// r 6.5e-7 (two for u and v, ten for 1 / r, two for the product), which arccos divides by sqrt(1 - epsilon / r).
ArcGrid::ArcGrid(std::int64_t num_distinct_angles, bool is_reversed)
    : num_distinct(static_cast<std::int32_t>(num_distinct_angles)),
      cells_per_radian(static_cast<float>(static_cast<double>(num_distinct_angles) / (2 * std::numbers::pi))),
      turn(is_reversed ? -1.0f : 1.0f),
      guard(cells_per_radian * 8e-7f + static_cast<float>(num_distinct) * 0x1p-23f),
      guard_slope(cells_per_radian * 6.5e-7f) {}

}  // namespace srm::kernels
#endif
