#include "pairing.h"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace srm::bench {
namespace {

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

double thread_cpu_now() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

double process_cpu_now() { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

double wall_now() { return seconds_of(CLOCK_MONOTONIC); }

Turns::Turns(Measure ours, Measure peer) : ours_(std::move(ours)), peer_(std::move(peer)), before_(std::nan("")) {}

const Pair& Turns::take() {
  if (std::isnan(before_)) before_ = peer_();
  const double ours = ours_();
  const double after = peer_();
  pairs_.push_back({(before_ + after) / 2, ours});
  before_ = after;
  return pairs_.back();
}

double ratio_of(const Pair& pair, Ratio ratio) {
  switch (ratio) {
    case Ratio::kPeerOverOurs:
      return pair.peer / pair.ours;
    case Ratio::kOursOverPeer:
      return pair.ours / pair.peer;
    case Ratio::kAdded:
      break;
  }
  return pair.ours / pair.peer - 1;
}

Summary summary_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - std::floor(place)) * (values[above] - values[below]);
  };
  return {at(0.5), (at(0.75) - at(0.25)) / 2};
}

Summary summary_of(const std::vector<Pair>& pairs, const std::function<double(const Pair&)>& value) {
  std::vector<double> values;
  for (const Pair& pair : pairs) values.push_back(value(pair));
  return summary_of(std::move(values));
}

}  // namespace srm::bench
