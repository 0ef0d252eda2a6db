#pragma once

#include <c10/util/FunctionRef.h>
#include <torch/script.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "srm/error.h"
#include "srm/overhead_budget.h"

namespace srm {

/// What becomes of an error of an observer: kThrow hands it to whoever runs the model; kDetach lets the model run on,
/// switches the hook off and keeps the error, see Hook::failure().
enum class OnError { kThrow, kDetach };

/// "throw", "detach".
const char* to_string(OnError on_error);

/// What is known of the samples of a call, the elements of its batch, beside their numbers.
struct SampleTags {
  at::Tensor labels = {};   ///< (batch) integers: classes from 0 on, -1 where unknown; undefined: none is known
  std::int64_t first = -1;  ///< the number of the first one in the data; -1: they are numbered as they come
  std::int64_t count = -1;  ///< how many there are; -1: as many as labels or, without those, as the first dimension has
  /// How many there are, or -1.
  std::int64_t batch() const { return labels.defined() && labels.dim() == 1 ? labels.size(0) : count; }
};

/// A value that passes a call site. It is the model's own: read it before returning, for an in-place operation may come
/// next; never change it.
struct Passing {
  const c10::IValue& value;                  ///< borrowed: it is there during the call
  std::vector<std::int64_t> iteration = {};  ///< turns of the loops around, outermost first, where they were asked for
  at::Tensor mask = {};                      ///< undefined where there is none
  SampleTags tags = {};                      ///< what is known of the call's samples
  bool is_left_out = false;  ///< by an OverheadBudget: its rows are to be counted as skipped, and not read
};

/// What sits at a call site: hands each value that passes to a receiver (the TorchBind class `srm::Hook`).
/// Everything but set_receiver() may be called from any thread while the model runs.
class Hook : public torch::CustomClassHolder {
 public:
  /// Called in the thread that runs the model, concurrently when the model is, with gradients and autocast off.
  using Receiver = std::function<void(const Passing& passing)>;

  /// With a budget it meters what it takes of the calls of HookedModule, and leaves out what comes in other calls.
  explicit Hook(std::string address, OnError on_error = OnError::kThrow,
                std::shared_ptr<OverheadBudget> overhead = nullptr);

  /// Where it stands.
  const std::string& address() const { return address_; }
  /// What happens when what it hands values to throws.
  OnError on_error() const { return on_error_; }
  /// The budget of time that it shares, or null.
  const std::shared_ptr<OverheadBudget>& overhead() const { return overhead_; }
  /// Replaces the receiver; not while the model runs.
  void set_receiver(Receiver receiver);
  /// A hook that is off neither counts nor calls its receiver. It starts on.
  void set_enabled(bool enabled) { enabled_.store(enabled, std::memory_order_relaxed); }
  /// Whether it hands values on; see set_enabled().
  bool is_enabled() const { return enabled_.load(std::memory_order_relaxed); }
  /// How often a value passed while the hook was on.
  std::int64_t num_calls() const { return num_calls_.load(std::memory_order_relaxed); }
  /// The error that switched this hook off, with OnError::kDetach.
  std::optional<Error> failure() const;

  /// This hook as a value of its TorchBind class.
  virtual c10::IValue object();

  /// What the model's graph calls. With OnError::kThrow an exception of the receiver comes out as Error that names the
  /// address.
  void pass(const Passing& passing);
  /// The receiver's Error whose text `what` contains, if there is one. TorchScript's interpreter turns every exception
  /// into a std::runtime_error with a traceback; this gets the first one back.
  std::optional<Error> take_thrown(const std::string& what);

 protected:
  /// Gives the value to the receiver.
  virtual void receive(const Passing& passing);
  /// Whether there is somebody to hand values to.
  virtual bool has_receiver() const { return static_cast<bool>(receiver_); }
  /// Does what belongs to this hook, in any thread, as pass() does the receiver's part.
  void guard(c10::function_ref<void()> work);
  /// For a hook that is read from a file.
  void restore(std::int64_t num_calls, std::optional<Error> failure);

 private:
  void fail(const Error& error);

  const std::string address_;
  const OnError on_error_;
  const std::shared_ptr<OverheadBudget> overhead_;
  Receiver receiver_;
  std::atomic<bool> enabled_{true};
  std::atomic<std::int64_t> num_calls_{0};
  mutable std::mutex failure_mutex_;
  std::optional<Error> failure_;
};

/// While one exists, what passes hooks in calls of this thread, forks too, comes with this mask where none is named.
class MaskGuard {
 public:
  /// Sets the mask of this thread's calls until the guard goes.
  explicit MaskGuard(at::Tensor mask);

 private:
  c10::DebugInfoGuard guard_;
};

/// While one exists, what passes hooks in calls of this thread, forks too, comes with these tags.
class TagGuard {
 public:
  /// Sets the tags of this thread's calls until the guard goes.
  explicit TagGuard(SampleTags tags);

 private:
  c10::DebugInfoGuard guard_;
};

}  // namespace srm
