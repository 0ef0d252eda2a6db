#pragma once

#include <torch/script.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "srm/hooked_module.h"
#include "srm/layer_observer.h"

namespace srm {

/// All that a SiteObserver has, for another one of the same place and options to go on from.
struct SiteState {
  std::string address;                                             ///< of the place
  std::int64_t num_calls = 0;                                      ///< that passed there
  std::optional<Error> failure = {};                               ///< the one that took it off, if any did
  std::vector<std::pair<std::string, std::string>> left_out = {};  ///< see SiteObserver::left_out()
  std::vector<ObserverState> parts = {};                           ///< in the order in which they were first met
};

class RowQueue;

/// A hook with the observers of what passes at its place: one for a tensor, and of a tuple, list, dict or object one
/// for each tensor in it, under its own address. A place that a pattern chose may hand over what has no rows (integers,
/// text): that is left out, and told by left_out(); one that is called by its own address must have some.
/// The TorchBind class `srm::Observer`, whose state goes along when the model that carries it is saved or copied.
class SiteObserver : public Hook {
 public:
  /// With an OverheadBudget it leaves out what is in calls that are left out; with a queue it counts by way of that.
  SiteObserver(HookPlace place, ObserveOptions options, Layout layout, std::shared_ptr<MemoryBudget> budget,
               std::shared_ptr<OverheadBudget> overhead = nullptr, std::shared_ptr<RowQueue> queue = nullptr);

  /// Where it stands.
  const HookPlace& place() const { return place_; }
  /// What it counts with.
  const ObserveOptions& options() const { return options_; }
  /// Which dimension of an activation holds a row.
  Layout layout() const { return layout_; }

  /// In the order in which they were first met.
  std::vector<std::shared_ptr<Observer>> observers() const;
  /// Address and what came there instead of rows, each once.
  std::vector<std::pair<std::string, std::string>> left_out() const;
  /// Ends a pass of every observer; see Observer::finish_pass().
  void finish_pass();
  /// Waits until what was queued so far is counted.
  void wait() const;
  c10::IValue object() override;

  /// Goes on with what was counted before, read from a file.
  void resume(std::int64_t num_calls, std::optional<Error> failure,
              std::vector<std::pair<Resonance, StreamPosition>> counted);
  /// With a copy of the counts.
  SiteState state() const;
  /// Throws srm::Error as Observer::resume().
  void resume(SiteState earlier);

 protected:
  void receive(const Passing& passing) override;
  /// Always: it counts itself.
  bool has_receiver() const override { return true; }

 private:
  /// Null for a part that was not there while the means were taken.
  std::shared_ptr<Observer> observer_at(const std::string& address);
  void observe_at(const std::string& address, const c10::IValue& value, const Passing& passing);
  bool queue_up(const std::shared_ptr<Observer>& observer, const at::Tensor& activation, const Passing& passing);
  void leave_out(const std::string& address, const std::string& what);
  int observe_parts(const c10::IValue& value, const std::string& address, const Selection& selection,
                    std::vector<std::string>& element, const Passing& passing, std::vector<std::string>& met);
  std::string name_of(const std::vector<std::string>& element, std::size_t depth) const;
  std::string misfit(const at::Tensor& tensor, const Passing& passing) const;

  const HookPlace place_;
  const ObserveOptions options_;
  const Layout layout_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::shared_ptr<RowQueue> queue_;
  std::shared_ptr<Observer> whole_;  // where all that is taken is the value itself; else null
  mutable std::mutex mutex_;         // of what follows; held while an observer is looked up, not while it counts
  std::vector<std::shared_ptr<Observer>> observers_;
  std::map<std::string, std::shared_ptr<Observer>, std::less<>> by_address_;
  std::vector<std::pair<std::string, std::string>> left_out_;
  std::atomic<bool> has_passed_ = false;  // a first pass, after which no part comes anew
};

}  // namespace srm
