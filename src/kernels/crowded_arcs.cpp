#include "kernels/crowded_arcs.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/crowded_arcs.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "kernels/arc_polynomials-inl.h"
#include "kernels/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

const CrowdKernels* Kernels() { return nullptr; }  // the twins need none

#else
// Of u cos theta + v sin theta, which is at most 2^7: six roundings of half a unit in the last place.
constexpr float kNearThreshold = 128 * 5e-7f;
// A corner of a box whose arc is shorter has an end that float32 does not know well.
constexpr float kLeastRest = 1e-3f;

void FindRange(const float* numbers, std::int64_t num_numbers, float* low, float* high) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto smallest = hn::Set(d, numbers[0]);
  auto largest = smallest;
  std::int64_t k = 0;
  for (; k + lanes <= num_numbers; k += lanes) {
    const auto x = hn::LoadU(d, numbers + k);
    smallest = hn::Min(smallest, x);
    largest = hn::Max(largest, x);
  }
  const auto rest = hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(num_numbers - k)), hn::LoadU(d, numbers + k),
                                   hn::Set(d, numbers[0]));
  *low = hn::GetLane(hn::MinOfLanes(d, hn::Min(smallest, rest)));
  *high = hn::GetLane(hn::MaxOfLanes(d, hn::Max(largest, rest)));
}

// A half plane holds all of a box where it holds its corners, and nothing of it where it holds none of them.
void FindCells(const CrowdBox& box, float threshold, const ArcGrid& grid, CrowdCells& cells) {
  const Floats d;
  const Ints di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto turn = static_cast<float>(grid.num_distinct);
  const auto guard = hn::Set(d, grid.guard + grid.guard_slope / std::sqrt(kLeastRest));
  for (std::int64_t plane = 0; plane < kCrowdPlanes; plane += lanes) {
    const auto bits = hn::Set(di, static_cast<std::int32_t>(box.is_turned >> plane));
    const auto bit = hn::Shl(hn::Set(di, 1), hn::Iota(di, 0));
    const auto is_turned = hn::RebindMask(d, hn::TestBit(bits, bit));
    // The axis that all points are near to, in cells.
    const bool is_back = box.u_low < 0;
    const auto axis = hn::IfThenElse(is_turned, hn::Set(d, (is_back ? -0.25f : 0.25f) * turn * grid.turn),
                                     hn::Set(d, is_back ? turn / 2 : 0.0f));
    auto least_rest = hn::Set(d, 1.0f);
    FloatVector first_low, first_high, end_low, end_high;
    for (int corner = 0; corner < 4; ++corner) {
      const auto along = hn::Set(d, (corner & 1) != 0 ? box.u_high : box.u_low);
      const auto across = hn::LoadU(d, ((corner & 2) != 0 ? box.v_high : box.v_low) + plane);
      const auto u = hn::IfThenElse(is_turned, across, along);
      const auto v = hn::IfThenElse(is_turned, along, across);
      const Inverse inverse(u, v);
      const auto x = hn::Mul(hn::Set(d, threshold), inverse.InverseR());
      const auto rest = hn::Sub(hn::Set(d, 1.0f), x);
      least_rest = hn::Min(least_rest, rest);
      auto phi = Phi(u, v, inverse, grid);
      phi = hn::NegMulAdd(hn::Round(hn::Mul(hn::Sub(phi, axis), hn::Set(d, 1 / turn))), hn::Set(d, turn), phi);
      const auto root = hn::Sqrt(hn::Max(rest, hn::Zero(d)));
      const auto half_width = hn::Mul(hn::Mul(root, hn::Set(d, grid.cells_per_radian)), ArcCosineOverRoot(x));
      const auto low = hn::Sub(phi, half_width);
      const auto high = hn::Add(phi, half_width);
      first_low = corner == 0 ? low : hn::Min(first_low, low);
      first_high = corner == 0 ? low : hn::Max(first_high, low);
      end_low = corner == 0 ? high : hn::Min(end_low, high);
      end_high = corner == 0 ? high : hn::Max(end_high, high);
    }
    const auto one = hn::Set(d, 1.0f);
    first_low = hn::Ceil(hn::Sub(first_low, guard));
    first_high = hn::Ceil(hn::Add(first_high, guard));
    end_low = hn::Add(hn::Floor(hn::Sub(end_low, guard)), one);
    end_high = hn::Add(hn::Floor(hn::Add(end_high, guard)), one);
    const auto num_open = hn::Add(hn::Sub(first_high, first_low), hn::Sub(end_high, end_low));
    auto is_good = hn::And(hn::Le(num_open, hn::Set(d, static_cast<float>(kMostOpen))), hn::Le(first_high, end_low));
    is_good = hn::And(is_good, hn::Lt(hn::Sub(end_high, first_low), hn::Set(d, turn)));
    is_good = hn::And(is_good, hn::Ge(least_rest, hn::Set(d, kLeastRest)));
    const auto store = [&](FloatVector cell, std::int32_t* to)
                           HWY_ATTR { hn::StoreU(Rounded(hn::IfThenElseZero(is_good, cell)), di, to + plane); };
    store(first_low, cells.first_low);
    store(first_high, cells.first_high);
    store(end_low, cells.end_low);
    store(end_high, cells.end_high);
  }
}

// At kAngles angles at once: as many compare with the same u and v.
template <int kAngles>
HWY_INLINE bool CountInside(const PlanePoints& points, float threshold, const GridDirections& directions,
                            const std::int32_t* HWY_RESTRICT cells, std::int32_t* HWY_RESTRICT counts) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto above = hn::Set(d, -threshold - kNearThreshold);
  const auto width = hn::Set(d, -2 * kNearThreshold);
  std::size_t inside[kAngles] = {};
  std::size_t perhaps[kAngles] = {};
  FloatVector cosines[kAngles], sines[kAngles];
  for (int angle = 0; angle < kAngles; ++angle) {
    cosines[angle] = hn::Set(d, directions.cosine[cells[angle]]);
    sines[angle] = hn::Set(d, directions.sine[cells[angle]]);
  }
  const auto count = [&](FloatVector u, FloatVector v) HWY_ATTR {
    for (int angle = 0; angle < kAngles; ++angle) {
      const auto beyond = hn::MulAdd(u, cosines[angle], hn::MulAdd(v, sines[angle], above));
      inside[angle] += hn::CountTrue(d, hn::Ge(beyond, hn::Zero(d)));
      perhaps[angle] += hn::CountTrue(d, hn::Ge(beyond, width));
    }
  };
  std::int64_t k = 0;
  for (; k + lanes <= points.num_points; k += lanes) count(hn::LoadU(d, points.u + k), hn::LoadU(d, points.v + k));
  if (k < points.num_points) {  // a point at (0, 0) is inside nowhere
    const auto valid = hn::FirstN(d, static_cast<std::size_t>(points.num_points - k));
    count(hn::IfThenElseZero(valid, hn::LoadU(d, points.u + k)), hn::IfThenElseZero(valid, hn::LoadU(d, points.v + k)));
  }
  bool is_certain = true;
  for (int angle = 0; angle < kAngles; ++angle) {
    counts[angle] = static_cast<std::int32_t>(inside[angle]);
    is_certain &= inside[angle] == perhaps[angle];
  }
  return is_certain;
}

bool CountAllInside(const PlanePoints& points, float threshold, const GridDirections& directions,
                    const std::int32_t* cells, std::int64_t num_cells, std::int32_t* counts) {
  std::int64_t k = 0;
  bool is_certain = true;
  for (; k + 4 <= num_cells; k += 4) is_certain &= CountInside<4>(points, threshold, directions, cells + k, counts + k);
  for (; k + 2 <= num_cells; k += 2) is_certain &= CountInside<2>(points, threshold, directions, cells + k, counts + k);
  if (k < num_cells) is_certain &= CountInside<1>(points, threshold, directions, cells + k, counts + k);
  return is_certain;
}

std::int64_t FindUndecided(const PlanePoints& points, float threshold, const GridDirections& directions,
                           std::int32_t cell, std::uint16_t* indices) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto above = hn::Set(d, -threshold - kNearThreshold);
  const auto width = hn::Set(d, -2 * kNearThreshold);
  const auto cosine = hn::Set(d, directions.cosine[cell]);
  const auto sine = hn::Set(d, directions.sine[cell]);
  std::int64_t count = 0;
  for (std::int64_t k = 0; k < points.num_points; k += lanes) {
    const auto beyond =
        hn::MulAdd(hn::LoadU(d, points.u + k), cosine, hn::MulAdd(hn::LoadU(d, points.v + k), sine, above));
    if (hn::AllFalse(d, hn::And(hn::Lt(beyond, hn::Zero(d)), hn::Ge(beyond, width)))) continue;
    HWY_ALIGN float all[hn::MaxLanes(d)];
    hn::Store(beyond, d, all);
    for (std::int64_t lane = 0; lane < std::min(lanes, points.num_points - k); ++lane) {
      if (all[lane] < 0 && all[lane] >= -2 * kNearThreshold) indices[count++] = static_cast<std::uint16_t>(k + lane);
    }
  }
  return count;
}

std::int64_t SumCosines(const PlanePoints& points) {
  const Floats d;
  const Ints di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(di);  // of at most 1024 points: below 2^30
  std::int64_t k = 0;
  const auto cosines_at = [&](std::int64_t at) HWY_ATTR {
    const auto u = hn::LoadU(d, points.u + at);
    const auto v = hn::LoadU(d, points.v + at);
    return Cosines(u, v, Inverse(u, v).inverse_r_squared);
  };
  for (; k + lanes <= points.num_points; k += lanes) sum = hn::Add(sum, cosines_at(k));
  const auto valid = hn::FirstN(di, static_cast<std::size_t>(points.num_points - k));
  if (k < points.num_points) sum = hn::Add(sum, hn::IfThenElseZero(valid, cosines_at(k)));
  return hn::GetLane(hn::SumOfLanes(di, sum));
}

const CrowdKernels* Kernels() {
  static constexpr CrowdKernels kKernels = {FindRange, FindCells, CountAllInside, FindUndecided, SumCosines};
  return &kKernels;
}

#endif

}  // namespace
}  // namespace srm::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace srm::kernels {

HWY_EXPORT(Kernels);

const CrowdKernels* crowd_kernels(InstructionSet instruction_set) {
  return HWY_DISPATCH_TABLE(Kernels)[dispatch_index(instruction_set)]();
}

}  // namespace srm::kernels
#endif
