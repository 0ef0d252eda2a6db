#include "work_queue.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "quiet_thread.h"
#include "srm/error.h"

namespace srm {
namespace {

constexpr const char* kWhere = "queue";

}  // namespace

const char* to_string(WhenFull when_full) { return when_full == WhenFull::kDrop ? "drop" : "wait"; }

WorkQueue::WorkQueue(const QueueOptions& options) : options_(options) {
  if (options.bytes < 1) {
    throw Error(kWhere, "a queue must have a byte or more", fmt::format("{}", options.bytes), "give e.g. 64 MB");
  }
  try {
    worker_ = thread_without_signals([this] { work(); });
  } catch (const std::system_error& error) {
    throw Error(kWhere, "a thread must start", error.what(), "observe without a queue");
  }
}

WorkQueue::~WorkQueue() { close(); }

WorkQueue::Push WorkQueue::push(std::int64_t bytes, const std::function<Job()>& make) {
  {
    std::unique_lock lock(mutex_);
    const bool fits_ever = bytes <= options_.bytes;
    const auto has_room = [&] { return bytes <= options_.bytes - waiting_bytes_; };
    if (options_.when_full == WhenFull::kWait && fits_ever) {
      has_room_.wait(lock, [&] { return is_closed_ || has_room(); });
    }
    if (is_closed_) return Push::kRefused;
    if (!has_room()) return options_.when_full == WhenFull::kDrop ? Push::kFull : Push::kRefused;
    waiting_bytes_ += bytes;
  }
  const auto give_room_back = [&] {
    waiting_bytes_ -= bytes;
    has_room_.notify_all();
  };
  Job job;
  try {
    job = make();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    give_room_back();
    throw;
  }
  const std::lock_guard lock(mutex_);
  if (is_closed_) {
    give_room_back();
    return Push::kRefused;
  }
  waiting_.push_back({bytes, std::move(job)});
  ++num_taken_;
  has_work_.notify_one();
  return Push::kTaken;
}

void WorkQueue::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [&] { return is_closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    const Turn turn = is_closed_ && options_.on_close == OnClose::kDrop ? Turn::kLeftOut : Turn::kRun;
    lock.unlock();
    end(next, turn);
    lock.lock();
    waiting_bytes_ -= next.bytes;
    ++num_done_;
    has_room_.notify_all();
  }
}

void WorkQueue::end(Waiting& next, Turn turn) {
  try {
    next.job(turn);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!thrown_) thrown_ = std::current_exception();
  }
  next.job = nullptr;  // what it holds goes before its bytes are given back
}

void WorkQueue::drain() {
  std::unique_lock lock(mutex_);
  has_room_.wait(lock, [this, last = num_taken_] { return num_done_ >= last; });
}

void WorkQueue::rethrow() {
  std::exception_ptr thrown;
  {
    const std::lock_guard lock(mutex_);
    thrown = std::exchange(thrown_, nullptr);
  }
  if (thrown) std::rethrow_exception(thrown);
}

void WorkQueue::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    has_work_.notify_all();
    has_room_.notify_all();
  }
  std::call_once(joined_, [&] { worker_.join(); });
}

std::int64_t WorkQueue::waiting_bytes() const {
  const std::lock_guard lock(mutex_);
  return waiting_bytes_;
}

}  // namespace srm
