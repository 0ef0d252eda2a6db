#pragma once

#include <optional>
#include <string>
#include <vector>

#include "figures/axes.h"
#include "figures/figure.h"
#include "srm/resonance.h"

namespace srm::figures {

/// The holistic curve of one epsilon as it is drawn, from 0 to 360 degrees with both ends, in percent of the rows; at
/// 720 angles at the most.
struct DrawnCurve {
  double epsilon = 0;
  std::vector<double> degrees;
  std::vector<double> mean;       ///< of f, or of g for a signed curve
  std::vector<double> deviation;  ///< of f over planes; none where it is unknown, for one plane and for signed curves
  std::optional<double> isotropic = {};  ///< the same for evenly spread rows; none where there is no such line
};

/// How many epsilons a figure tells apart: the first so many are drawn.
constexpr std::size_t kMostCurves = kNumLineColours;

std::vector<DrawnCurve> holistic_curves(const Resonance& layer);
/// Throws srm::Error where none were counted.
std::vector<DrawnCurve> signed_curves(const Resonance& layer);

/// Why there is no curve to draw, as a sentence for the reader; empty where there is one.
std::string nothing_to_draw(const Resonance& layer);

/// What stands at the quarters of a turn, as "+b_i", from 0 to 360 degrees: five of them.
std::vector<std::string> quarter_names(const Resonance& layer);
/// 0 to 360 degrees from `low_place` to `high_place`, with ticks at the quarters.
Axis angle_axis(const Resonance& layer, double low_place, double high_place);

/// What the curves' colours mean, the band (of the first curve, where `has_band`), and the dashed lines.
std::vector<LegendItem> curve_legend(const std::vector<DrawnCurve>& curves, bool has_band);

/// "A4 = -0.0979 +- 0.0005" with true signs, in the notation of Pen::symbol(): the error with one digit, A4 with as
/// many behind the point.
std::string a4_words(const Resonance& layer);
/// The layer's name on the left of the first line of a figure, n and a4_words() on the right; n has to go first.
void draw_title(Pen& pen, const Resonance& layer, double width);

}  // namespace srm::figures
