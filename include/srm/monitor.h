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

#include "srm/history.h"
#include "srm/observer.h"

namespace srm {

/// What a model does while it is observed; each has windows of its own.
enum class Phase { kTraining, kEvaluation };
const char* to_string(Phase phase);

/// What to watch while a model trains, and where to.
struct MonitorOptions {
  ObserveOptions observe;          ///< with one pass: a given mean, no basis that is learned, no epsilon of the data
  std::int64_t num_rotations = 0;  ///< Haar rotations that A4 of each window is tested against; 0: none
  /// File that windows are appended to, see HistoryWriter; none: they are returned and no more.
  std::filesystem::path history = {};
  /// Folder for the whole result of each window, step-N-PHASE.srm.pt, made where it is not there; none: without. With
  /// it a window's tables are in memory, beside those of the next, until they are written.
  std::filesystem::path results = {};
};

/// Watches alignment during training: attached to a model, or handed tensors by a training loop of any kind. step()
/// closes a window, and counting begins anew. Autograd sees nothing of it: what is observed is detached, and outputs
/// and gradients are those of the model alone. Thread-safe: a row belongs to the window that its layer is in when it
/// comes.
class Monitor {
 public:
  /// Attaches to a model, whose forward() then is this one's, or module(). Throws srm::Error as ObservedModule and
  /// HistoryWriter, and for options with more than one pass.
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
  /// `step`, 0 or more, tells when. Writes them where the options say. Throws srm::Error when that fails: what was
  /// not written is kept, and written with the next step.
  std::vector<Window> step(std::int64_t step, std::vector<std::pair<std::string, double>> scalars = {});

  /// The errors that took an observer off, with OnError::kDetach; each names its address.
  std::vector<Error> failures() const;

  /// What the history held before: to tell how far an earlier run got, and what was torn.
  const History& earlier() const;

 private:
  const HookedModule& hooked() const;
  struct Watched;  // of one phase
  Window close(Watched& watched, std::int64_t step, Results& results);
  std::optional<double> p_of(const ObservedWindow& window) const;
  struct Unwritten;
  void write(Unwritten& one);

  const MonitorOptions options_;
  const std::shared_ptr<MemoryBudget> budget_;
  std::optional<HookedModule> model_;
  mutable std::mutex mutex_;  // of the phase and the observers that are handed tensors
  Phase phase_ = Phase::kTraining;
  std::vector<std::unique_ptr<Watched>> watched_;  // by Phase
  std::mutex step_mutex_;                          // of what is written
  std::unique_ptr<HistoryWriter> history_;
  std::vector<Unwritten> unwritten_;
  History none_;
};

}  // namespace srm
