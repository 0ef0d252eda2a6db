#include "kernels/direct_row.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "kernels/fixed_point.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/direct_row.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "kernels/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace srm::kernels::HWY_NAMESPACE {
namespace {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

const DirectKernels* Kernels() { return nullptr; }  // the twins need none

#else
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, 8>;
using Floats = hn::Rebind<float, Doubles>;
using Longs = hn::Rebind<std::int64_t, Doubles>;
using DoubleVector = hn::Vec<Doubles>;

constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(Doubles()));
constexpr std::int64_t kVectors = 8 / kLanes;  // the twin sums in eight lanes
constexpr bool kIsFused = HWY_TARGET <= HWY_AVX2 || HWY_ARCH_ARM;

constexpr double kLeastSquares = 1e-24;  // so that float32 can hold all of a row's squares
constexpr double kMostSquares = 1e24;
constexpr double kWhole = 0x1.8p52;  // see fixed_point()
constexpr double kDirectionScale = 1 << 30;
constexpr double kQuarticScale = 1 << 30;

HWY_INLINE DoubleVector Load(const float* row) { return hn::PromoteTo(Doubles(), hn::LoadU(Floats(), row)); }
HWY_INLINE DoubleVector Load(const double* row) { return hn::LoadU(Doubles(), row); }

// The twin's tree over its eight lanes, behind which the last numbers of a row have been added one by one.
double SumOfTree(const double* lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

template <typename Number>
double SumOfSquares(const Number* HWY_RESTRICT row, std::int64_t dim) {
  const Doubles d;
  DoubleVector sums[kVectors];
  for (auto& sum : sums) sum = hn::Zero(d);
  std::int64_t k = 0;
  for (; k + 8 <= dim; k += 8) {
    for (std::int64_t part = 0; part < kVectors; ++part) {
      const auto x = Load(row + k + part * kLanes);
      // Squares of float32 numbers are exact in float64, so that fusing changes nothing.
      sums[part] = std::is_same_v<Number, float> ? hn::MulAdd(x, x, sums[part]) : hn::Add(sums[part], hn::Mul(x, x));
    }
  }
  HWY_ALIGN double lanes[8];
  for (std::int64_t part = 0; part < kVectors; ++part) hn::Store(sums[part], d, lanes + part * kLanes);
  for (std::int64_t lane = 0; k < dim; ++k, ++lane) {
    const double x = static_cast<double>(row[k]);
    lanes[lane] += x * x;
  }
  return SumOfTree(lanes);
}

// x / norm, rounded as a division rounds. With fused operations by Markstein's theorem: a quotient within a unit in the
// last place, its exact remainder, and the inverse rounded correctly give the rounded quotient.
struct Divisor {
  Divisor() = default;
  explicit Divisor(double norm) {
    const double inverse_norm = 1 / norm;
    norm_vector = hn::Set(Doubles(), norm);
    inverse = hn::Set(Doubles(), inverse_norm);
    inverse_rest = hn::Set(Doubles(), std::fma(-inverse_norm, norm, 1.0) * inverse_norm);
  }
  HWY_INLINE DoubleVector Divide(DoubleVector x) const {
    if constexpr (!kIsFused) return hn::Div(x, norm_vector);
    const auto near = hn::MulAdd(x, inverse, hn::Mul(x, inverse_rest));
    return hn::MulAdd(hn::NegMulAdd(near, norm_vector, x), inverse, near);
  }
  DoubleVector norm_vector, inverse, inverse_rest;
};

// The bits of a number near 1.5 2^52 count whole numbers on; what they begin at is taken off once for all rows.
HWY_INLINE hn::Vec<Longs> FixedBits(DoubleVector value, double scale) {
  // The scale is a power of two, so that the product is exact and fusing changes nothing.
  return hn::BitCast(Longs(), hn::MulAdd(value, hn::Set(Doubles(), scale), hn::Set(Doubles(), kWhole)));
}

HWY_INLINE hn::Vec<Longs> BeginOfBits(std::int64_t num_rows) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &kWhole, sizeof bits);
  return hn::Set(Longs(), static_cast<std::int64_t>(bits * static_cast<std::uint64_t>(num_rows)));
}

void MarkHeavy(hn::Mask<Doubles> is_heavy, std::int64_t place, std::uint64_t* heavy) {
  std::uint8_t bits[8] = {};
  hn::StoreMaskBits(Doubles(), is_heavy, bits);
  heavy[place / 64] |= static_cast<std::uint64_t>(bits[0]) << (place % 64);
}

// What the twin does with the last numbers of a row, which fill no eight lanes.
template <typename Number>
void AddLast(const Number* row, std::int64_t first, std::int64_t dim, double bound, const DirectSums& sums,
             const DirectRow& prepared, double* lanes) {
  for (std::int64_t k = first; k < dim; ++k) {
    const double c = static_cast<double>(row[k]) / prepared.norm;
    const double square = c * c;
    lanes[k - first] += square * square;
    sums.directions[k] += fixed_point(c, 1 << 30);
    sums.quartics[k] += fixed_point(square * square, 1 << 30);
    prepared.heavy[k / 64] |= static_cast<std::uint64_t>(square >= bound) << (k % 64);
  }
}

template <typename Number, std::int64_t kRows>
bool Prepare(const Number* HWY_RESTRICT rows, std::int64_t row_stride, std::int64_t dim, double bound,
             const DirectSums& sums, DirectRow* prepared) {
  const Doubles d;
  const Longs dl;
  for (std::int64_t r = 0; r < kRows; ++r) {
    const double squares = SumOfSquares(rows + r * row_stride, dim);
    if (!(squares >= kLeastSquares && squares <= kMostSquares)) return false;
    prepared[r].norm = std::sqrt(squares);
  }
  const auto bounds = hn::Set(d, bound);
  const auto begin = BeginOfBits(kRows);
  Divisor divisors[kRows];
  DoubleVector quartic_sums[kRows][kVectors];
  for (std::int64_t r = 0; r < kRows; ++r) {
    divisors[r] = Divisor(prepared[r].norm);
    for (auto& sum : quartic_sums[r]) sum = hn::Zero(d);
    std::fill_n(prepared[r].heavy, (dim + 63) / 64, std::uint64_t{0});
  }
  std::int64_t k = 0;
  for (; k + 8 <= dim; k += 8) {
    for (std::int64_t part = 0; part < kVectors; ++part) {
      const std::int64_t place = k + part * kLanes;
      auto directions = hn::Sub(hn::LoadU(dl, sums.directions + place), begin);
      auto quartics = hn::Sub(hn::LoadU(dl, sums.quartics + place), begin);
      for (std::int64_t r = 0; r < kRows; ++r) {
        const auto c = divisors[r].Divide(Load(rows + r * row_stride + place));
        const auto square = hn::Mul(c, c);
        const auto quartic = hn::Mul(square, square);
        quartic_sums[r][part] = hn::Add(quartic_sums[r][part], quartic);
        directions = hn::Add(directions, FixedBits(c, kDirectionScale));
        quartics = hn::Add(quartics, FixedBits(quartic, kQuarticScale));
        const auto is_heavy = hn::Ge(square, bounds);
        if (!hn::AllFalse(d, is_heavy)) MarkHeavy(is_heavy, place, prepared[r].heavy);
      }
      hn::StoreU(directions, dl, sums.directions + place);
      hn::StoreU(quartics, dl, sums.quartics + place);
    }
  }
  for (std::int64_t r = 0; r < kRows; ++r) {
    HWY_ALIGN double lanes[8];
    for (std::int64_t part = 0; part < kVectors; ++part) hn::Store(quartic_sums[r][part], d, lanes + part * kLanes);
    AddLast(rows + r * row_stride, k, dim, bound, sums, prepared[r], lanes);
    prepared[r].quartic_sum = SumOfTree(lanes);
  }
  return true;
}

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

const DirectKernels* Kernels() {
  static constexpr DirectKernels kKernels = {
      {Prepare<float, 1>, Prepare<float, kDirectRows>}, {Prepare<double, 1>, Prepare<double, kDirectRows>}, Project};
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
