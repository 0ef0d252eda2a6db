#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

namespace srm {

/// What observing a model has cost so far: what its calls took without their hooks, and what those took.
struct Overhead {
  double bare_seconds = 0;              ///< sums over calls, also of those side by side
  double hook_seconds = 0;              ///< time within hooks
  std::int64_t num_calls = 0;           ///< that came to a hook
  std::int64_t num_calls_observed = 0;  ///< all others were left out, and their rows counted as skipped

  /// Hook time as a fraction of bare time.
  double share() const { return bare_seconds > 0 ? hook_seconds / bare_seconds : 0; }
};

// Note [What a call costs]
// Each call earns `max_overhead` of what it took without its hooks, and what its hooks took is paid from that. A call
// is observed when the account is not in debt, nor would be with the calls that are being observed at that moment. So
// over any stretch hooks take `max_overhead` of the bare time, and beyond it at most what is saved (a second's
// earnings, or eight observed calls) and the one call by which each caller goes into debt; the first call, which makes
// the tables, may be a large one. To leave a call out costs a little too. Where that alone is more than is earned,
// nothing but the first call is observed, and no more than that much debt is kept, so that a model that becomes
// slower, and earns more, is observed again.

/// Decides which calls of a model are observed, so that its hooks take no more than a fraction of its time; see Note
/// [What a call costs]. Draws nothing by chance, but hangs on time: what is observed differs from run to run.
/// Thread-safe; observers that share one are observed in the same calls and bounded together.
class OverheadBudget {
 public:
  /// Throws srm::Error unless `max_overhead` is in (0, 1].
  explicit OverheadBudget(double max_overhead);

  /// The share that hooks may take.
  double max_overhead() const { return max_overhead_; }

  /// Whether the call that came is to be observed; end_call() must follow.
  bool begin_call();
  /// That call took `call_seconds`, and hooks `hook_seconds` of them, on whatever threads.
  void end_call(bool was_observed, double call_seconds, double hook_seconds);
  /// What hooks took after their call had ended, in a fork that nobody waited for.
  void add_hook_time(double seconds);

  /// What was measured so far.
  Overhead measured() const;

 private:
  const double max_overhead_;
  mutable std::mutex mutex_;
  double account_seconds_ = 0;
  std::optional<double> expected_seconds_;  // of the hooks of an observed call; none before the first has ended
  std::int64_t num_under_way_ = 0;          // calls that are being observed
  Overhead measured_;
};

}  // namespace srm
