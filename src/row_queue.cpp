#include "row_queue.h"

#include <ATen/ATen.h>

#include <utility>

namespace srm {
namespace {

constexpr std::int64_t kJobBytes = 512;  // what waits beside the numbers, so that empty activations are bounded too

std::int64_t bytes_of(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.numel() * static_cast<std::int64_t>(tensor.itemsize()) : 0;
}

at::Tensor copy_of(const at::Tensor& tensor) {
  if (!tensor.defined()) return {};
  const at::Tensor detached = tensor.detach();
  // Bringing it here copies it, in the order of the stream that the model runs in.
  return detached.is_cpu() ? detached.clone() : detached.to(at::kCPU);
}

}  // namespace

RowQueue::RowQueue(const QueueOptions& options, std::shared_ptr<MemoryBudget> budget)
    : budget_(std::move(budget)),
      reserved_(std::in_place, *budget_, options.bytes, "the queue of rows that wait to be counted"),
      queue_(options) {}

WorkQueue::Push RowQueue::push(const at::Tensor& activation, const at::Tensor& mask, const SampleTags& tags,
                               const Count& count) {
  const std::int64_t bytes = kJobBytes + bytes_of(activation) + bytes_of(mask) + bytes_of(tags.labels);
  return queue_.push(bytes, [&]() -> WorkQueue::Job {
    const Copy copy{copy_of(activation), copy_of(mask), {copy_of(tags.labels), tags.first, tags.count}};
    return [copy, count](WorkQueue::Turn turn) { count(copy, turn == WorkQueue::Turn::kLeftOut); };
  });
}

void RowQueue::close() noexcept {
  queue_.close();
  const std::lock_guard lock(mutex_);
  reserved_.reset();
}

}  // namespace srm
