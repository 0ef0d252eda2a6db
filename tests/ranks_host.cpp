// One rank of a training, or the whole of it where no ranks are in the environment, for ranks_test.py and
// tensorboard_test.py: ranks_host FOLDER NUM_STEPS [TIMEOUT_MS [RANK STEP before|within]]; that rank is killed there.

#include <torch/torch.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "srm/error.h"
#include "srm/monitor.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNumParts = 4;  // of each batch
Clock::time_point last_call;  // that waits for the other ranks

torch::Tensor rows_of(std::int64_t step, int part, std::int64_t dim) {
  torch::manual_seed(static_cast<std::uint64_t>(100 * step + 10 * part + dim));
  return torch::tanh((1 + 0.5 * static_cast<double>(step)) * torch::randn({50, dim}));
}

std::int64_t number_of(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoll(text) : otherwise;
}

int watch(const std::filesystem::path& folder, std::int64_t num_steps, std::chrono::milliseconds timeout,
          std::int64_t fatal_step, bool is_within) {
  srm::MonitorOptions options;
  last_call = Clock::now();
  if (std::getenv("WORLD_SIZE") != nullptr) options.ranks = srm::Ranks::from_environment(timeout);
  const int rank = options.ranks ? options.ranks->rank() : 0;
  const int num_ranks = options.ranks ? options.ranks->num_ranks() : 1;
  options.observe.epsilon = {0.4, 0.75};
  if (rank == 2) options.observe.epsilon.resize(static_cast<std::size_t>(number_of("NUM_EPSILONS_OF_RANK_2", 2)), 0.9);
  options.observe.num_angles = 36;
  options.observe.basis_rule = srm::learning_rule({.method = srm::LearnMethod::kDiagonal}, number_of("KEPT_ROWS", 500));
  options.relearn_every = 2;
  options.num_rotations = 40;
  options.history = folder / "run.srmh";
  options.json_lines = folder / "run.jsonl";
  options.tensorboard = folder / "tensorboard";
  options.results = folder / "results";
  srm::Monitor monitor(options);
  for (std::int64_t step = 1; step <= num_steps; ++step) {
    monitor.set_phase(srm::Phase::kTraining);
    for (int part = rank; part < kNumParts; part += num_ranks) {
      monitor.observe("hidden", rows_of(step, part, 12));
      monitor.observe("code", rows_of(step, part, 6));
    }
    monitor.set_phase(srm::Phase::kEvaluation);
    if (rank == 0 && step % 2 == 0) monitor.observe("code", rows_of(step, 9, 6));
    if (step == fatal_step && is_within) options.ranks->exchange("the others go on to a sum");
    if (step == fatal_step) std::raise(SIGKILL);
    last_call = Clock::now();
    if (step == number_of("SUM_AT_STEP", -1)) {
      options.ranks->exchange("");
      std::vector<std::int64_t> numbers(1000, 1);
      options.ranks->sum(numbers);
    }
    monitor.step(step, {{"loss", 1.0 / static_cast<double>(step + rank)}, {"learning_rate", 0.1}});
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4 && argc != 7) return 2;
  const std::int64_t timeout = argc > 3 ? std::atoll(argv[3]) : 60000;
  const char* rank = std::getenv("RANK");
  const bool dies = argc > 4 && rank != nullptr && std::string(rank) == argv[4];
  try {
    return watch(argv[1], std::atoll(argv[2]), std::chrono::milliseconds(timeout), dies ? std::atoll(argv[5]) : -1,
                 dies && std::string(argv[6]) == "within");
  } catch (const srm::Error& error) {
    const double seconds = std::chrono::duration<double>(Clock::now() - last_call).count();
    std::fprintf(stderr, "%s\nafter %.1f s\n", error.what(), seconds);
    return 3;
  }
}
