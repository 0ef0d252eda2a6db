#pragma once

#include <string>
#include <vector>

#include "figures/figure.h"
#include "srm/history.h"

namespace srm::figures {

/// How many layers have a colour of their own: of more those with the largest |A4| at last have one, the others are
/// grey.
constexpr std::size_t kMostColouredLayers = 6;
/// How many scalars have a panel; the first ones.
constexpr std::size_t kMostScalars = 4;

/// A4 of every layer by step with its standard error, and below each scalar in a panel of its own. The windows are
/// those of one phase; they must live until it is drawn.
Figure timeline_figure(const std::string& phase, const std::vector<const Window*>& windows);

}  // namespace srm::figures
