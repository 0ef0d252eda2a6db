#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "srm/error.h"

namespace srm {

// What values that may come from damaged files, and sums of them, are checked with.

/// Throws srm::Error with `rule` and `got` unless it holds.
inline void require(bool holds, std::string_view where, std::string_view rule, const std::string& got) {
  if (!holds) throw Error(where, rule, got, "this result is damaged or was not made by torchsrm; make it again");
}

inline void require_size(std::size_t size, std::int64_t wanted, std::string_view where, std::string_view name) {
  require(static_cast<std::int64_t>(size) == wanted, where, fmt::format("{} must hold {} numbers", name, wanted),
          fmt::format("{}", size));
}

/// Of sizes of at least 0; what is no number of bytes that exist is the largest.
inline std::int64_t product(std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result)) return std::numeric_limits<std::int64_t>::max();
  }
  return result;
}

/// Adds `value`, or throws srm::Error when the sum does not fit.
inline void add_exactly(std::int64_t& sum, std::int64_t value, std::string_view where) {
  if (__builtin_add_overflow(sum, value, &sum)) {
    throw Error(where, "every sum must fit into 64 bits", "an overflow", "keep these results apart");
  }
}
/// The same number by number; `values` are at most as many.
inline void add_exactly(std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& values,
                        std::string_view where) {
  for (std::size_t k = 0; k < values.size(); ++k) add_exactly(sum[k], values[k], where);
}

/// Throws srm::Error naming the setting and both its values when two results that are merged differ in it.
inline void require_same(std::string_view name, const std::string& a, const std::string& b, std::string_view where) {
  if (a == b) return;
  throw Error(where, fmt::format("{} must be the same in both", name), fmt::format("{} and {}", a, b),
              "merge only results that were observed with the same settings");
}

}  // namespace srm
