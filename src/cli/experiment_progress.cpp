#include "cli/experiment_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "cli/tell.h"

namespace srm::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{200};
constexpr int kBarWidth = 30;

std::string time_left(double seconds_taken, double share_done) {
  if (share_done < 0.01 || share_done >= 1) return "";
  const auto left = static_cast<std::int64_t>(seconds_taken * (1 - share_done) / share_done + 0.5);
  return fmt::format(", {}:{:02} left", left / 60, left % 60);
}

}  // namespace

ExperimentProgressLine::ExperimentProgressLine()
    : is_terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), last_drawn_(start_ - kInterval) {}

ExperimentProgressLine::~ExperimentProgressLine() {
  if (is_drawn_) std::fputs("\n", stderr);
}

void ExperimentProgressLine::show(const activation_basis::ExperimentProgress& progress) {
  const auto now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const std::string left = time_left(seconds, progress.share_done);
  if (!is_terminal_) {
    if (progress.finished == nullptr) return;
    tell("{} of {} networks: {} is done{}\n", progress.num_done, progress.num_cases, progress.finished->key.name(),
         left);
    return;
  }
  if (progress.finished == nullptr && now - last_drawn_ < kInterval) return;
  last_drawn_ = now;
  is_drawn_ = true;
  const int filled = static_cast<int>(progress.share_done * kBarWidth);
  tell("\rtraining [{:=<{}}{: <{}}] {} of {} networks{}\x1b[K", "", filled, "", kBarWidth - filled, progress.num_done,
       progress.num_cases, left);
  std::fflush(stderr);
}

}  // namespace srm::cli
