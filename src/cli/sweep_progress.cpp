#include "cli/sweep_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <utility>

#include "cli/tell.h"

namespace srm::cli {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::milliseconds kLineInterval{5000};

}  // namespace

SweepProgress::SweepProgress(std::string layer, int num_restarts, double tolerance)
    : layer_(std::move(layer)),
      num_restarts_(num_restarts),
      tolerance_(tolerance),
      is_terminal_(isatty(STDERR_FILENO) != 0),
      first_sweep_(Clock::now()),
      last_sweep_(first_sweep_),
      last_drawn_(first_sweep_) {}

SweepProgress::~SweepProgress() {
  if (has_begun_) draw(/*is_last=*/true);
}

void SweepProgress::show(const LearnProgress& sweep) {
  const auto now = Clock::now();
  const bool is_new = latest_.restart != sweep.restart || std::string_view(latest_.rows) != sweep.rows;
  if (has_begun_ && is_new) draw(/*is_last=*/true);
  if (!has_begun_ || is_new) first_sweep_ = last_drawn_ = now;
  has_begun_ = true;
  latest_ = sweep;
  last_sweep_ = now;
  if (now - last_drawn_ >= (is_terminal_ ? kTerminalInterval : kLineInterval)) draw(/*is_last=*/false);
}

void SweepProgress::draw(bool is_last) {
  last_drawn_ = last_sweep_;
  const bool has_converged = latest_.largest_rotation <= tolerance_;
  std::string text = fmt::format("learning {}: {}, start {} of {}: {} {}, A4 {:+.4f}, last rotation {:.1e} rad", layer_,
                                 latest_.rows, latest_.restart + 1, num_restarts_, latest_.sweep + 1,
                                 latest_.sweep == 0 ? "sweep" : "sweeps", latest_.score, latest_.largest_rotation);
  // The first one has no beginning that is known.
  if (latest_.sweep > 0) {
    const double seconds = std::chrono::duration<double>(last_sweep_ - first_sweep_).count();
    text += fmt::format(", {:.2g} s a sweep", seconds / latest_.sweep);
  }
  if (is_last) text += has_converged ? ", converged" : ", not converged";
  tell("{}{}{}{}", is_terminal_ ? "\r" : "", text, is_terminal_ ? "\x1b[K" : "", is_last || !is_terminal_ ? "\n" : "");
  std::fflush(stderr);
}

}  // namespace srm::cli
