#include "kernels/kept_row.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/fixed_point.h"
#include "kernels/row.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/kept_row.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "kernels/dispatch.h"
#include "kernels/row_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

const KeptKernels* Kernels() { return nullptr; }  // the twins need none

#else
// Each coordinate is summed in the twin's order, and nothing is fused: many of them at once.
template <std::int64_t kCount>
HWY_INLINE void ProjectSome(const double* HWY_RESTRICT columns, std::int64_t num_vectors, std::int64_t dim,
                            const double* HWY_RESTRICT direction, double* HWY_RESTRICT coordinates) {
  const Doubles d;
  DoubleVector sums[kCount];
  for (auto& sum : sums) sum = hn::Zero(d);
  for (std::int64_t k = 0; k < dim; ++k) {
    const auto x = hn::Set(d, direction[k]);
    const double* column = columns + k * num_vectors;
    for (std::int64_t at = 0; at < kCount; ++at) {
      sums[at] = hn::Add(sums[at], hn::Mul(hn::LoadU(d, column + at * kLanes), x));
    }
  }
  for (std::int64_t at = 0; at < kCount; ++at) hn::StoreU(sums[at], d, coordinates + at * kLanes);
}

void Project(const double* columns, std::int64_t num_vectors, std::int64_t dim, const double* direction,
             double* coordinates) {
  constexpr std::int64_t kMany = 8;
  std::int64_t i = 0;
  for (; i + kMany * kLanes <= num_vectors; i += kMany * kLanes) {
    ProjectSome<kMany>(columns + i, num_vectors, dim, direction, coordinates + i);
  }
  for (; i + kLanes <= num_vectors; i += kLanes) {
    ProjectSome<1>(columns + i, num_vectors, dim, direction, coordinates + i);
  }
  for (; i < num_vectors; ++i) {
    coordinates[i] = 0;
    for (std::int64_t k = 0; k < dim; ++k) coordinates[i] += columns[k * num_vectors + i] * direction[k];
  }
}

template <typename Number>
bool NormaliseRow(const Number* HWY_RESTRICT row, std::int64_t dim, const double* HWY_RESTRICT mean,
                  double* HWY_RESTRICT direction) {
  const Doubles d;
  DoubleVector squares[kVectors];
  for (auto& sum : squares) sum = hn::Zero(d);
  auto any = hn::Zero(d);
  std::int64_t k = 0;
  for (; k + 8 <= dim; k += 8) {
    for (std::int64_t part = 0; part < kVectors; ++part) {
      const std::int64_t at = k + part * kLanes;
      auto x = LoadWide(row + at);
      any = hn::Or(any, x);
      if (mean != nullptr) x = hn::Sub(x, hn::LoadU(d, mean + at));
      hn::StoreU(x, d, direction + at);
      squares[part] = hn::Add(squares[part], hn::Mul(x, x));
    }
  }
  bool is_zero = hn::AllTrue(d, hn::Eq(hn::Abs(any), hn::Zero(d)));
  HWY_ALIGN double lanes[8];
  for (std::int64_t part = 0; part < kVectors; ++part) hn::Store(squares[part], d, lanes + part * kLanes);
  for (std::int64_t lane = 0; k < dim; ++k, ++lane) {
    double x = static_cast<double>(row[k]);
    is_zero &= x == 0;
    if (mean != nullptr) x -= mean[k];
    direction[k] = x;
    lanes[lane] += x * x;
  }
  const double sum = SumOfTree(lanes);
  if (is_zero || !is_plain(sum)) return false;
  const double norm = std::sqrt(sum);
  for (k = 0; k + kLanes <= dim; k += kLanes) {
    hn::StoreU(hn::Div(hn::LoadU(d, direction + k), hn::Set(d, norm)), d, direction + k);
  }
  for (; k < dim; ++k) direction[k] /= norm;
  return true;
}

// In the units of fixed_point.h, of numbers of at most 1.
HWY_INLINE void AddUnits(hn::Vec<hn::RebindToSigned<Doubles> > units, std::int64_t* sum) {
  const hn::RebindToSigned<Doubles> dl;
  hn::StoreU(hn::Add(hn::LoadU(dl, sum), units), dl, sum);
}

// The neighbours of 1.5 2^52 are whole numbers, whose bits count on.
HWY_INLINE hn::Vec<hn::RebindToSigned<Doubles> > Units(DoubleVector value) {
  const hn::RebindToSigned<Doubles> dl;
  const auto whole = hn::Set(Doubles(), 0x1.8p52);
  return hn::Sub(hn::BitCast(dl, hn::Add(value, whole)), hn::BitCast(dl, whole));
}

HWY_INLINE hn::Vec<HalfFloats> Scaled(DoubleVector value) {
  return hn::Mul(hn::DemoteTo(HalfFloats(), value), hn::Set(HalfFloats(), 128.0f));
}

void AddDirectionTo(const double* HWY_RESTRICT direction, std::int64_t dim, std::int64_t* HWY_RESTRICT sum) {
  const Doubles d;
  std::int64_t k = 0;
  for (; k + kLanes <= dim; k += kLanes) {
    const auto y = hn::PromoteTo(d, Scaled(hn::LoadU(d, direction + k)));
    AddUnits(Units(hn::Mul(y, hn::Set(d, 0x1p13))), sum + k);
  }
  for (; k < dim; ++k) sum[k] += direction_units(static_cast<float>(direction[k]) * 128);
}

KeptRow PrepareCoordinates(const double* HWY_RESTRICT coordinates, std::int64_t num_vectors,
                           const double* HWY_RESTRICT bounds, std::int64_t* HWY_RESTRICT quartics,
                           std::uint64_t* HWY_RESTRICT heavy) {
  const Doubles d;
  DoubleVector sums[kVectors];
  for (auto& sum : sums) sum = hn::Zero(d);
  KeptRow row = {0, 0};
  std::fill_n(heavy, (num_vectors + 63) / 64, std::uint64_t{0});
  std::int64_t k = 0;
  for (; k + 8 <= num_vectors; k += 8) {
    for (std::int64_t part = 0; part < kVectors; ++part) {
      const std::int64_t at = k + part * kLanes;
      const auto c = hn::LoadU(d, coordinates + at);
      const auto square = hn::Mul(c, c);
      sums[part] = hn::Add(sums[part], hn::Mul(square, square));
      const auto y = Scaled(c);
      const auto y_squared = hn::Mul(y, y);
      if (quartics != nullptr) AddUnits(Units(hn::PromoteTo(d, hn::Mul(y_squared, y_squared))), quartics + at);
      const auto is_heavy = hn::Ge(square, hn::LoadU(d, bounds + at));
      if (hn::AllFalse(d, is_heavy)) continue;
      std::uint8_t bits[8] = {};
      hn::StoreMaskBits(d, is_heavy, bits);
      heavy[at / 64] |= static_cast<std::uint64_t>(bits[0]) << (at % 64);
      row.num_heavy += static_cast<std::int32_t>(hn::CountTrue(d, is_heavy));
    }
  }
  HWY_ALIGN double lanes[8];
  for (std::int64_t part = 0; part < kVectors; ++part) hn::Store(sums[part], d, lanes + part * kLanes);
  for (std::int64_t lane = 0; k < num_vectors; ++k, ++lane) {
    const double square = coordinates[k] * coordinates[k];
    lanes[lane] += square * square;
    if (quartics != nullptr) quartics[k] += quartic_units(static_cast<float>(coordinates[k]) * 128);
    heavy[k / 64] |= static_cast<std::uint64_t>(square >= bounds[k]) << (k % 64);
    row.num_heavy += square >= bounds[k] ? 1 : 0;
  }
  row.quartic_sum = SumOfTree(lanes);
  return row;
}

const KeptKernels* Kernels() {
  static constexpr KeptKernels kKernels = {
      {NormaliseRow<float>, NormaliseRow<double>, NormaliseRow<BFloat16>, NormaliseRow<Half>},
      Project,
      AddDirectionTo,
      PrepareCoordinates};
  return &kKernels;
}

#endif

}  // namespace
}  // namespace srm::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace srm::kernels {

HWY_EXPORT(Kernels);

const KeptKernels* kept_kernels(InstructionSet instruction_set) {
  return HWY_DISPATCH_TABLE(Kernels)[dispatch_index(instruction_set)]();
}

}  // namespace srm::kernels
#endif
