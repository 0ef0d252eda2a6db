#pragma once

#include <torch/script.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "srm/observe_options.h"
#include "srm/results.h"
#include "srm/row_reservoir.h"
#include "srm/row_tags.h"

namespace srm {

class LayerCounts;
class LayerPreparation;

/// Where an Observer is in its stream, beside what it counted.
struct StreamPosition {
  std::int64_t num_calls = 0;    ///< that came, taken or not, without those of leave_out()
  std::int64_t num_rows = 0;     ///< of taken calls, not masked
  std::int64_t num_taken = 0;    ///< rows that went on to be counted
  std::int64_t num_samples = 0;  ///< elements of the batches that came, taken or not
  /// Before there were rows, and thus counts to add them to.
  std::int64_t num_early_calls = 0;
  std::int64_t num_early_skipped = 0;  ///< rows
};

/// What an Observer has of its layer.
struct ObservedLayer {
  std::optional<Resonance> whole;  ///< none while no activation came, or none since the passes before counting
  std::vector<Resonance> classes;  ///< with ObserveOptions::by_class
  LayerFindings findings;          ///< neurons and densities; tests are for others to make
};

/// What an Observer has of its layer since the last window, and what tests of that need.
struct ObservedWindow {
  ObservedLayer layer;                      ///< what was counted
  std::optional<RowReservoir> sample = {};  ///< as far as ObserveOptions::num_test_rows asks for rows
  std::shared_ptr<const Basis> basis = {};  ///< in which it was counted
};

/// All that an Observer has, for another one to go on from.
struct ObserverState {
  std::int64_t dim = 0;     ///< width of the rows; 0: none were counted
  ObservedLayer layer;      ///< with ObserveOptions::by_class its whole is of the rows without a class alone
  StreamPosition position;  ///< where sampling goes on
  std::optional<RowReservoir> sample = {};  ///< the rows kept for tests
};

/// Whether a window has the tables of planes: then they are in memory beside those that are counted anew.
enum class WindowTables { kTaken, kLeftOut };

/// Appends all that there is of a layer to the results of a run.
void add(ObservedLayer layer, Results& results);

/// One layer's activations in, its Resonance out: from hooks, or from any C++ code that has a tensor,
/// `observer.observe(activation)`. What needs the layer's width is made when the first activation comes. Thread-safe; a
/// lock is held while rows are counted, never while anything else runs.
class Observer {
 public:
  /// `budget` is shared by all layers of a run. `earlier` goes on where a resonance() and its position() ended; that
  /// takes options with one pass, and neither classes nor findings.
  Observer(std::string address, const ObserveOptions& options, Layout layout, std::shared_ptr<MemoryBudget> budget,
           std::optional<Resonance> earlier = {}, StreamPosition position = {});
  ~Observer();

  /// Counts one call, and the rows of its output that `mask` and the options of sampling leave; see ActivationRows. The
  /// rows of one element of the batch (its tokens, its positions) are a sample of the data, which `tags` tells of.
  /// Throws srm::Error when it is no tensor, and as add().
  void observe(const c10::IValue& output, const at::Tensor& mask = {}, const SampleTags& tags = {});
  /// Counts the rows of `activation` without counting a call. Throws srm::Error as ActivationRows, when the width
  /// changes or is not the basis's, when labels are not as many as the batch has elements, and when memory is over the
  /// budget; what was counted before stays.
  void add(const at::Tensor& activation, const at::Tensor& mask = {}, const SampleTags& tags = {});
  void count_call();  ///< counts a call without rows
  /// Counts the rows of `activation` as skipped, from its shape alone; returns how many. Waits for nobody: it is for
  /// calls that are left out while others are being counted.
  std::int64_t leave_out(const at::Tensor& activation, const SampleTags& tags = {});

  /// Ends one of passes_of(options): the same data runs again, or with Pass::kLearning other data. Does nothing after
  /// the last.
  void finish_pass();

  const std::string& address() const { return address_; }  ///< where in the model, or the name that it was given
  /// Whether rows came, in whatever pass.
  bool has_seen() const;
  StreamPosition position() const;  ///< where in its stream it is, for sampling to go on from
  /// ObservedLayer::whole.
  std::optional<Resonance> resonance() const;
  /// Its holistic curves and scores, without a copy of the tables: for looking often while others go on observing.
  std::optional<Resonance> holistic() const;
  /// resonance() without a copy of the counts; the observer is empty afterwards.
  std::optional<Resonance> take_resonance();
  /// Both at one moment, while others go on observing.
  std::pair<std::optional<Resonance>, StreamPosition> snapshot() const;
  /// All there is, at one moment, and the same without a copy of the counts, after which the observer is empty.
  ObservedLayer layer() const;
  ObservedLayer take_layer();  ///< all there is, without a copy of the counts; the observer is empty afterwards
  /// All there is, at one moment; the stream goes on, and what comes next is counted anew, a limit of rows too. For
  /// options with one pass.
  ObservedWindow take_window(WindowTables tables = WindowTables::kTaken);
  /// Counts in another basis from the next window on: from now on where this one has nothing yet. For options with one
  /// pass and no basis of their own. Throws srm::Error when it is not as wide as the rows.
  void count_in(std::shared_ptr<const Basis> basis);
  /// All there is, at one moment, with a copy of the counts.
  ObserverState state() const;
  /// Goes on where another observer of the same options ended: in the pass that counts, before anything was counted.
  /// Throws srm::Error elsewhere, and where what this one found in the passes before, or an option, is not the same.
  void resume(ObserverState earlier);
  /// The rows kept for tests, and the basis; none, and null, while no activation was counted.
  std::optional<RowReservoir> sample() const;
  std::shared_ptr<const Basis> basis() const;  ///< the basis that it counts in; null while no activation was counted

 private:
  void add_locked(const ActivationRows& rows, const at::Tensor& kept, const SampleTags& tags);
  bool is_counting() const { return passes_left_.size() == 1; }
  void start(std::int64_t dim);
  void take(const at::Tensor& rows, const RowTags& tags);
  void count_call_locked();
  void skip(std::int64_t num_rows) const;
  void settle() const;
  std::optional<Resonance> whole_locked() const;
  std::optional<Resonance> take_locked();
  ObservedLayer others_locked() const;
  bool takes_row(std::int64_t number) const;

  const std::string address_;
  const ObserveOptions options_;
  const std::shared_ptr<MemoryBudget> budget_;
  const Layout layout_;
  mutable std::mutex mutex_;
  std::vector<Pass> passes_left_;
  mutable StreamPosition position_;
  std::unique_ptr<LayerPreparation> preparation_;  // what the passes before counting have found
  std::unique_ptr<LayerCounts> counts_;
  std::shared_ptr<const Basis> next_basis_;  // see count_in()
  std::optional<Resonance> earlier_;
  std::int64_t earlier_bytes_ = 0;
  mutable std::atomic<std::int64_t> num_rows_left_out_ = 0;  // that settle() has not yet counted as skipped
  mutable std::atomic<std::int64_t> num_samples_left_out_ = 0;
};

}  // namespace srm
