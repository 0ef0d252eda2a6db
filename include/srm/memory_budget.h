#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace srm {

/// A limit on bytes that several accumulators share; asked before memory is taken. Thread-safe.
class MemoryBudget {
 public:
  /// Limits to `limit_bytes`; throws srm::Error unless it is positive.
  explicit MemoryBudget(std::int64_t limit_bytes = half_of_free());

  /// Half of the memory that the machine, or the control group this process is in, has free now.
  static std::int64_t half_of_free();

  /// What all together may take.
  std::int64_t limit_bytes() const { return limit_bytes_; }
  /// What is taken now.
  std::int64_t reserved_bytes() const;

  /// Takes `bytes` out of the budget for `what` ("the tables of layer 'encoder.0'"), or throws srm::Error with the
  /// figure and the ways out, and takes nothing.
  void reserve(std::int64_t bytes, std::string_view what);
  /// Gives back what was reserved.
  void release(std::int64_t bytes);

 private:
  const std::int64_t limit_bytes_;
  mutable std::mutex mutex_;
  std::int64_t reserved_bytes_ = 0;
};

/// Bytes of a budget for as long as it lives. The budget must outlive it.
class MemoryReservation {
 public:
  /// Throws as MemoryBudget::reserve() does.
  MemoryReservation(MemoryBudget& budget, std::int64_t bytes, std::string_view what) : budget_(&budget), bytes_(bytes) {
    budget.reserve(bytes, what);
  }
  ~MemoryReservation() {
    if (budget_ != nullptr) budget_->release(bytes_);
  }
  /// Takes the reservation over.
  MemoryReservation(MemoryReservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
  /// Takes the reservation over; its own is given back before.
  MemoryReservation& operator=(MemoryReservation&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  /// How much is reserved.
  std::int64_t bytes() const { return bytes_; }

 private:
  MemoryBudget* budget_;
  std::int64_t bytes_;
};

/// "6.8 GB", "512 MB", "3 kB": decimal units, as disks and papers use them.
std::string format_bytes(std::int64_t bytes);

}  // namespace srm
