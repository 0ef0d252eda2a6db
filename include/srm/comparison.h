#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "srm/history.h"
#include "srm/results.h"
#include "srm/verdict.h"

namespace srm {

// Note [Differences]
// What is independent is a block, a sample with its tokens or positions. Each p is of "no difference" and two-sided, in
// a pair: `p` supposes that the samples of the two sides are independent. Of the same samples they seldom are: where
// what lies high on one side lies high on the other too, p is too large, else too small. `p_bound` adds the two
// standard errors, the most that any dependence can make of them, and so is not too small either way. q is a false
// discovery rate over everything that is compared at once: `q` of `p` by Benjamini and Hochberg, `q_bound` of `p_bound`
// by Benjamini and Yekutieli, which holds whatever the dependence between layers.
//
// The error of A4 is quartic_alignment_error(), p by Student's t with one degree of freedom less than the side with
// fewer blocks has. A step of a history does not tell its blocks: a sample that comes in it again counts as another
// one, so that the error is too small. Beside such a step A4 has neither p nor a bound of its error.
//
// A result does not hold how much the holistic curve differs from row to row, so its error is bounded: a row is inside
// in a share g of all planes that is at least 0 and at most M, so that its variance is at most f (M - f) for the mean f
// (Bhatia and Davis 2000). In an orthonormal basis the spotlights of planes without a common vector are orthogonal at
// one angle, so a row is inside at most h = 1 / epsilon^2 of such planes (Bessel), and among m vectors no more than
// max(C(2h + 1, 2), C(h, 2) + h (m - h)) pairs have no h + 1 without a common one (Erdos and Gallai 1959): M is that
// by C(m, 2), where it is below 1. In other bases M = 1. Rows of one block may hang together wholly, so
// there are as many as (sum n_b)^2 / sum n_b^2 of blocks with n_b scored rows (Kish); where the mean of a block
// depends on its size this is not a bound. f is that of both sides together, or of the side with one row more inside
// and one more outside, whichever has the larger variance, so that no error is zero. p is that of the normal
// distribution at the angle where it is least, times the number of angles (Bonferroni). The p of a curve is therefore
// never too small in large samples, and mostly far too large: "at least this sure".

/// One layer, at one step or of one group, as it is compared.
struct ComparedLayer {
  LayerWindow layer;                        ///< its curves and scores
  std::string group;                        ///< label of the class that the rows are of; "" where all were counted
  Sense sense = Sense::kNatural;            ///< which way angles turn
  Pairs pairs = Pairs::kCombination;        ///< planes i < j, or both orders
  bool centred = false;                     ///< a mean was taken off the rows
  bool has_unit_vectors = true;             ///< lengths of basis vectors were not kept
  std::int64_t num_blocks = 0;              ///< 0 where it is not known
  double num_effective_blocks = 0;          ///< see Note [Differences]; 0 where it is not known
  std::vector<double> largest_share = {};   ///< (E), M in Note [Differences]
  std::optional<Alignment> alignment = {};  ///< of its tests
  std::optional<double> haar_p = {};        ///< of A4 against Haar rotations
};

/// Of a result's layer; `tests` may be null.
ComparedLayer compared_layer(const Resonance& layer, const LayerTests* tests);
/// Of a layer in a window of a history with these settings: it tells no blocks, so that A4 has no p and curves no
/// error.
ComparedLayer compared_layer(const LayerWindow& layer,
                             const std::vector<std::pair<std::string, std::string>>& settings);

/// What is compared with others: a result, or a step of a history.
struct ComparedSource {
  std::string name;                                                ///< what tables and pages call it
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< option and value, as text
  std::vector<ComparedLayer> layers = {};                          ///< in the order of the model
  std::string only = {};  ///< address of the one layer that is compared, with whichever the other names; "": all
};
/// All layers of a result.
ComparedSource compared_source(std::string name, const Results& results);
/// The window of `phase` at `step` (in the windows that are History::current()); an empty `phase` is "training" where
/// that has the step. Throws srm::Error naming the steps there are.
ComparedSource compared_source(std::string name, const History& history, std::int64_t step, const std::string& phase);

/// p and q of one difference, see Note [Differences]. NaN where they are not defined, as those of A4 beside a step.
struct DifferenceTest {
  double p;        ///< of independent samples
  double p_bound;  ///< whatever the dependence
  double q;        ///< of p
  double q_bound;  ///< of p_bound
};

/// B - A of one score. NaN where either is, and where neither side has any spread though they differ.
struct ScoreDifference {
  double difference;    ///< score of B minus that of A
  double error;         ///< of independent samples; too small where a step's samples come again
  double error_bound;   ///< whatever the dependence; NaN beside a step of a history
  DifferenceTest test;  ///< of no difference
};

/// B - A of the holistic means at an epsilon that both have.
struct CurveDifference {
  double epsilon = 0;              ///< of both
  double c4_a = 0;                 ///< C4 of A; NaN below 100 hits
  double c4_b = 0;                 ///< C4 of B; NaN below 100 hits
  std::vector<double> a = {};      ///< (D) at the distinct angles; none where they cannot be compared
  std::vector<double> b = {};      ///< (D) likewise
  std::vector<double> error = {};  ///< (D), a bound of the standard error of independent samples; none where not known
  std::vector<double> error_bound = {};  ///< (D), that whatever the dependence
  std::int64_t largest = 0;              ///< the first angle with the largest |b - a|
  DifferenceTest test = {};              ///< of any difference at any angle
};

/// One layer of A beside one of B.
struct LayerComparison {
  std::size_t source = 1;                    ///< the place of B among the sources
  ComparedLayer a;                           ///< of the first source
  ComparedLayer b;                           ///< of the other one
  ScoreDifference a4 = {};                   ///< quartic alignment
  std::vector<CurveDifference> curves = {};  ///< at each epsilon that both have
  std::vector<std::string> notes = {};       ///< what was counted otherwise, in words
};

/// Compares two layers. q is left NaN: it belongs to all that are compared.
LayerComparison compare_layers(const ComparedLayer& a, const ComparedLayer& b);

/// The first source beside each of the others.
struct Comparison {
  std::vector<ComparedSource> sources;       ///< the first is what the others are compared with
  std::vector<LayerComparison> layers = {};  ///< by source, and in the order of the first one's layers
  std::vector<std::string> unmatched = {};   ///< "LAYER is in SOURCE alone", in the order met
};

/// Addresses of a layer of A and of the one of B that it is compared with; groups go by their labels.
using LayerPairs = std::vector<std::pair<std::string, std::string>>;

/// Compares each further source with the first, layer by layer. With `pairs` only those are compared, else the one that
/// each names, else all that both have; q is over all of these. Throws srm::Error below two sources, for a pair that a
/// source lacks (naming its layers) and where no layer is in both.
Comparison compare(std::vector<ComparedSource> sources, const LayerPairs& pairs = {});

}  // namespace srm
