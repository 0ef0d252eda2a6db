// Every row of the benchmark, or a short form of it as a check.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <torch/script.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "growth.h"
#include "rows.h"
#include "workloads.h"

namespace srm::bench {
namespace {

struct Flags {
  std::string json_path;
  std::string growth_path;
  std::string encoder_folder = "build/real-models";
  bool is_check = false;
  Against against = Against::kReached;
};

std::vector<Contest> all_contests(const Flags& flags, Effort effort) {
  std::vector<Contest> all;
  const auto add = [&](std::vector<Contest> more) {
    for (Contest& each : more) all.push_back(std::move(each));
  };
  add(sparse_rows());
  add(versus_rows());
  add(increment_rows());
  add(epsilon_rows());
  add(thread_rows());
  add(holistic_rows());
  const EncoderFiles files(flags.encoder_folder);
  if (files.are_there()) {
    add(hook_observer_rows(files, effort));
  } else {
    fmt::print("no {}: what needs it is not timed; `make real-models` makes it\n", files.model);
  }
  add(memory_rows());
  if (flags.is_check) {
    std::erase_if(all, [](const Contest& each) { return !has_target(each.name); });
    return all;
  }
  add(hook_call_rows());
  if (files.are_there()) {
    add(hook_forward_rows(files, effort));
    add(hook_warm_up_rows(files));
    add(hook_caller_rows(files));
  }
  return all;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line) && line.rfind("model name", 0) != 0) continue;
  return line.substr(std::min(line.size(), line.find(':') + 2));
}

int report_check(const std::vector<Row>& rows, Against against) {
  if (rows.empty()) {
    fmt::print("no row was measured: --benchmark_filter chooses none that has a target\n");
    return 1;
  }
  const Findings findings = check(rows, against);
  for (const std::string& name : findings.not_measured) fmt::print("not measured: {}\n", name);
  for (const std::string& sentence : findings.lost) fmt::print("LOST {}\n", sentence);
  if (findings.lost.empty()) fmt::print("no row has lost more than half\n");
  return findings.lost.empty() ? 0 : 1;
}

int run_growth(const std::string& path) {
  const double start = wall_now();
  write_growth(measure_growth(), path);
  fmt::print("{}; LibTorch {}; took {:.0f} s\n", cpu_name(), TORCHSRM_LIBTORCH_VERSION, wall_now() - start);
  return 0;
}

int run(const Flags& flags) {
  const torch::NoGradGuard no_grad;
  at::set_num_threads(1);
  if (!flags.growth_path.empty()) return run_growth(flags.growth_path);
  const double start = wall_now(), cpu_start = process_cpu_now();
  std::vector<Row> rows;
  const Effort effort = flags.is_check ? Effort::kShort : Effort::kWhole;
  for (Contest& contest : all_contests(flags, effort)) register_contest(std::move(contest), effort, rows);
  benchmark::RunSpecifiedBenchmarks();
  fmt::print(
      "\n{}, {} cores; LibTorch {}; {} angles; one core, CPU time, medians of alternating pairs; took {:.0f} s, {:.0f} "
      "s of "
      "CPU time\n",
      cpu_name(), std::thread::hardware_concurrency(), TORCHSRM_LIBTORCH_VERSION, kNumAngles, wall_now() - start,
      process_cpu_now() - cpu_start);
  fmt::print(
      "ratio: where the target is a least one, peer's time / ours; a most one, ours / peer's, or time added / bare "
      "forward\n\n");
  fmt::print("{}\n", table_text(rows));
  if (!flags.json_path.empty()) write_json(rows, flags.json_path);
  return flags.is_check ? report_check(rows, flags.against) : 0;
}

}  // namespace
}  // namespace srm::bench

int main(int argc, char** argv) try {
  srm::bench::Flags flags;
  CLI::App app(
      "Times torchsrm beside plain LibTorch, in alternating pairs of one run. Takes Google Benchmark's options too.");
  app.add_option("--json", flags.json_path, "Writes the rows to this file");
  app.add_option("--encoder", flags.encoder_folder, "Where `make real-models` put the sentence encoder")
      ->capture_default_str();
  app.add_option("--growth", flags.growth_path,
                 "Measures how our cost grows, writes it to this file for plot_growth.py, and runs nothing else");
  app.add_flag("--check", flags.is_check, "Few pairs; fails where a ratio has lost more than half");
  const std::map<std::string, srm::bench::Against> words = {{"reached", srm::bench::Against::kReached},
                                                            {"target", srm::bench::Against::kTarget}};
  app.add_option("--against", flags.against, "Of what: `target`, or `reached` where that is less (the default)")
      ->transform(CLI::CheckedTransformer(words));
  // Google Benchmark prints a help of its own, and ends.
  if (std::find(argv, argv + argc, std::string_view("--help")) != argv + argc) fmt::print("{}\n", app.help());
  benchmark::Initialize(&argc, argv);
  CLI11_PARSE(app, argc, argv);
  return srm::bench::run(flags);
} catch (const std::exception& error) {
  fmt::print(stderr, "torchsrm_bench: {}\n", error.what());
  return 1;
}
