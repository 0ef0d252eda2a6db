#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "srm/queue_options.h"

namespace srm {

/// What one thread does for all others, in the order in which it came. What waits is bounded in bytes. Thread-safe.
class WorkQueue {
 public:
  /// How a job ends: it is run in its turn, or left out because the queue closed before.
  enum class Turn { kRun, kLeftOut };
  using Job = std::function<void(Turn turn)>;

  /// Throws srm::Error when no thread can be had, and for less than a byte.
  explicit WorkQueue(const QueueOptions& options);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  enum class Push {
    kTaken,
    kFull,     ///< with WhenFull::kDrop
    kRefused,  ///< it is closed, or with WhenFull::kWait the job is larger than the whole queue; whoever came with the
               ///< job may do it
  };
  /// Takes the job that `make` makes once there is room for `bytes` of it; throws what that throws. Waits for room,
  /// with WhenFull::kWait.
  Push push(std::int64_t bytes, const std::function<Job()>& make);

  /// Returns when all that was taken before this call is done. Not to be called from a job.
  void drain();
  /// Throws what a job threw, the first that did since the last time; jobs behind it are done all the same.
  void rethrow();

  /// Takes no more, ends what waits as the options say and the thread behind it. Returns when that is over; once closed
  /// it does nothing.
  void close() noexcept;

  std::int64_t waiting_bytes() const;

 private:
  struct Waiting {
    std::int64_t bytes;
    Job job;
  };
  void work();
  void end(Waiting& next, Turn turn);

  const QueueOptions options_;
  mutable std::mutex mutex_;  // never held while a job runs or is made
  std::condition_variable has_work_, has_room_;
  std::deque<Waiting> waiting_;
  std::int64_t waiting_bytes_ = 0;  // what is being made and what is being done too
  std::int64_t num_taken_ = 0, num_done_ = 0;
  std::exception_ptr thrown_;
  bool is_closed_ = false;
  std::once_flag joined_;
  std::thread worker_;  // the last: it uses all others
};

}  // namespace srm
