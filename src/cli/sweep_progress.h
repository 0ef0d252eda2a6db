#pragma once

#include <chrono>
#include <string>

#include "srm/basis_learning.h"

namespace srm::cli {

/// How a learner converges, on standard error: a line for each start, which a terminal sees grow sweep by sweep.
class SweepProgress {
 public:
  /// `layer` is printable; a start has converged when its last rotation is within `tolerance`.
  SweepProgress(std::string layer, int num_restarts, double tolerance);
  ~SweepProgress();
  SweepProgress(const SweepProgress&) = delete;
  SweepProgress& operator=(const SweepProgress&) = delete;

  void show(const LearnProgress& sweep);

 private:
  using Clock = std::chrono::steady_clock;

  void draw(bool is_last);

  const std::string layer_;
  const int num_restarts_;
  const double tolerance_;
  const bool is_terminal_;
  bool has_begun_ = false;
  LearnProgress latest_;
  Clock::time_point first_sweep_;  // when it had ended
  Clock::time_point last_sweep_;
  Clock::time_point last_drawn_;
};

}  // namespace srm::cli
