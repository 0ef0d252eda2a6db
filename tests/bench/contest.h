#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pairing.h"
#include "row_table.h"

namespace srm::bench {

/// How costs are shown: `factor` times the cost, or with is_rate `factor` divided by it.
struct Unit {
  std::string name;
  double factor = 1;
  bool is_rate = false;
};

/// Both sides of a row, ready to be timed, with all that they need. Costs of the two are of the same unit of work.
struct Sides {
  Measure ours;
  Measure peer;
  Unit unit;
  std::function<std::string()> remark = {};  ///< asked for after the last pair
};

/// Whether all pairs are taken, or a few: `make bench` or `make bench-check`.
enum class Effort { kWhole, kShort };

/// One row: made ready, warmed up, and timed in alternating pairs.
struct Contest {
  std::string name;
  Ratio ratio;
  int num_pairs;  ///< of the whole form; the short one takes kShortPairs at most
  std::function<Sides()> set_up;
};
constexpr int kShortPairs = 3;
/// Seconds of CPU time after which a row takes no more pairs, so that slow kernels, or a slow machine, do not make the
/// whole endless; a row has one pair at least.
constexpr double kMostSeconds = 8, kMostSecondsShort = 2;

/// Gives a contest to Google Benchmark, each iteration being a pair of turns, and puts what comes
/// out at the end of `rows`, which must outlive the run.
void register_contest(Contest contest, Effort effort, std::vector<Row>& rows);

}  // namespace srm::bench
