#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace srm::bench {

/// On which side of its target a ratio must be.
enum class Bound { kAtLeast, kAtMost };

/// What a row of the benchmark must reach.
struct Target {
  std::string_view name;
  Bound bound;
  double target;
  /// What this tree does reach where that falls short of the target: what CI holds meanwhile. None where it is met.
  std::optional<double> reached = {};
};

/// Every row that has a target, in the order of the table. A name that stands there twice has a lower and an upper one.
std::span<const Target> targets();

bool has_target(std::string_view name);

bool is_met(const Target& target, double ratio);

/// Which of the two a check holds a ratio against.
enum class Against { kReached, kTarget };

/// Whether a ratio has lost no more than half: at least half of what it should be, or at most twice.
bool is_held(const Target& target, double ratio, Against against);

/// ">= 120" or "<= 0.05".
std::string to_string(const Target& target);

}  // namespace srm::bench
