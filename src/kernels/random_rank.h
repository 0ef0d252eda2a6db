#pragma once

#include <cstdint>

namespace srm::kernels {

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a bijection, so no two numbers share a rank.
inline std::uint64_t mix(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

/// Ranks numbers in random order by seed. Mixed twice, so that neighbouring seeds do not rank the same numbers alike.
inline std::uint64_t random_rank(std::uint64_t seed, std::int64_t number) {
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15u;
  return mix(mix(seed + kGolden) ^ mix(static_cast<std::uint64_t>(number) + kGolden));
}

}  // namespace srm::kernels
