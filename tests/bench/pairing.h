#pragma once

#include <functional>
#include <string>
#include <vector>

namespace srm::bench {

/// Does a side's work and gives what one unit of it costs: seconds, or bytes.
using Measure = std::function<double()>;

/// CPU seconds of this thread, and of all threads of the process; seconds of the clock on the wall.
double thread_cpu_now();
double process_cpu_now();
double wall_now();

/// CPU seconds of this thread in which `work` is done once, of `times` that are done.
template <typename Work>
double cpu_seconds(const Work& work, int times = 1) {
  const double start = thread_cpu_now();
  for (int k = 0; k < times; ++k) work();
  return (thread_cpu_now() - start) / times;
}

/// What one turn of each side cost. The peer's is the mean of a turn before ours and one after it: what slows the
/// machine down for a while slows both.
struct Pair {
  double peer;
  double ours;
};

/// Lets the sides take turns, the peer first and last.
class Turns {
 public:
  Turns(Measure ours, Measure peer);
  /// One more pair. The first call also takes the peer's first turn.
  const Pair& take();
  const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  Measure ours_, peer_;
  double before_;
  std::vector<Pair> pairs_;
};

/// How a pair becomes a ratio.
enum class Ratio {
  kPeerOverOurs,  ///< how many times as fast we are
  kOursOverPeer,
  kAdded,  ///< ours / peer - 1: what we add to what the peer alone costs
};
double ratio_of(const Pair& pair, Ratio ratio);

/// The spread is half of what the middle half of the values spans.
struct Summary {
  double median;
  double spread;
};
/// Of at least one value.
Summary summary_of(std::vector<double> values);
Summary summary_of(const std::vector<Pair>& pairs, const std::function<double(const Pair&)>& value);

}  // namespace srm::bench
