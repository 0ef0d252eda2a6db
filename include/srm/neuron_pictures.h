#pragma once

#include <string>

#include "srm/picture.h"
#include "srm/report.h"

namespace srm {

/// neurons_text() with pictures below each signed vector of its tables: the samples nearest to it, as many as fit side
/// by side, each below its number and, in brackets, its class. A picture is at most 32 columns wide and shaded from its
/// lowest value to its highest, which is brightest: in 24 greys with `colour` and `unicode`, two values a character;
/// else in four block characters or nine ASCII ones. Values that are not finite are drawn as the lowest. Throws
/// srm::Error when a picture is empty or has not height * width values, and what `picture_of` throws.
std::string neurons_text(const Results& results, const ConsoleOptions& options, const GrandmotherRule& rule,
                         const PictureOf& picture_of);

}  // namespace srm
