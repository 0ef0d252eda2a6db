// Times the accumulator, and beside it in the same run the same counts written as a vectorised LibTorch expression.
// Both get float32 rows and one thread. Before anything is timed, both are checked against a float64 expression.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "srm/accumulator.h"

namespace {

constexpr std::int64_t kNumAngles = 360;
constexpr std::int64_t kNumRows = 16384;  // where the cost of calling an operator no longer weighs on LibTorch
constexpr std::int64_t kNumPlanes = 48;   // that the expression is timed on, drawn by seed; its cost grows with them
constexpr int kNumRepetitions = 5;        // of which the fastest counts
constexpr double kMargin = 1e-5;          // a cosine nearer to epsilon may round either way in float32

struct Case {
  std::string name;
  std::int64_t dim;
  double epsilon;
  at::Tensor rows;  // (kNumRows, dim) float32
};

std::vector<Case> make_cases() {
  auto generator = at::detail::createCPUGenerator(20260801);
  const auto gaussian = [&](std::int64_t dim) { return at::randn({kNumRows, dim}, generator); };
  // A random axis, and noise of a fifth of its length.
  const auto aligned = [&](std::int64_t dim) {
    const at::Tensor noise = gaussian(dim);
    at::Tensor rows = 0.2 * noise / noise.norm(2, {1}, true);
    const at::Tensor axes = at::randint(dim, {kNumRows, 1}, generator);
    return rows.scatter_add_(1, axes, at::ones({kNumRows, 1}));
  };
  return {
      {"aligned rows, n=64, epsilon 0.9", 64, 0.9, aligned(64)},
      {"aligned rows, n=512, epsilon 0.9", 512, 0.9, aligned(512)},
      {"isotropic rows, n=512, epsilon 0.8", 512, 0.8, gaussian(512)},
      {"tanh rows, n=16, epsilon 0.4", 16, 0.4, at::tanh(2 * gaussian(16))},
  };
}

// The rows by column, as LibTorch is fastest: unit rows X and their squares, both (dim, rows), and all spotlights.
struct Columns {
  explicit Columns(const Case& which, at::ScalarType type = at::kFloat) : epsilon(which.epsilon) {
    const at::Tensor rows = which.rows.to(type);
    x = (rows / rows.norm(2, {1}, true)).t().contiguous();
    squares = x * x;
    const at::Tensor angles = at::arange(kNumAngles, type) * (2 * M_PI / kNumAngles);
    spotlights = at::stack({at::cos(angles), at::sin(angles)});
  }

  // The cosines (hits, angles) of the rows that reach the plane's spotlight at all.
  at::Tensor cosines(srm::Plane plane, double margin = 0) const {
    const double least = (epsilon - margin) * (epsilon - margin);
    const at::Tensor hits = (squares[plane.i] + squares[plane.j]).ge(least).nonzero().squeeze(1);
    return at::stack({x[plane.i].index_select(0, hits), x[plane.j].index_select(0, hits)}, 1).matmul(spotlights);
  }
  at::Tensor counts(srm::Plane plane) const { return cosines(plane).ge(epsilon).sum(0); }

  double epsilon;
  at::Tensor x, squares, spotlights;
};

std::vector<srm::Plane> some_planes(std::int64_t dim) {
  std::mt19937 generator(7);
  std::vector<srm::Plane> planes = srm::PlaneSet(srm::Basis::standard(dim), srm::Pairs::kCombination).planes();
  std::shuffle(planes.begin(), planes.end(), generator);
  planes.resize(std::min<std::size_t>(planes.size(), kNumPlanes));
  return planes;
}

// One case, ready to be timed from both sides.
struct Contest {
  explicit Contest(Case which_)
      : which(std::move(which_)),
        basis(std::make_shared<const srm::Basis>(srm::Basis::standard(which.dim))),
        planes(some_planes(which.dim)),
        columns(which) {}

  srm::Accumulator make_accumulator() {
    srm::AccumulatorOptions options;
    options.epsilon = {which.epsilon};
    options.grid = srm::AngleGrid(kNumAngles);
    return {basis, options, budget};
  }
  void count(srm::Accumulator& accumulator) const {
    accumulator.update(which.rows.const_data_ptr<float>(), kNumRows, which.dim, which.dim);
  }

  // Both sides between the float64 counts with and without what rounding decides. Throws when one is not.
  void check() {
    srm::Accumulator accumulator = make_accumulator();
    count(accumulator);
    const srm::Resonance result = std::move(accumulator).take_resonance();
    num_planes = result.num_planes();
    num_hits = result.parts().scores.num_hits[0];
    const Columns exact(which, at::kDouble);
    for (const srm::Plane& plane : planes) {
      const auto ours = result.counts(0, result.plane_index(plane.i, plane.j));
      const at::Tensor theirs = columns.counts(plane);
      const at::Tensor cosines = exact.cosines(plane, kMargin);
      const at::Tensor least = cosines.ge(which.epsilon + kMargin).sum(0);
      const at::Tensor most = cosines.ge(which.epsilon - kMargin).sum(0);
      for (std::int64_t k = 0; k < kNumAngles; ++k) {
        for (const std::int64_t count : {ours[static_cast<std::size_t>(k)], theirs[k].item<std::int64_t>()}) {
          if (count >= least[k].item<std::int64_t>() && count <= most[k].item<std::int64_t>()) continue;
          throw std::runtime_error(
              fmt::format("{}: plane ({}, {}) counts {} at angle {}", which.name, plane.i, plane.j, count, k));
        }
      }
    }
  }

  Case which;
  srm::MemoryBudget budget;
  std::shared_ptr<const srm::Basis> basis;
  std::vector<srm::Plane> planes;
  Columns columns;
  std::int64_t num_planes = 0;
  std::int64_t num_hits = 0;
};

// Prints each repetition as Google Benchmark does, and keeps the fastest time of each name in nanoseconds: CPU time,
// since both sides have one thread and the machine may be busy.
class FastestTimes : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      benchmark::ConsoleReporter::ReportRuns({run});
      const double time = run.cpu_accumulated_time / static_cast<double>(run.iterations) * 1e9;
      const auto [found, is_new] = times_.try_emplace(run.run_name.function_name, time);
      if (!is_new) found->second = std::min(found->second, time);
    }
  }
  /// NaN when it was not run.
  double nanoseconds(const std::string& name) const {
    const auto found = times_.find(name);
    return found == times_.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
  }

 private:
  std::map<std::string, double> times_;
};

void register_sides(Contest& contest) {
  const auto set_up = [](benchmark::internal::Benchmark* side) {
    side->Unit(benchmark::kMillisecond)->MinTime(0.2)->Repetitions(kNumRepetitions);
  };
  set_up(benchmark::RegisterBenchmark(("ours: " + contest.which.name).c_str(), [&contest](benchmark::State& state) {
    srm::Accumulator accumulator = contest.make_accumulator();
    for (auto _ : state) contest.count(accumulator);
  }));
  set_up(benchmark::RegisterBenchmark(("LibTorch: " + contest.which.name).c_str(), [&contest](benchmark::State& state) {
    for (auto _ : state) {
      for (const srm::Plane& plane : contest.planes) benchmark::DoNotOptimize(contest.columns.counts(plane));
    }
  }));
}

nlohmann::json compare(const Contest& contest, const FastestTimes& times) {
  nlohmann::json lines = nlohmann::json::array();
  const double pairs = static_cast<double>(kNumRows) * static_cast<double>(contest.num_planes);
  const double ours = times.nanoseconds("ours: " + contest.which.name) / pairs;
  const double peer = times.nanoseconds("LibTorch: " + contest.which.name) / static_cast<double>(kNumRows) /
                      static_cast<double>(contest.planes.size());
  if (std::isnan(ours) || std::isnan(peer)) return lines;  // left out by --benchmark_filter
  const auto add = [&](double factor, const char* unit) {
    lines.push_back({{"name", contest.which.name},
                     {"ratio", peer / ours},
                     {"ours", ours * factor},
                     {"peer", peer * factor},
                     {"unit", unit}});
  };
  add(1, "ns per sample and plane");
  if (contest.num_hits > 0) add(pairs / static_cast<double>(contest.num_hits), "ns per hit");
  return lines;
}

}  // namespace

// torchsrm_bench [--json FILE] [options of Google Benchmark]
int main(int argc, char** argv) {
  std::string json_path = "bench.json";
  benchmark::Initialize(&argc, argv);
  if (argc == 3 && std::string(argv[1]) == "--json") {
    json_path = argv[2];
  } else if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  at::set_num_threads(1);

  std::vector<std::unique_ptr<Contest>> contests;
  for (Case& which : make_cases()) contests.push_back(std::make_unique<Contest>(std::move(which)));
  for (const auto& contest : contests) {
    contest->check();
    register_sides(*contest);
  }
  FastestTimes times;
  benchmark::RunSpecifiedBenchmarks(&times);

  nlohmann::json lines = nlohmann::json::array();
  for (const auto& contest : contests) {
    for (nlohmann::json& line : compare(*contest, times)) lines.push_back(std::move(line));
  }
  fmt::print(
      "\n{} rows, {} angles, one thread, CPU time; LibTorch {}: one plane at a time, rows with r >= epsilon only\n",
      kNumRows, kNumAngles, TORCHSRM_LIBTORCH_VERSION);
  fmt::print("{:36} {:24} {:>10} {:>10} {:>8}\n", "", "", "torchsrm", "LibTorch", "ratio");
  for (const nlohmann::json& line : lines) {
    fmt::print("{:36} {:24} {:>10.3g} {:>10.3g} {:>8.1f}\n", line["name"].get<std::string>(),
               line["unit"].get<std::string>(), line["ours"].get<double>(), line["peer"].get<double>(),
               line["ratio"].get<double>());
  }
  std::ofstream file(json_path);
  file << lines.dump(1) << "\n";
  if (!file.flush()) {
    fmt::print(stderr, "cannot write {}\n", json_path);
    return 1;
  }
}
