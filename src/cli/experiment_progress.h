#pragma once

#include <chrono>

#include "activation_basis/experiment.h"

namespace srm::cli {

/// Progress of an experiment on standard error: a bar that is redrawn on a terminal, elsewhere a line for each case
/// when it is done.
class ExperimentProgressLine {
 public:
  ExperimentProgressLine();
  ~ExperimentProgressLine();
  ExperimentProgressLine(const ExperimentProgressLine&) = delete;
  ExperimentProgressLine& operator=(const ExperimentProgressLine&) = delete;

  void show(const activation_basis::ExperimentProgress& progress);

 private:
  using Clock = std::chrono::steady_clock;

  const bool is_terminal_;
  const Clock::time_point start_;
  Clock::time_point last_drawn_;
  bool is_drawn_ = false;
};

}  // namespace srm::cli
