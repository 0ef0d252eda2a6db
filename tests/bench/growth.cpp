#include "growth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>
#include <utility>

#include "pairing.h"
#include "srm/epsilon_choice.h"
#include "workloads.h"

namespace srm::bench {
namespace {

constexpr int kRuns = 5;
// Rows that hit planes may wait in the accumulator until they are enough to be looked at, so that a call does the work
// of others too: a run is as many calls as take that long.
constexpr double kRunSeconds = 0.08;

using Clock = double (*)();

double seconds_a_call(Clock now, const std::function<void()>& call, int times) {
  const double start = now();
  for (int k = 0; k < times; ++k) call();
  return (now() - start) / times;
}

double median_seconds(Clock now, const std::function<void()>& call) {
  int times = 1;
  call();  // touches the memory of the tables for the first time
  while (seconds_a_call(now, call, times) * times < kRunSeconds) times *= 2;
  std::vector<double> seconds;
  for (int run = 0; run < kRuns; ++run) seconds.push_back(seconds_a_call(now, call, times));
  return summary_of(std::move(seconds)).median;
}

// One sweep, to whose end points are added.
class Sweep {
 public:
  Sweep(std::vector<GrowthPoint>& points, std::string axis, Clock now = thread_cpu_now)
      : points_(points), axis_(std::move(axis)), now_(now) {}

  void add(const std::string& series, double x, std::int64_t num_rows, const std::function<void()>& count) {
    const double ns_per_row = 1e9 * median_seconds(now_, count) / static_cast<double>(num_rows);
    fmt::print("{:8} {:42} {:>8} {:12.1f} ns a row\n", axis_, series, x, ns_per_row);
    points_.push_back({axis_, series, x, ns_per_row});
  }
  void add(const std::string& series, double x, const Workload& workload, const AccumulatorOptions& options) {
    OurCounter counter(workload, options);
    add(series, x, workload.num_rows(), [&] { counter.count(); });
  }

 private:
  std::vector<GrowthPoint>& points_;
  std::string axis_;
  Clock now_;
};

double usual_epsilon(std::int64_t dim) { return epsilon_of_width(EpsilonChoice::isotropic(), dim); }

Workload usual_gaussian(std::int64_t num_rows, std::int64_t dim) {
  return {"gaussian", gaussian_rows(num_rows, dim), usual_epsilon(dim)};
}

void sweep_widths(Sweep sweep) {
  constexpr std::int64_t kNumbers = std::int64_t{1} << 21;  // of a wide layer, which then has fewer rows
  for (std::int64_t dim = 16; dim <= 512; dim *= 2) {
    const Workload workload = usual_gaussian(std::clamp<std::int64_t>(kNumbers / dim, 4096, 16384), dim);
    const auto x = static_cast<double>(dim);
    AccumulatorOptions options = workload.options();
    sweep.add("Gaussian, 1 % epsilon", x, workload, options);
    for (const double epsilon : {0.5, 0.9}) {
      options.epsilon = {epsilon};
      sweep.add(fmt::format("Gaussian, epsilon {}", epsilon), x, workload, options);
    }
  }
  for (std::int64_t dim = 16; dim <= 4096; dim *= 2) {
    const Workload workload("aligned", aligned_rows(16384, dim), 0.9);
    AccumulatorOptions options = workload.options();
    options.planes.kind = PlaneChoice::Kind::kNone;
    sweep.add("aligned, epsilon 0.9, no tables of planes", static_cast<double>(dim), workload, options);
  }
}

void sweep_angles(Sweep sweep) {
  const Workload workload = usual_gaussian(16384, 64);
  AccumulatorOptions options = workload.options();
  for (const std::int64_t num_angles : {36, 90, 180, 360, 720, 1440, 3600}) {
    options.grid = AngleGrid(num_angles);
    sweep.add("Gaussian, n = 64, 1 % epsilon", static_cast<double>(num_angles), workload, options);
  }
}

void sweep_epsilons(Sweep sweep) {
  const Workload gaussian = usual_gaussian(8192, 128);
  const Workload aligned("aligned", aligned_rows(8192, 128), 0.9);
  AccumulatorOptions options = gaussian.options();
  // Denser where another path is chosen.
  for (const double epsilon : {0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95}) {
    options.epsilon = {epsilon};
    sweep.add("Gaussian, n = 128", epsilon, gaussian, options);
    sweep.add("aligned, n = 128", epsilon, aligned, options);
  }
}

// The same rows, handed over by a few or by many at a time.
void sweep_calls(Sweep sweep) {
  constexpr std::int64_t kRows = 65536, kDim = 128;
  const Workload workload = usual_gaussian(kRows, kDim);
  const float* const rows = workload.rows.const_data_ptr<float>();
  for (const std::int64_t rows_a_call : {1, 4, 16, 64, 256, 1024, 4096, 65536}) {
    MemoryBudget budget(std::int64_t{1} << 40);
    Accumulator accumulator(workload.basis, workload.options(), budget);
    const auto count = [&] {
      for (std::int64_t k = 0; k < kRows; k += rows_a_call) {
        accumulator.update(rows + k * kDim, rows_a_call, kDim, kDim);
      }
    };
    sweep.add("Gaussian, n = 128, 1 % epsilon", static_cast<double>(rows_a_call), kRows, count);
  }
}

void sweep_threads(Sweep sweep) {
  constexpr std::int64_t kRows = 16384, kDim = 256;
  const Workload gaussian = usual_gaussian(kRows, kDim);
  const Workload aligned("aligned", aligned_rows(kRows, kDim), 0.9);
  const int most = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  // All numbers of few threads, then twice as many each time.
  for (int num_threads = 1; num_threads <= most; num_threads += num_threads < 8 ? 1 : num_threads) {
    AccumulatorOptions options = gaussian.options();
    options.num_threads = num_threads;
    sweep.add("Gaussian, n = 256, 1 % epsilon (wall time)", num_threads, gaussian, options);
    options.epsilon = {aligned.epsilon};
    sweep.add("aligned, n = 256, epsilon 0.9 (wall time)", num_threads, aligned, options);
  }
}

}  // namespace

std::vector<GrowthPoint> measure_growth() {
  std::vector<GrowthPoint> points;
  sweep_widths({points, "n"});
  sweep_angles({points, "angles"});
  sweep_epsilons({points, "epsilon"});
  sweep_calls({points, "samples"});
  sweep_threads({points, "threads", wall_now});
  return points;
}

void write_growth(const std::vector<GrowthPoint>& points, const std::string& path) {
  nlohmann::json lines = nlohmann::json::array();
  for (const GrowthPoint& point : points) {
    lines.push_back({{"axis", point.axis}, {"series", point.series}, {"x", point.x}, {"ns_per_row", point.ns_per_row}});
  }
  std::ofstream file(path);
  file << lines.dump(1) << "\n";
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace srm::bench
