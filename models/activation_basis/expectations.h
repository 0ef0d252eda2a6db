#pragma once

#include <span>
#include <string>
#include <vector>

#include "activation_basis/case.h"

namespace srm::activation_basis {

/// Something that the experiment was expected to show, and what it showed.
struct Expectation {
  std::string network;
  std::string claim;     ///< "after, acting: z": place, basis and number
  std::string expected;  ///< "< -8": of every seed unless it says otherwise
  std::string measured;  ///< "-15.1 (-15.2 to -12.9)": median, smallest and largest of the seeds
  bool holds = false;
  /// Whether it is a figure of earlier runs with other seeds, which five new seeds may well miss, rather than a bound
  /// that the claim stands or falls with.
  bool is_figure = false;
};

/// What was expected of trained networks of width 16, as far as `cases` hold them: bounds first, then figures.
std::vector<Expectation> check_expectations(std::span<const CaseResult> cases);

/// One sentence: what the experiment shows of its question, whether the activation function privileges the basis that
/// it acts in. It claims nothing that the bounds checked do not bear.
std::string conclusion(std::span<const CaseResult> cases, std::span<const Expectation> expectations);

}  // namespace srm::activation_basis
