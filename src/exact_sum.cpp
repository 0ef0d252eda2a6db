#include "srm/exact_sum.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "srm/error.h"

namespace srm {
namespace {

__extension__ using UInt128 = unsigned __int128;

constexpr int kLowestExponent = -1074;  // of the smallest double
constexpr int kBitsOfDigit = 32;
constexpr std::int64_t kBase = std::int64_t{1} << kBitsOfDigit;
constexpr int kBitsOfDouble = std::numeric_limits<double>::digits;

}  // namespace

ExactSum::ExactSum(const Digits& digits) : digits_(digits) {
  for (const std::int64_t digit : digits) {
    if (digit >= 0 && digit < kBase) continue;
    throw Error("exact_sum", fmt::format("each digit must be from 0 and below {}", kBase), fmt::format("{}", digit),
                "this result is damaged or was not made by torchsrm; make it again");
  }
}

void ExactSum::add(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // value = fraction 2^exponent
  int place = exponent - kBitsOfDouble - kLowestExponent;
  std::int64_t mantissa = static_cast<std::int64_t>(std::ldexp(fraction, kBitsOfDouble));
  if (place < 0) {  // subnormal: the bits below 2^-1074 are zeros
    mantissa >>= -place;
    place = 0;
  }
  UInt128 rest = static_cast<UInt128>(mantissa) << (place % kBitsOfDigit);
  for (std::size_t digit = static_cast<std::size_t>(place / kBitsOfDigit); rest != 0; ++digit) {
    rest += static_cast<UInt128>(digits_[digit]);
    digits_[digit] = static_cast<std::int64_t>(rest % kBase);
    rest /= kBase;
  }
}

void ExactSum::add(const ExactSum& other) {
  std::int64_t carry = 0;
  for (std::size_t digit = 0; digit < kNumDigits; ++digit) {
    const std::int64_t sum = digits_[digit] + other.digits_[digit] + carry;
    digits_[digit] = sum % kBase;
    carry = sum / kBase;
  }
}

double ExactSum::value() const {
  double sum = 0;
  int exponent = kLowestExponent;
  for (const std::int64_t digit : digits_) {
    sum += std::ldexp(static_cast<double>(digit), exponent);
    exponent += kBitsOfDigit;
  }
  return sum;
}

}  // namespace srm
