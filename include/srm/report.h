#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "srm/grandmother_neurons.h"
#include "srm/history.h"
#include "srm/picture.h"
#include "srm/results.h"

namespace srm {

// What people and other programs read of a result. All functions are pure but for the stream or folder they are given,
// and may be called from any thread. Names of layers are text throughout: never markup, never terminal control.

/// A header line and then a line a plane and epsilon: layer,i,j,epsilon,hits,peak_angle_deg,peak,mean,group. `hits` are
/// rows with r >= epsilon in the plane, `peak` and `mean` the largest value and the mean of f over the angles
/// (fractions; the repeated last angle of an inclusive grid left out), `peak_angle_deg` the first angle that has the
/// peak, `group` empty where all rows were counted. Names are quoted as in RFC 4180; lines end in \n.
void write_planes_csv(std::ostream& out, const Results& results);

/// A header line and then a line a signed basis vector and epsilon of every layer whose neurons were counted:
/// layer,epsilon,vector,side,count,labelled,class,purity,recall,base_rate,lift,p,q,nearest. `side` is + or -, `count`
/// the rows inside and `labelled` those of a known class, `class` the one with most rows inside, `nearest` the samples
/// nearest to the vector, with spaces between them, each as sample:position where rows have positions; see
/// NeuronReading and NeuronFinding. Shares of nothing are empty.
void write_neurons_csv(std::ostream& out, const Results& results);

/// A list with an object a layer: the keys of the result file without its arrays, and `a4`, `a4_error`, `c4` and
/// `s4` (by epsilon); with findings also `tests` (with its `verdict`), `neurons` (with the grandmother neurons by
/// epsilon) and `densities`. In `tests`, `critical_a4` is [below, above]: A4 below the one or above the other would
/// have p <= 0.05; `smallest_a4_seen` is the smaller of their sizes. Undefined numbers are null. Strings are valid
/// UTF-8 whatever the names were.
nlohmann::ordered_json layers_json(const Results& results);

/// What a page can tell beyond its results.
struct ReportOptions {
  const History* history = nullptr;  ///< of the training that made the model: the page then has its section Training
  PictureOf picture_of;              ///< draws the samples nearest to a neuron; empty: they are told by number
  std::function<std::string(std::int64_t sample)>
      text_of;          ///< the same in words; throws srm::Error where there is none
  std::string command;  ///< the command line that writes the page, which then shows it
};

/// Results by the name that the page gives them.
struct NamedResults {
  std::string name;        ///< what the page calls them
  const Results& results;  ///< borrowed
};

/// One self-contained page that loads nothing: an overview of all layers, and of each its curves, planes, neurons and
/// tests. Its size is bounded by rules that it states. Throws what the functions in `options` throw.
void write_report_html(std::ostream& out, const Results& results, const ReportOptions& options = {});

/// The same of several results: a layer that is in more than one of them, as in several bases, is drawn side by side.
/// Throws srm::Error unless there is a result, and when two have the same name.
void write_report_html(std::ostream& out, std::span<const NamedResults> results, const ReportOptions& options = {});

/// The same of a history: scores and scalars by step, and the curves of the windows, or of as many as keep the page
/// small, to be scrubbed through.
void write_history_html(std::ostream& out, const History& history);

/// Leaves planes.csv, layers.json, report.html and, where neurons were counted, neurons.csv in the folder `dir`, which
/// must exist, each written beside and then renamed; else a neurons.csv of an earlier result is taken away. Throws
/// srm::Error when a file cannot be written or taken away.
void write_reports(const Results& results, const std::filesystem::path& dir);

/// How the console functions draw.
struct ConsoleOptions {
  int width = 80;       ///< columns of the terminal
  bool unicode = true;  ///< block characters, else ASCII
  bool colour = false;  ///< ANSI colours
};

/// A table with a row a layer (and further ones for further epsilons): samples, A4, its standard error by blocks, p and
/// verdict where there are any, C4 and the holistic curve, each column of which is the largest value of its angles,
/// drawn from zero to the curve's own peak. Lines end in \n.
std::string layers_table(const Results& results, const ConsoleOptions& options);

/// The curve of the plane (i, j) at every epsilon as a chart of a dozen lines with its hits, peak and mean; throws
/// srm::Error when the layer has no such plane.
std::string plane_chart(const Resonance& layer, std::int64_t i, std::int64_t j, const ConsoleOptions& options);

/// The holistic curves of a layer, all epsilons in one chart of a dozen lines (Braille, or ASCII), each with its peak,
/// mean and the share of evenly spread rows; with words where there is none.
std::string curves_chart(const Resonance& layer, const ConsoleOptions& options);

/// verdict() of every layer that was tested, as a paragraph that begins with its name; says so when none was.
std::string verdicts_text(const Results& results, const ConsoleOptions& options);

/// For every layer whose neurons were counted, at each epsilon: a table of its grandmother neurons with the samples
/// nearest to them, or what came nearest to the rule; without labels the ten signed vectors with most rows inside.
std::string neurons_text(const Results& results, const ConsoleOptions& options, const GrandmotherRule& rule = {});

/// Every layer in the text format of Prometheus 0.0.4: samples, calls, A4 and its error, and at the first epsilon C4,
/// hits and the peak, as srm_... with the label `layer`, and `model` where that is not empty. Undefined numbers are
/// NaN; groups are left out.
std::string prometheus_text(const Results& results, const std::string& model = {});
/// The same of one window of training: step, scalars by `name`, and of each layer samples, A4 and its error, C4; with
/// the label `phase` beside.
std::string window_prometheus_text(const Window& window, const std::string& model = {});

/// A history over time: its steps and scalars, and a table with a row a layer and phase: A4 at first, at last and by
/// step as a line, p where it was tested, C4. Says so where the last record was torn. Lines end in \n.
std::string timeline_text(const History& history, const ConsoleOptions& options);

/// The object of one window: step, phase, scalars, layers. Undefined numbers are null.
nlohmann::ordered_json window_json(const Window& window);

/// A list of those of a history that are current().
nlohmann::ordered_json timeline_json(const History& history);

/// The points of the plane (i, j) from above, at most 40 columns wide and around nearly all of them, shaded by how many
/// there are beside isotropic rows (isotropic_counts()); throws srm::Error when they were not counted.
std::string density_chart(const LayerFindings& findings, std::int64_t i, std::int64_t j, const ConsoleOptions& options);

}  // namespace srm
