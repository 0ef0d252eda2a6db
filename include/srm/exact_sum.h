#pragma once

#include <array>
#include <cstdint>

namespace srm {

/// A sum of finite numbers of at least zero that loses nothing: it is kept as an integer multiple of 2^-1074, of which
/// every double is one, and so does not depend on the order of what was added. Holds more than 2^63 of any numbers.
class ExactSum {
 public:
  static constexpr std::size_t kNumDigits = 68;  ///< of a sum
  /// To the base 2^32, the lowest first.
  using Digits = std::array<std::int64_t, kNumDigits>;

  ExactSum() = default;
  /// Throws srm::Error unless each digit is at least 0 and below 2^32.
  explicit ExactSum(const Digits& digits);

  /// `value` must be finite and at least zero.
  void add(double value);
  /// Adds another sum, exactly.
  void add(const ExactSum& other);

  /// The sum as it is kept, for files.
  const Digits& digits() const { return digits_; }
  /// The sum to within 2^-52 of itself; infinite above the largest double.
  double value() const;

  friend bool operator==(const ExactSum&, const ExactSum&) = default;

 private:
  Digits digits_ = {};
};

}  // namespace srm
