#pragma once

#include <torch/script.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "srm/hooked_module.h"
#include "srm/layer_observer.h"
#include "srm/results.h"
#include "srm/site_observer.h"

namespace srm {

class RowQueue;

// Note [Counting behind the calls]
// With ObserveOptions::queue a hook copies what passes, and one thread of this module counts it. Counts are the same.
// Whatever ends a stretch of counting (finish_pass, results, take_results, take_windows, states, reset, release) first
// waits for what was queued by calls that have returned, as drain() does; holistic_results() and observers() do not,
// and show what was counted so far. With OnError::kThrow an error of counting is thrown by the next of these or the
// next forward(). Dropping the module counts what waits, or leaves it out and counts it as skipped, as
// QueueOptions::on_close says. What a full queue leaves out is counted as skipped, and told by num_rows_dropped(); a
// caller that waits counts a tensor larger than the whole queue itself. Tensors of other devices are copied to the CPU.

/// A model whose chosen layers are observed while it runs. The model is shared and stays untouched; dropping this is
/// detaching. Thread-safe as the model is: counts of concurrent callers are those of one after the other. With
/// ObserveOptions::max_overhead calls count that come by forward() or run_method() of this or of its HookedModule; what
/// passes otherwise, through module(), is left out, for nobody measures it.
class ObservedModule {
 public:
  /// Throws srm::Error as require_valid() and HookedModule::attach() do, and where a selector of `layouts` names
  /// nothing. `budget` bounds the memory of all layers together.
  ObservedModule(const torch::jit::Module& model, const ObserveOptions& options,
                 std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>());
  /// One of several observers of a model: each sees what runs through `model`, and dropping it leaves the others. Those
  /// that are given the same `overhead` share that budget and see the same calls; none: as options.max_overhead says.
  ObservedModule(HookedModule model, const ObserveOptions& options,
                 std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>(),
                 std::shared_ptr<OverheadBudget> overhead = nullptr);

  /// What the model's method returns, bit for bit. Throws what the model throws, and with OnError::kThrow the
  /// srm::Error of an observer.
  c10::IValue forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs = {}) const;
  /// The same by the method's name.
  c10::IValue run_method(const std::string& method, std::vector<c10::IValue> inputs,
                         const torch::jit::Kwargs& kwargs = {}) const;

  /// Ends one of passes_of(options): now the data runs again. Does nothing after the last.
  void finish_pass();
  /// A flag: what passes while it is off is not seen.
  void set_enabled(bool enabled) const { hooks_.set_enabled(enabled); }

  /// The addresses that were chosen, in the order of call_sites().
  std::vector<std::string> addresses() const;
  /// How often a value passed the place of a chosen address while it was on; throws srm::Error for any other address.
  std::int64_t num_calls(const std::string& address) const;
  /// The chosen addresses that no activation has come from.
  std::vector<std::string> silent_layers() const;
  /// Address and what passed there that has no rows, where a pattern chose it.
  std::vector<std::pair<std::string, std::string>> left_out() const;
  /// The errors that took an observer off, with OnError::kDetach; each names its address.
  std::vector<Error> failures() const;

  /// Null without options.max_overhead.
  const std::shared_ptr<OverheadBudget>& overhead_budget() const { return overhead_; }
  /// What observing has cost since this module was made; none without options.max_overhead.
  std::optional<Overhead> overhead() const;
  /// Waits until all that was queued by calls that have returned is counted; see Note [Counting behind the calls].
  void drain() const;
  /// Rows that a full queue has left out.
  std::int64_t num_rows_dropped() const;

  /// Layers in the order of addresses(), without those that are silent. Consistent in each layer while others run.
  Results results() const;
  /// Observer::holistic() of each: curves and scores, for looking often while the model serves.
  Results holistic_results() const;
  /// results() without a copy of the counts; the layers are empty afterwards.
  Results take_results();
  /// Forgets what was counted; what comes next is counted anew. For options with one pass.
  void reset() const { take_windows(WindowTables::kLeftOut); }
  /// Observer::take_window() of all parts, in the order of addresses().
  std::vector<ObservedWindow> take_windows(WindowTables tables = WindowTables::kTaken) const;
  /// Observer::count_in() of the part at `address`; does nothing where there is none.
  void count_in(const std::string& address, const std::shared_ptr<const Basis>& basis) const;
  /// All there is, in the order of addresses(): consistent where nothing runs through the model meanwhile.
  std::vector<SiteState> states() const;
  /// Goes on where another module with the same model and options ended, as Observer::resume().
  void resume(std::vector<SiteState> earlier) const;
  /// The observers of all parts, in the order of addresses().
  std::vector<std::shared_ptr<const Observer>> observers() const;

  /// The model with its hooks, to be called from elsewhere, or saved with what was counted.
  torch::jit::Module module() const { return model_.module(); }
  /// Leaves the hooks in module(), for as long as that lives; from now on rows are counted in the calls. Throws
  /// srm::Error with options.max_overhead, for nobody would measure those.
  torch::jit::Module release() &&;

 private:
  std::vector<std::string> addresses_at(const SiteObserver& observer) const;

  ObserveOptions options_;
  HookedModule model_;
  std::shared_ptr<OverheadBudget> overhead_;
  std::shared_ptr<RowQueue> queue_;  // closed when this is dropped, whoever still has it
  std::vector<c10::intrusive_ptr<SiteObserver>> observers_;
  HookSet hooks_;
};

}  // namespace srm
