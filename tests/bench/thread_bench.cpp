// Two threads beside one. The ratio is of CPU time, that of the busier thread, so that it holds on a busy machine; what
// the clock on the wall says is told beside it.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "rows.h"
#include "workloads.h"

namespace srm::bench {
namespace {

constexpr int kPairs = 7;

// CPU time of the caller and, as all the rest of the process, of the other thread there may be.
struct Times {
  double busier, wall;
};

Times time_once(OurCounter& counter) {
  const double wall = wall_now(), process = process_cpu_now(), thread = thread_cpu_now();
  counter.count();
  const double mine = thread_cpu_now() - thread;
  const double others = process_cpu_now() - process - mine;
  return {std::max(mine, others), wall_now() - wall};
}

Sides set_up(const Workload& workload) {
  struct State {
    OurCounter one, two;
    double wall_of_one = 0;
    std::vector<double> wall_ratios;
  };
  AccumulatorOptions of_two = workload.options();
  of_two.num_threads = 2;
  const std::shared_ptr<State> state(
      new State{OurCounter(workload, workload.options()), OurCounter(workload, of_two), 0, {}});
  const double num_pairs = workload.num_pairs();
  const Measure ours = [state, num_pairs] {
    const Times times = time_once(state->two);
    if (state->wall_of_one > 0) state->wall_ratios.push_back(state->wall_of_one / times.wall);
    return times.busier / num_pairs;
  };
  const Measure peer = [state, num_pairs] {
    const Times times = time_once(state->one);
    state->wall_of_one = times.wall;
    return times.busier / num_pairs;
  };
  ours();
  peer();
  return {ours, peer, {"ns a row and plane", 1e9}, [state] {
            return fmt::format("CPU time of the busier thread; wall {:.2f}", summary_of(state->wall_ratios).median);
          }};
}

}  // namespace

std::vector<Contest> thread_rows() {
  return {{"threads/2_vs_1_wide", Ratio::kPeerOverOurs, kPairs, [] { return set_up(wide_n768()); }},
          {"threads/2_vs_1_aligned", Ratio::kPeerOverOurs, kPairs, [] { return set_up(aligned_n512()); }}};
}

}  // namespace srm::bench
