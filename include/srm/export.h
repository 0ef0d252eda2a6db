#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "srm/history.h"
#include "srm/results.h"

namespace srm {

// Results and histories in files that other programs read. Counts are the integers of the result, other numbers have as
// many digits as give them back exactly; what is undefined is empty in CSV, null in JSON and NaN in NPZ. All functions
// are pure but for the stream or file that they are given, and may be called from any thread.

/// Which of a result's planes are written besides the mean over all of them.
struct ExportPlanes {
  bool all = false;                ///< every plane that has a table
  std::vector<Plane> listed = {};  ///< with `all` false; each must have a table in every layer written

  /// Whether any plane is asked for.
  bool has_any() const { return all || !listed.empty(); }
};

/// A header line and then a line an angle of every layer, epsilon and curve:
/// layer,group,basis,epsilon,i,j,angle_deg,count,fraction,std,signed_count,signed_fraction. First the mean over planes:
/// `i` and `j` are empty, `count` is the sum over planes, `fraction` that by samples and planes, `std` the standard
/// deviation of the planes; then each plane asked for, without `std`. Signed columns are empty where they were not
/// counted. Names are quoted as in RFC 4180; lines end in \n. Throws srm::Error for a plane that a layer lacks.
void write_curves_csv(std::ostream& out, const Results& results, const ExportPlanes& planes = {});

/// One layer in the columns of the published mapping scripts, a line a plane and angle: angle_deg, mean_similarity,
/// then for each epsilon count_thresh_EPSILON and, where it was counted, signed_count_thresh_EPSILON, then plane_label
/// ("i-j"). Angles turn from +b_i towards +b_j and leave out 360 degrees: what was counted in the reference sense or on
/// an inclusive grid is read so. `mean_similarity` is Resonance::mean_cosine(), over the finite non-zero rows, and
/// empty without row sums. Throws srm::Error when the layer has no planes with tables, or lacks one that is listed.
void write_mapping_csv(std::ostream& out, const Resonance& layer, const ExportPlanes& planes = {.all = true});

/// An object with "format": "torchsrm-export", "version": 1, "settings" (pairs), "partial" and "layers": the objects of
/// layers_json(), each with "angles_deg" (K) and, as lists by epsilon, "holistic_counts" (E, K), "holistic_std" (E, K)
/// or null, "holistic_signed_counts" (E, K) where counted, "planes" (P, 2), "counts" (E, P, K), "plane_hits" (E, P) and
/// "signed_counts". Written piece by piece, so that it takes no memory of its own. Throws as write_curves_csv().
void write_results_json(std::ostream& out, const Results& results, const ExportPlanes& planes = {.all = true});

/// A `.npz` that numpy.load() opens without pickles: `format`, `settings` (S, 2) and `layers` (L), names of layers with
/// "[group]" behind where it is one of several, `addresses` and `groups` (L); and of layer k under `layerk/`: planes
/// (P, 2), epsilon (E), angles_deg (K), counts (E, P, K), plane_hits (E, P), holistic_counts (E, K), holistic_std (E,
/// K), where counted signed_counts and holistic_signed_counts, basis (m, n) (none for the standard basis: (0, n)), mean
/// (n) (or (0)), a4, a4_error, c4 (E), s4 (E), num_hits (E), num_planes_summed, num_samples_seen, _zero_norm,
/// _nonfinite and _skipped, and of its tests haar_null (R) and p. Integers are int64, others float64. Equal results
/// give equal bytes. Throws srm::Error when the file cannot be written, else as write_curves_csv().
void write_results_npz(const std::filesystem::path& path, const Results& results,
                       const ExportPlanes& planes = {.all = true});

/// A header line and then a line an epsilon of every layer of the windows that are current():
/// step,phase,layer,basis,num_samples_seen,a4,a4_error,p,epsilon,c4,num_hits,peak,peak_angle_deg and a column for each
/// scalar, called scalar_NAME. `peak` is the largest value of the holistic mean. A window without layers has one line,
/// with its scalars. Names are quoted as in RFC 4180; lines end in \n.
void write_timeline_csv(std::ostream& out, const History& history);

/// An object with "format": "torchsrm-export", "version": 1, "settings", "torn_bytes" and "windows", timeline_json().
void write_timeline_json(std::ostream& out, const History& history);

}  // namespace srm
