#pragma once

#include <filesystem>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "srm/results.h"

namespace srm {

// What people and other programs read of a result. All functions are pure but for the stream or folder they are given,
// and may be called from any thread. Names of layers are text throughout: never markup, never terminal control.

/// A header line and then a line a plane and epsilon: layer,i,j,epsilon,hits,peak_angle_deg,peak,mean,group. `hits` are
/// rows with r >= epsilon in the plane, `peak` and `mean` the largest value and the mean of f over the angles
/// (fractions; the repeated last angle of an inclusive grid left out), `peak_angle_deg` the first angle that has the
/// peak, `group` empty where all rows were counted. Names are quoted as in RFC 4180; lines end in \n.
void write_planes_csv(std::ostream& out, const Results& results);

/// A list with an object a layer: the keys of the result file without its arrays, and `a4`, `a4_error`, `c4` (by
/// epsilon). Undefined scores are null. Strings are valid UTF-8 whatever the names were.
nlohmann::ordered_json layers_json(const Results& results);

/// One self-contained page that loads nothing: every layer's holistic curve, its spread, its planes, its counts.
void write_report_html(std::ostream& out, const Results& results);

/// Leaves planes.csv, layers.json and report.html in the folder `dir`, which must exist, each written beside and then
/// renamed; throws srm::Error when one cannot be written.
void write_reports(const Results& results, const std::filesystem::path& dir);

/// How the console functions draw.
struct ConsoleOptions {
  int width = 80;       ///< columns of the terminal
  bool unicode = true;  ///< block characters, else ASCII
  bool colour = false;  ///< ANSI colours
};

/// A table with a row a layer (and further ones for further epsilons): samples, A4, C4 and the holistic curve, each
/// column of which is the largest value of its angles, drawn from zero to the curve's own peak. Lines end in \n.
std::string layers_table(const Results& results, const ConsoleOptions& options);

/// The curve of the plane (i, j) at every epsilon as a chart of a dozen lines with its hits, peak and mean; throws
/// srm::Error when the layer has no such plane.
std::string plane_chart(const Resonance& layer, std::int64_t i, std::int64_t j, const ConsoleOptions& options);

}  // namespace srm
