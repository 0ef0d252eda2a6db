#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/tell.h"

namespace srm::cli {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::milliseconds kLineInterval{5000};
constexpr int kBarWidth = 30;

std::string as_time(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

Progress::Progress(std::string what, std::int64_t num_items, std::string items)
    : what_(std::move(what)),
      num_items_(num_items),
      items_(std::move(items)),
      is_terminal_(isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      last_drawn_(start_) {}

Progress::~Progress() {
  draw(Clock::now());
  if (is_terminal_) std::fputs("\n", stderr);
}

void Progress::advance(std::int64_t num_items) {
  num_done_ += num_items;
  const auto now = Clock::now();
  if (num_done_ >= num_items_ || now - last_drawn_ < (is_terminal_ ? kTerminalInterval : kLineInterval)) return;
  draw(now);
}

void Progress::draw(Clock::time_point now) {
  last_drawn_ = now;
  const double seconds = std::max(std::chrono::duration<double>(now - start_).count(), 1e-9);
  const double rate = static_cast<double>(num_done_) / seconds;
  const double share = static_cast<double>(num_done_) / static_cast<double>(std::max<std::int64_t>(num_items_, 1));
  std::string text =
      fmt::format("{}/{} {}, {:.{}f} a second", num_done_, num_items_, items_, rate, rate < 9.95 ? 1 : 0);
  if (num_done_ < num_items_ && num_done_ > 0) {
    text += fmt::format(", {} left", as_time(static_cast<double>(num_items_ - num_done_) / rate));
  } else {
    text += fmt::format(", took {}", as_time(seconds));
  }
  if (is_terminal_) {
    const int filled = static_cast<int>(share * kBarWidth);
    tell("\r{} [{:=<{}}{: <{}}] {}\x1b[K", what_, "", filled, "", kBarWidth - filled, text);
  } else {
    tell("{}: {}\n", what_, text);
  }
  std::fflush(stderr);
}

}  // namespace srm::cli
