#include "contest.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <utility>

namespace srm::bench {
namespace {

double shown(double cost, const Unit& unit) { return unit.is_rate ? unit.factor / cost : unit.factor * cost; }

Row row_of(const Contest& contest, const std::vector<Pair>& pairs, const Sides& sides) {
  const Summary ratio = summary_of(pairs, [&](const Pair& pair) { return ratio_of(pair, contest.ratio); });
  const Summary ours = summary_of(pairs, [&](const Pair& pair) { return shown(pair.ours, sides.unit); });
  const Summary peer = summary_of(pairs, [&](const Pair& pair) { return shown(pair.peer, sides.unit); });
  return {contest.name,
          ratio.median,
          ratio.spread,
          ours.median,
          peer.median,
          sides.unit.name,
          sides.remark ? sides.remark() : ""};
}

void run(benchmark::State& state, const Contest& contest, double most_seconds, std::vector<Row>& rows) {
  const Sides sides = contest.set_up();
  Turns turns(sides.ours, sides.peer);
  const double first = process_cpu_now();
  for (auto _ : state) {
    const double start = wall_now();
    if (turns.pairs().empty() || process_cpu_now() - first < most_seconds) turns.take();
    state.SetIterationTime(wall_now() - start);
  }
  rows.push_back(row_of(contest, turns.pairs(), sides));
  state.counters["ratio"] = rows.back().ratio;
  state.counters["spread"] = rows.back().spread;
}

}  // namespace

void register_contest(Contest contest, Effort effort, std::vector<Row>& rows) {
  const int num_pairs = effort == Effort::kWhole ? contest.num_pairs : std::min(contest.num_pairs, kShortPairs);
  const double most_seconds = effort == Effort::kWhole ? kMostSeconds : kMostSecondsShort;
  const std::string name = contest.name;
  benchmark::RegisterBenchmark(name.c_str(), [contest = std::move(contest), most_seconds, &rows](
                                                 benchmark::State& state) { run(state, contest, most_seconds, rows); })
      ->Iterations(num_pairs)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace srm::bench
