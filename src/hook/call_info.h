// PRIVATE to src/hook: what is known of a call of the model, in whichever threads its hooks are passed.
#pragma once

#include <torch/script.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "srm/hook.h"
#include "srm/overhead_budget.h"

namespace srm::internal {

/// One call of a model, as one budget sees it. Thread-safe.
class MeteredCall {
 public:
  explicit MeteredCall(std::shared_ptr<OverheadBudget> budget) : budget_(std::move(budget)) {}

  const OverheadBudget* budget() const { return budget_.get(); }
  /// Decided when the first hook asks.
  bool is_observed();
  void add_hook_time(std::chrono::nanoseconds time);
  void end(std::chrono::nanoseconds call_time);

 private:
  const std::shared_ptr<OverheadBudget> budget_;
  std::once_flag decided_;
  std::atomic<bool> is_decided_ = false;
  bool is_observed_ = false;
  std::atomic<std::int64_t> hook_nanoseconds_ = 0;
  std::atomic<bool> has_ended_ = false;
};

struct CallInfo : c10::DebugInfoBase {
  at::Tensor mask;
  SampleTags tags;
  std::vector<std::shared_ptr<MeteredCall>> metered;

  /// Null where this budget does not meter the call.
  MeteredCall* metered_by(const OverheadBudget* budget) const;
};

/// Of the call that this thread is in, or null.
const CallInfo* call_info();

/// Meters a call for budgets, from here to its end. Does nothing where there are none.
class CallMeter {
 public:
  explicit CallMeter(const std::vector<std::shared_ptr<OverheadBudget>>& budgets);
  ~CallMeter();
  CallMeter(const CallMeter&) = delete;
  CallMeter& operator=(const CallMeter&) = delete;

 private:
  std::vector<std::shared_ptr<MeteredCall>> calls_;
  std::optional<c10::DebugInfoGuard> guard_;
  std::chrono::steady_clock::time_point start_;
};

/// Adds the time of its life to a call; null does nothing.
class HookTimer {
 public:
  explicit HookTimer(MeteredCall* call) : call_(call) {
    if (call_ != nullptr) start_ = std::chrono::steady_clock::now();
  }
  ~HookTimer() {
    if (call_ != nullptr) call_->add_hook_time(std::chrono::steady_clock::now() - start_);
  }
  HookTimer(const HookTimer&) = delete;
  HookTimer& operator=(const HookTimer&) = delete;

 private:
  MeteredCall* const call_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace srm::internal
