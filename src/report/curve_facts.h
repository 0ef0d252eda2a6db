#pragma once

#include <cstdint>
#include <string>

#include "srm/resonance.h"

namespace srm::report {

/// What a layer is called: its address, and the group where it is one of several.
std::string layer_name(const Resonance& layer);

/// theta_k in degrees: 90 where radians could only say 90.00000000000001.
double angle_degrees(const AngleGrid& grid, std::int64_t k);
/// The same where only the number of distinct angles is known.
double angle_degrees(std::int64_t num_distinct, std::int64_t k);

/// What is told of one plane's curve f at one epsilon.
struct PlaneFacts {
  std::int64_t num_hits = 0;      ///< rows with r >= epsilon in the plane
  double peak = 0;                ///< the largest f, a fraction of the samples seen
  double peak_angle_degrees = 0;  ///< the first angle that has it
  double mean = 0;                ///< over the distinct angles
};
PlaneFacts plane_facts(const Resonance& layer, std::int64_t epsilon_index, std::int64_t plane_index);

/// Whether 90 degrees is b_j itself in that plane; within 1e-6, so that a rotation stored as float32 counts as one.
bool is_orthogonal(const ResonanceParts& parts, const Plane& plane);
/// Whether it is so in all planes that have tables; false where that is not known, the basis not being the standard one
/// and no plane having one.
bool has_orthogonal_planes(const ResonanceParts& parts);

}  // namespace srm::report
