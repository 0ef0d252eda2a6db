#pragma once

#include <bit>
#include <cstdint>

namespace srm {

/// The bits of a bfloat16 number: the upper half of a float32. Reads the memory of torch.bfloat16.
struct BFloat16 {
  std::uint16_t bits;  ///< as they lie in memory
  /// The same number, exactly.
  explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
  /// The same number, exactly.
  explicit operator double() const { return static_cast<double>(static_cast<float>(*this)); }
};

/// The bits of an IEEE 754 half precision number. Reads the memory of torch.float16.
struct Half {
  std::uint16_t bits;  ///< as they lie in memory
  /// The same number, exactly.
  explicit operator float() const {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
    const std::uint32_t rest = bits & 0x7fff;
    if (rest >= 0x7c00) return std::bit_cast<float>(sign | 0x7f800000 | (rest & 0x3ff) << 13);
    // What stands for 2^-112 times the number: exact, and right for subnormal numbers too.
    return std::bit_cast<float>(sign | rest << 13) * 0x1p112f;
  }
  /// The same number, exactly.
  explicit operator double() const { return static_cast<double>(static_cast<float>(*this)); }
};

}  // namespace srm
