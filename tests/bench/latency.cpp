// How long calls of a model take while several callers run it: bare, observed, within a budget, and with a queue.

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "srm/io.h"
#include "srm/observer.h"

namespace srm::bench {
namespace {

struct Flags {
  std::string model, data;
  std::vector<std::string> layers = {"*"};
  std::string epsilon = "auto";
  std::int64_t num_planes = 64;
  std::int64_t batch_size = 64;
  int num_callers = 4, num_calls = 200, num_rounds = 5;
};

/// A way to run the model.
struct Way {
  std::string name;
  std::unique_ptr<ObservedModule> observed;  // none: the bare model
  std::vector<double> milliseconds = {};     // of each call
  double seconds = 0;                        // on the wall
};

std::vector<Way> ways_of(const torch::jit::Module& model, const Flags& flags) {
  ObserveOptions plain{.layers = flags.layers, .epsilon = {to_epsilon_choice(flags.epsilon)}};
  plain.planes = {.kind = PlaneChoice::Kind::kRandom, .num_planes = flags.num_planes};  // wide layers have too many
  ObserveOptions limited = plain, queued = plain, both = plain;
  limited.max_overhead = both.max_overhead = 0.02;
  queued.queue = both.queue = {.bytes = std::int64_t{1} << 26, .when_full = WhenFull::kDrop};
  std::vector<Way> ways;
  ways.push_back({"bare", nullptr});
  const auto add = [&](const char* name, const ObserveOptions& options) {
    ways.push_back({name, std::make_unique<ObservedModule>(model, options)});
  };
  add("observed", plain);
  add("--max-overhead 2%", limited);
  add("--queue 64M, drop", queued);
  add("both", both);
  return ways;
}

void run(Way& way, torch::jit::Module& model, const std::vector<at::Tensor>& batches, const Flags& flags) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::vector<double>> milliseconds(static_cast<std::size_t>(flags.num_callers));
  std::vector<std::thread> callers;
  const auto begin = Clock::now();
  for (auto& mine : milliseconds) {
    callers.emplace_back([&] {
      const torch::NoGradGuard no_grad;
      for (int k = 0; k < flags.num_calls; ++k) {
        const at::Tensor& batch = batches[static_cast<std::size_t>(k) % batches.size()];
        const auto start = Clock::now();
        if (way.observed) {
          way.observed->forward({batch});
        } else {
          model.forward({batch});
        }
        mine.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  way.seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  if (way.observed) way.observed->drain();  // what waits is not to slow the next way down
  for (const auto& mine : milliseconds) way.milliseconds.insert(way.milliseconds.end(), mine.begin(), mine.end());
}

std::string row_of(Way& way) {
  std::sort(way.milliseconds.begin(), way.milliseconds.end());
  const auto percentile = [&](double share) {
    return way.milliseconds[static_cast<std::size_t>(share * static_cast<double>(way.milliseconds.size() - 1))];
  };
  std::string seen, overhead;
  if (way.observed) {
    double num_seen = 0, num_rows = 0;
    for (const Resonance& layer : way.observed->holistic_results()) {
      num_seen += static_cast<double>(layer.num_samples_seen());
      num_rows += static_cast<double>(layer.num_samples_seen() + layer.parts().num_samples_skipped);
    }
    seen = fmt::format("{:.3g} %", 100 * num_seen / num_rows);
    if (const auto measured = way.observed->overhead()) overhead = fmt::format("{:.2f} %", 100 * measured->share());
  }
  return fmt::format("{:<18} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.0f} {:>9} {:>9}", way.name, percentile(0.5),
                     percentile(0.95), percentile(0.99), static_cast<double>(way.milliseconds.size()) / way.seconds,
                     seen, overhead);
}

int run(const Flags& flags) {
  at::set_num_threads(1);
  torch::jit::Module model = torch::jit::load(flags.model);
  model.eval();
  const std::vector<at::Tensor> batches = read_tensor(flags.data).split(flags.batch_size);
  std::vector<Way> ways = ways_of(model, flags);
  // The first round makes tables and specialises graphs.
  for (int round = -1; round < flags.num_rounds; ++round) {
    for (Way& way : ways) {
      run(way, model, batches, flags);
      if (round >= 0) continue;
      way.milliseconds.clear();
      way.seconds = 0;
    }
  }
  fmt::print("{} callers, {} samples a call; milliseconds a call\n", flags.num_callers, flags.batch_size);
  fmt::print("{:<18} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "", "p50", "p95", "p99", "calls/s", "rows seen",
             "overhead");
  for (Way& way : ways) fmt::print("{}\n", row_of(way));
  return 0;
}

}  // namespace
}  // namespace srm::bench

int main(int argc, char** argv) try {
  srm::bench::Flags flags;
  CLI::App app("Latency of a model under load, with and without observing it");
  app.add_option("MODEL", flags.model, "TorchScript file that takes one tensor")->required();
  app.add_option("--data", flags.data, "Inputs (num_samples, ...)")->required();
  app.add_option("--layers", flags.layers, "Selectors")->capture_default_str();
  app.add_option("--epsilon", flags.epsilon, "Cosine threshold")->capture_default_str();
  app.add_option("--planes", flags.num_planes, "Planes of a layer that have tables")->capture_default_str();
  app.add_option("--batch-size", flags.batch_size, "Samples a call")->capture_default_str();
  app.add_option("--callers", flags.num_callers, "Threads that call the model")->capture_default_str();
  app.add_option("--calls", flags.num_calls, "Calls of each in a round")->capture_default_str();
  app.add_option("--rounds", flags.num_rounds, "Rounds, in each of which every way has its turn")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return srm::bench::run(flags);
} catch (const std::exception& error) {
  fmt::print(stderr, "serving_latency: {}\n", error.what());
  return 1;
}
