#include "srm/overhead_budget.h"

#include <fmt/format.h>

#include <algorithm>

#include "srm/error.h"

namespace srm {
namespace {

constexpr double kSavedSeconds = 1;  // of bare time, whose earnings are kept at most
constexpr double kSavedCalls = 8;    // so many observed calls anyway, for callers side by side
constexpr double kNewest = 0.25;     // weighs the newest call in what the next is expected to cost

}  // namespace

OverheadBudget::OverheadBudget(double max_overhead) : max_overhead_(max_overhead) {
  if (max_overhead > 0 && max_overhead <= 1) return;
  throw Error("overhead budget", "the most overhead must be a fraction of the model's time in (0, 1]",
              fmt::format("{}", max_overhead), "give e.g. 0.02");
}

bool OverheadBudget::begin_call() {
  const std::lock_guard lock(mutex_);
  const bool is_affordable = expected_seconds_
                                 ? account_seconds_ >= static_cast<double>(num_under_way_) * *expected_seconds_
                                 : num_under_way_ == 0;  // one alone finds out what it costs
  if (is_affordable) ++num_under_way_;
  return is_affordable;
}

void OverheadBudget::end_call(bool was_observed, double call_seconds, double hook_seconds) {
  const std::lock_guard lock(mutex_);
  // Forks run side by side, and their hooks may take more than the call did.
  const double bare_seconds = std::max(call_seconds - hook_seconds, 0.0);
  const double gain = max_overhead_ * bare_seconds - hook_seconds;
  measured_.bare_seconds += bare_seconds;
  measured_.hook_seconds += hook_seconds;
  ++measured_.num_calls;
  if (was_observed) {
    ++measured_.num_calls_observed;
    --num_under_way_;
    const double expected = expected_seconds_.value_or(hook_seconds);
    expected_seconds_ = expected + kNewest * (hook_seconds - expected);
  }
  const double most = std::max(max_overhead_ * kSavedSeconds, kSavedCalls * expected_seconds_.value_or(0));
  double account = account_seconds_ + gain;
  if (!was_observed && gain < 0) account = std::max(account, std::min(account_seconds_, -most));
  account_seconds_ = std::min(account, most);
}

void OverheadBudget::add_hook_time(double seconds) {
  const std::lock_guard lock(mutex_);
  measured_.hook_seconds += seconds;
  account_seconds_ -= seconds;
}

Overhead OverheadBudget::measured() const {
  const std::lock_guard lock(mutex_);
  return measured_;
}

}  // namespace srm
