#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "srm/accumulator.h"
#include "srm/activation_rows.h"
#include "srm/epsilon_choice.h"
#include "srm/hook.h"
#include "srm/queue_options.h"

namespace srm {

/// A basis that each layer gets for its width, or learns from its rows.
struct BasisRule {
  /// `dim` is the layer's width; `rows`, (at most num_rows, dim) float64, a uniform sample of its rows, undefined where
  /// num_rows is 0.
  using Make = std::function<std::shared_ptr<const Basis>(std::int64_t dim, const at::Tensor& rows)>;
  std::string name;           ///< as settings_of() tells it
  Make make = {};             ///< none: the standard basis
  std::int64_t num_rows = 0;  ///< taken in a pass of their own, Pass::kLearning
};

/// 4,096 rows of layers up to 512 wide, and so many fewer of wider ones that tests take about as long, but at least
/// 512 (and fewer, or none, where that is more than a quarter of the memory left): for ObserveOptions::num_test_rows.
constexpr std::int64_t kByWidth = -1;
std::int64_t test_rows_of_width(std::int64_t dim);  ///< what kByWidth is for layers so wide

/// What to observe, and how; the words are those of `torchsrm observe`.
struct ObserveOptions {
  std::vector<std::string> layers = {"*"};                            ///< selectors, see select_call_sites()
  std::vector<EpsilonChoice> epsilon = {EpsilonChoice::isotropic()};  ///< cosine thresholds, one or more
  std::int64_t num_angles = 360;                                      ///< K, the angles of a curve
  GridEnds grid = GridEnds::kExclusive;                               ///< whether the last angle repeats the first
  Sense sense = Sense::kNatural;                                      ///< which way angles turn
  Pairs pairs = Pairs::kCombination;                                  ///< planes i < j, or both orders
  DegeneratePlanes degenerate = DegeneratePlanes::kLeftOut;           ///< what becomes of a pair of parallel vectors
  std::shared_ptr<const Basis> basis = nullptr;                       ///< none: what `basis_rule` makes
  bool centre = false;  ///< on `mean`, or on one that a pass before the counting one finds
  /// Selector and layout; "" is every layer, the last that fits a layer counts, none is kAuto.
  std::vector<std::pair<std::string, Layout>> layouts = {};
  std::string mask_input = {};             ///< argument of the model that is 0 where a token is only padding
  std::int64_t every = 1;                  ///< takes the first of so many calls of a layer
  double fraction = 1;                     ///< the share of rows that is taken, in (0, 1]
  std::uint64_t seed = 0;                  ///< of whatever is drawn: which rows `fraction` takes, which are kept
  std::optional<std::int64_t> limit = {};  ///< rows of a layer, after which it takes no more
  OnError on_error = OnError::kThrow;      ///< what an error of an observer does to the model's call
  int num_threads = 1;                     ///< for counting; changes no count

  /// Of an ObservedModule, see OverheadBudget: what hooks may take, as a fraction in (0, 1] of the time of the model's
  /// calls without them. Calls beyond that are left out at all layers alike, and their rows counted as skipped. Which
  /// ones hangs on time, so that counts differ from run to run. For options with one pass.
  std::optional<double> max_overhead = {};
  /// Of an ObservedModule: rows are copied in the model's calls and counted by a thread behind them. None: they are
  /// counted in the calls.
  std::optional<QueueOptions> queue = {};

  BasisRule basis_rule = {"standard"};           ///< how each layer's basis is made where `basis` gives none
  std::vector<double> mean = {};                 ///< (dim), with centre: taken instead of the rows' own
  PlaneChoice planes = {};                       ///< which planes get tables
  std::optional<std::int64_t> top_planes = {};   ///< instead: so many with most hits at the first epsilon, found in a
                                                 ///< pass of its own; 0: as many as memory holds
  bool is_signed = false;                        ///< signed counts too
  bool row_sums = true;                          ///< see AccumulatorOptions: cheaper without where little is hit
  std::int64_t num_classes = 0;                  ///< labels of rows are below this; 0: rows have none
  bool by_class = false;                         ///< a result per class beside the whole
  std::optional<std::int64_t> num_nearest = {};  ///< a NeuronTable at all epsilons, with so many nearest rows
  std::vector<Plane> density_planes = {};        ///< PlaneDensities of these at the first epsilon
  std::int64_t density_bins = 128;               ///< see DensityOptions, as the next
  std::int64_t density_points = 1000;            ///< of each plane, kept to be drawn
  std::int64_t num_test_rows = 0;  ///< rows kept, as a seeded uniform sample, for test_layer(); or kByWidth
  bool counts = true;              ///< false: nothing but those rows is taken
};

/// Throws srm::Error that names the option out of range.
void require_valid(const ObserveOptions& options);

/// What the data runs for, in this order; all but the last are there where options need them.
enum class Pass {
  kLearning,   ///< takes the rows that the basis is learned from
  kMeasuring,  ///< finds the mean, and epsilons that follow the data
  kRanking,    ///< finds the planes with most hits
  kCounting,
};
/// What happens in a pass: "collecting rows for the basis", "taking the mean", "ranking the planes", "observing".
const char* to_string(Pass pass);

/// The passes that these options need: the data runs so often, finish_pass() between them.
std::vector<Pass> passes_of(const ObserveOptions& options);

/// The settings that results of these options carry: option and value, nothing that differs between equal runs.
std::vector<std::pair<std::string, std::string>> settings_of(const ObserveOptions& options);

}  // namespace srm
