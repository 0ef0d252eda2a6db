// PRIVATE: a result as integers that add up over disjoint data, and what must be the same for that.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "srm/resonance.h"

namespace srm {

/// All numbers of a result that those of disjoint data are added to; sums of 128 bits as limbs of 32, which add up too.
std::vector<std::int64_t> sums_of(const ResonanceParts& parts);

/// Puts sums over results of the same settings in the place of their own.
void put_sums(std::span<const std::int64_t> sums, ResonanceParts& parts);

/// Everything else as name and value, long lists by their checksum.
std::vector<std::pair<std::string, std::string>> settings_of(const ResonanceParts& parts);

}  // namespace srm
