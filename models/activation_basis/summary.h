#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "activation_basis/case.h"

namespace srm::activation_basis {

/// Over seeds.
struct Range {
  double median = 0;
  double min = 0;
  double max = 0;
};
/// Of one value or more; NaN where a value is.
Range range_of(std::vector<double> values);

/// One line of the experiment's table: one kind of network at one place in one basis, over its seeds.
struct SummaryRow {
  std::string network;
  std::int64_t width = 0;
  Stage stage = Stage::kTrained;
  Place place = Place::kAfter;
  JudgedBasis basis = JudgedBasis::kStandard;
  std::int64_t num_seeds = 0;
  Range a4;
  Range z;                             ///< against Haar rotations
  std::int64_t num_significant = 0;    ///< seeds with p <= 0.05
  std::optional<Range> m1_z, m1c_z;    ///< where the function acts
  std::optional<Range> match, halves;  ///< of learned bases
  double chance = 0;                   ///< of the match; its mean over seeds
};

/// The table of `cases`, in their order, then by stage, place and basis.
std::vector<SummaryRow> summarise(std::span<const CaseResult> cases);

}  // namespace srm::activation_basis
