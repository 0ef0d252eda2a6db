#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "srm/hook.h"
#include "srm/memory_budget.h"
#include "srm/queue_options.h"
#include "work_queue.h"

namespace srm {

/// Copies of what passed hooks, on their way to be counted by a thread of their own. Thread-safe.
class RowQueue {
 public:
  /// Throws srm::Error as WorkQueue, and where `budget` has no room for what may wait.
  RowQueue(const QueueOptions& options, std::shared_ptr<MemoryBudget> budget);

  /// A copy of an activation, on the CPU, with all that belongs to it.
  struct Copy {
    at::Tensor activation;
    at::Tensor mask;
    SampleTags tags;
  };
  /// Called in another thread; is_left_out where the queue closed before its turn.
  using Count = std::function<void(const Copy& copy, bool is_left_out)>;
  /// As WorkQueue::push(): the original may change once this has returned.
  WorkQueue::Push push(const at::Tensor& activation, const at::Tensor& mask, const SampleTags& tags,
                       const Count& count);
  void add_dropped(std::int64_t num_rows) { num_dropped_ += num_rows; }
  std::int64_t num_rows_dropped() const { return num_dropped_; }

  /// Waits until all that was taken so far is counted.
  void wait() { queue_.drain(); }
  /// Throws what counting threw, if there is something.
  void rethrow() { queue_.rethrow(); }
  /// See WorkQueue; the memory goes back to the budget.
  void close() noexcept;

 private:
  const std::shared_ptr<MemoryBudget> budget_;
  std::mutex mutex_;  // of the next
  std::optional<MemoryReservation> reserved_;
  std::atomic<std::int64_t> num_dropped_ = 0;
  WorkQueue queue_;  // the last: its thread ends first
};

}  // namespace srm
