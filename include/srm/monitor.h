#pragma once

#include <torch/script.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "srm/basis_learning.h"
#include "srm/history.h"
#include "srm/observer.h"
#include "srm/ranks.h"

namespace srm {

struct ClosedLayer;
class LearnedBases;
class MonitorFiles;

/// What a model does while it is observed; each has windows of its own.
enum class Phase { kTraining, kEvaluation };
const char* to_string(Phase phase);  ///< "training" or "evaluation"

/// What to watch while a model trains, and where to.
struct MonitorOptions {
  ObserveOptions observe;          ///< with one pass: a given mean, no basis that is learned, no epsilon of the data
  std::int64_t num_rotations = 0;  ///< Haar rotations that A4 of each window is tested against; 0: none
  /// File that windows are appended to, see HistoryWriter; none: they are returned and no more.
  std::filesystem::path history = {};
  /// Folder for the whole result of each window, step-N-PHASE.srm.pt, made where it is not there; none: without. With
  /// it a window's tables are in memory, beside those of the next, until they are written. With ranks: in all of them
  /// or in none.
  std::filesystem::path results = {};
  /// File of JSON lines that windows are appended to, an object a line as `torchsrm show --json` has them; none:
  /// without.
  std::filesystem::path json_lines = {};
  /// Folder for TensorBoard, made where it is not there: scalars by layer and phase, srm/PHASE/LAYER/A4 and so on,
  /// those handed in as they are called, and the curve as an image. Each run writes a file of its own. None: without.
  std::filesystem::path tensorboard = {};
  /// Every so many steps `observe.basis_rule`, which must take rows, learns each layer's basis anew, from the rows kept
  /// in the training window that is closed; the windows behind it count in that, of both phases, and the first ones in
  /// the standard basis. A rule that fails (too few rows) leaves the basis. 0: no basis is learned.
  std::int64_t relearn_every = 0;
  /// The processes of a data-parallel training: their windows are one, and rank 0 writes; what the others name is not
  /// written. Null: this process alone.
  std::shared_ptr<Ranks> ranks = {};
};

/// What `observe.basis_rule` may be: learn_basis() on so many rows, of which a window has to have some thousands.
/// It learns from all rows alone: compare_halves would cost twice as much again, and be told to nobody.
BasisRule learning_rule(LearnOptions options, std::int64_t num_rows = 4096);

// Note [Ranks]
// step() makes one window of the ranks' by all-reduce of integers, so that it holds the bytes that one process would
// have with all rows, whichever rank had which. All ranks must call step() with the same steps, with the same options
// and model, and rank 0 must have rows of every layer that another one has; a difference is refused, naming both
// values. Rank 0's scalars are taken. p rests on rows kept by all: on all rows where no rank's sample is full, else on
// as many as one process would keep, in proportion to each rank's rows, but not the same ones; rank 0 alone finds it.
// `every`, `fraction` and `limit` hold in each rank. A rank that has died is named after Ranks::timeout(), or twice
// that and a second where it dies within the reduction; then the window that was closed is lost, and every later step()
// throws the same.

/// Watches alignment during training: attached to a model, or handed tensors by a training loop of any kind. step()
/// closes a window, and counting begins anew. Autograd sees nothing of it: what is observed is detached, and outputs
/// and gradients are those of the model alone. Thread-safe: a row belongs to the window that its layer is in when it
/// comes.
class Monitor {
 public:
  /// Attaches to a model, whose forward() then is this one's, or module(). Throws srm::Error as ObservedModule and
  /// HistoryWriter, for options with more than one pass and, with ranks, for neurons, densities and results by class.
  Monitor(const torch::jit::Module& model, MonitorOptions options,
          std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>());
  /// Is handed tensors by observe(); options.observe.layers do not matter.
  explicit Monitor(MonitorOptions options, std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>());
  ~Monitor();

  /// What the model returns, bit for bit, in the phase that it is in: is_training() or not.
  c10::IValue forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs = {});
  /// The model with its hooks, to be called from elsewhere; what passes is of the phase last set. Throws srm::Error
  /// where there is no model.
  torch::jit::Module module() const;
  /// kTraining at first.
  void set_phase(Phase phase);

  /// Counts the rows of a layer's activation in the phase last set. Throws srm::Error as Observer::observe().
  void observe(const std::string& address, const at::Tensor& activation);

  /// Closes the windows of both phases and returns those that had rows, and that of training anyway, for its scalars;
  /// their a4_error takes rows as independent, so that samples that come several times make it too small;
  /// `step`, 0 or more, tells when. Writes them where the options say. Throws srm::Error when that fails: what was
  /// not written is kept, and written with the next step. With ranks see Note [Ranks].
  std::vector<Window> step(std::int64_t step, std::vector<std::pair<std::string, double>> scalars = {});

  /// The errors that took an observer off, with OnError::kDetach; each names its address.
  std::vector<Error> failures() const;

  /// What the history held before: to tell how far an earlier run got, and what was torn.
  const History& earlier() const;

 private:
  const HookedModule& hooked() const;
  struct Watched;  // of one phase
  std::vector<ClosedLayer> close(const Watched& watched, std::int64_t step) const;
  void relearn(std::int64_t step, const std::vector<ClosedLayer>& closed, Window& window);
  std::optional<double> p_of(const ClosedLayer& layer) const;

  const bool has_tables_;  // in windows, for the results that are kept
  const MonitorOptions options_;
  const std::vector<std::pair<std::string, std::string>> settings_;
  const ObserveOptions observe_;  // of the observers
  const std::shared_ptr<MemoryBudget> budget_;
  std::optional<HookedModule> model_;
  mutable std::mutex mutex_;  // of the phase and the observers that are handed tensors
  Phase phase_ = Phase::kTraining;
  std::vector<std::unique_ptr<Watched>> watched_;                // by Phase
  std::map<std::string, std::shared_ptr<const Basis>> learned_;  // last of each layer, also of the mutex
  std::mutex step_mutex_;                                        // of what is written
  std::unique_ptr<MonitorFiles> files_;
  std::unique_ptr<LearnedBases> bases_;  // null where none is learned
};

}  // namespace srm
