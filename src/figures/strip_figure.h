#pragma once

#include <string>
#include <vector>

#include "figures/figure.h"
#include "srm/results.h"

namespace srm::figures {

/// A curve as a row of colours.
struct StripRow {
  std::string name;                 ///< as it may be drawn
  std::vector<double> log2_ratios;  ///< of the curve to its own mean over angles, by degree (360); none: no curve
  std::string score;                ///< A4, with a star where p <= 0.05 against Haar rotations
  double epsilon = 0;
};

/// The holistic curve of each layer at its first epsilon, in the order of the results, without their groups.
std::vector<StripRow> layer_rows(const Results& results);
/// The same of the groups of one layer.
std::vector<StripRow> group_rows(const Results& results, const std::string& address);

/// The least of log2 of 1.1, 1.25, 1.5, 2, 3, 5, 10 that all but 2 % of the ratios above 0 do not exceed; the last
/// where they do. Dips down to zero would leave no colours for the rest.
double colour_limit(const std::vector<StripRow>& rows);

/// Rows below each other, each with its name before and its score behind; the more rows, the higher. One row at least.
/// The angles are told as those of `layer`, which must live until it is drawn.
Figure strip_figure(const std::string& title, const Resonance& layer, const std::vector<StripRow>& rows);

}  // namespace srm::figures
