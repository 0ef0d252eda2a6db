#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace srm::cli {

/// Progress of a long loop on standard error: one line that is redrawn on a terminal, a new line every few seconds
/// elsewhere. Tells how many a second and the time left.
class Progress {
 public:
  /// `what` is what is done ("observing"), `num_items` how many there are of what `items` says.
  Progress(std::string what, std::int64_t num_items, std::string items = "samples");
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `num_items` more are done.
  void advance(std::int64_t num_items);

 private:
  using Clock = std::chrono::steady_clock;

  void draw(Clock::time_point now);

  const std::string what_;
  const std::int64_t num_items_;
  const std::string items_;
  const bool is_terminal_;
  const Clock::time_point start_;
  Clock::time_point last_drawn_;
  std::int64_t num_done_ = 0;
};

}  // namespace srm::cli
