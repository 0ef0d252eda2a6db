#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "srm/history.h"
#include "srm/results.h"

namespace srm {

// Note [Figures]
// Pictures for a paper's column (3.4 inch wide), each as SVG and as PNG with 288 pixels an inch, on white paper, in
// colours that readers with any colour vision tell apart. Equal results give equal bytes on one machine: letters are
// drawn with its fonts (its "sans-serif"), as outlines. Names of layers are text; an SVG file has a title and a
// description for those who cannot see it.
//
// Files are called after the layer where it has letters, digits, '.', '-' and '_' alone: "encoder.0-curve.svg". Of
// other names whatever else they hold becomes '_', what is longer than 80 letters is cut, and eight digits that follow
// from the whole name are put behind, so that a file is called the same whatever other layers there are:
// "block.1_tanh-8f3ac01e-curve.svg".

/// What was written, and what was not.
struct WrittenFigures {
  std::vector<std::string> files;  ///< their names in the folder, in the order in which they were written
  /// Which figures were left out or have words in place of a drawing, and why; what holds for several layers once.
  std::vector<std::string> notes;
};

/// Writes of each layer NAME-curve (the holistic mean over the angle at its first six epsilons, with one standard
/// deviation of planes and the line of evenly spread rows), NAME-polar (the same around a circle), NAME-planes (each
/// plane (i, j) as a cell: c4 where the tests have a map of it, else the share of rows with r >= epsilon at the first
/// one where every plane has a table; of the strongest 64 vectors at most) and, where signed counts are there,
/// NAME-signed; NAME-classes, the curves of its groups as rows of colours, where there are any; and `layers`, those of
/// all layers in the order of the model, with A4 beside them. Without rows, planes or anything inside a curve has words
/// in place of a drawing. `folder` must exist; each file is written beside and then renamed, others stay. Throws
/// srm::Error when one cannot be written. May be called from any thread, for one folder from one at a time.
WrittenFigures write_figures(const Results& results, const std::filesystem::path& folder);

/// The same of a history: for each phase PHASE-timeline, A4 by step of all layers (those six with the largest |A4| at
/// last in colours) with the first four scalars below.
WrittenFigures write_figures(const History& history, const std::filesystem::path& folder);

}  // namespace srm
