#pragma once

#include <cstdint>

namespace srm::kernels {

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a bijection, so no two numbers share a rank.
inline std::uint64_t mix(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

/// The numbers of SplitMix64: of `bits` and of the ones next to it, independent.
inline std::uint64_t split_mix(std::uint64_t bits) { return mix(bits + 0x9e3779b97f4a7c15u); }

/// Ranks numbers in random order by seed. Mixed twice, so that neighbouring seeds do not rank the same numbers alike.
inline std::uint64_t random_rank(std::uint64_t seed, std::int64_t number) {
  return mix(split_mix(seed) ^ split_mix(static_cast<std::uint64_t>(number)));
}

}  // namespace srm::kernels
