#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "srm/resonance.h"

namespace srm::report {

/// Which curve of a plane: f, or g(theta) = f(theta) - f(theta + 180 degrees).
enum class CurveKind { kPositive, kSigned };

/// Between which counts nine of ten planes lie, by angle.
struct PlaneBand {
  std::vector<std::int64_t>
      low;  ///< the least count that 5 % of the planes do not exceed, (K) without a repeated angle
  std::vector<std::int64_t> high;  ///< the least count that 95 % of them do not exceed
};

/// Exact, over all planes that have tables; none where the layer's spread over planes is unknown (see
/// Resonance::holistic_std()), where it saw no samples, or for kSigned where neither signed counts nor a half turn of
/// the grid are there.
std::optional<PlaneBand> plane_band(const Resonance& layer, std::int64_t epsilon_index, CurveKind kind);

}  // namespace srm::report
