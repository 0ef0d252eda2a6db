#pragma once

#include <torch/script.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "srm/hooked_module.h"
#include "srm/layer_observer.h"
#include "srm/results.h"

namespace srm {

/// A hook with the observers of what passes at its place: one for a tensor, and of a tuple, list, dict or object one
/// for each tensor in it, under its own address. A place that a pattern chose may hand over what has no rows (integers,
/// text): that is left out, and told by left_out(); one that is called by its own address must have some.
/// The TorchBind class `srm::Observer`, whose state goes along when the model that carries it is saved or copied.
class SiteObserver : public Hook {
 public:
  SiteObserver(HookPlace place, ObserveOptions options, Layout layout, std::shared_ptr<MemoryBudget> budget);

  const HookPlace& place() const { return place_; }
  const ObserveOptions& options() const { return options_; }
  Layout layout() const { return layout_; }

  /// In the order in which they were first met.
  std::vector<std::shared_ptr<Observer>> observers() const;
  /// Address and what came there instead of rows, each once.
  std::vector<std::pair<std::string, std::string>> left_out() const;
  void finish_pass();
  c10::IValue object() override;

  /// Goes on with what was counted before, read from a file.
  void resume(std::int64_t num_calls, std::optional<Error> failure,
              std::vector<std::pair<Resonance, StreamPosition>> counted);

 protected:
  void receive(const Passing& passing) override;
  bool has_receiver() const override { return true; }

 private:
  /// Null for a part that was not there while the means were taken.
  std::shared_ptr<Observer> observer_at(const std::string& address);
  void observe_at(const std::string& address, const c10::IValue& value, const Passing& passing);
  void leave_out(const std::string& address, const std::string& what);
  int observe_parts(const c10::IValue& value, const std::string& address, const Selection& selection,
                    std::vector<std::string>& element, const Passing& passing, std::vector<std::string>& met);
  std::string name_of(const std::vector<std::string>& element, std::size_t depth) const;
  std::string misfit(const at::Tensor& tensor, const Passing& passing) const;

  const HookPlace place_;
  const ObserveOptions options_;
  const Layout layout_;
  const std::shared_ptr<MemoryBudget> budget_;
  std::shared_ptr<Observer> whole_;  // where all that is taken is the value itself; else null
  mutable std::mutex mutex_;         // of what follows; held while an observer is looked up, not while it counts
  std::vector<std::shared_ptr<Observer>> observers_;
  std::map<std::string, std::shared_ptr<Observer>, std::less<>> by_address_;
  std::vector<std::pair<std::string, std::string>> left_out_;
  std::atomic<bool> has_passed_ = false;  // a first pass, after which no part comes anew
};

/// A model whose chosen layers are observed while it runs. The model is shared and stays untouched; dropping this is
/// detaching. Thread-safe as the model is: counts of concurrent callers are those of one after the other.
class ObservedModule {
 public:
  /// Throws srm::Error as require_valid() and HookedModule::attach() do, and where a selector of `layouts` names
  /// nothing. `budget` bounds the memory of all layers together.
  ObservedModule(const torch::jit::Module& model, const ObserveOptions& options,
                 std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>());
  /// One of several observers of a model: each sees what runs through `model`, and dropping it leaves the others.
  ObservedModule(HookedModule model, const ObserveOptions& options,
                 std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>());

  /// What the model's method returns, bit for bit. Throws what the model throws, and with OnError::kThrow the
  /// srm::Error of an observer.
  c10::IValue forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs = {}) const;
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
  /// The observers of all parts, in the order of addresses().
  std::vector<std::shared_ptr<const Observer>> observers() const;

  /// The model with its hooks, to be called from elsewhere, or saved with what was counted.
  torch::jit::Module module() const { return model_.module(); }
  /// Leaves the hooks in module(), for as long as that lives.
  torch::jit::Module release() &&;

 private:
  std::vector<std::string> addresses_at(const SiteObserver& observer) const;

  ObserveOptions options_;
  HookedModule model_;
  std::vector<c10::intrusive_ptr<SiteObserver>> observers_;
  HookSet hooks_;
};

}  // namespace srm
