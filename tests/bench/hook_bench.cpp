// What hooks cost: the bare model and the hooked one take turns in one run, and the medians of those turns are
// compared. One thread's work is told in CPU time, since the machine may be busy; only callers side by side need the
// wall clock.

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/script.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "srm/io.h"
#include "srm/observer.h"

namespace {

using torch::jit::Module;
using Inputs = std::vector<c10::IValue>;
using Measure = std::function<double()>;

constexpr int kWarmUpRuns = 3;         // in which LibTorch's executor profiles a graph and then specialises it
constexpr int kNumSites = 200;         // calls of the tiny model's layer in one forward
constexpr int kForwardsPerTurn = 500;  // of the tiny model
constexpr int kObservesPerTurn = 10;
constexpr int kCallsPerTurn = 24;  // of the encoder, which the callers share
constexpr std::int64_t kSmallBatch = 4;
constexpr double kEpsilon = 0.8;
constexpr const char* kAllModules = "*";
constexpr const char* kLayer = "transformer.encoder.layer.5.output";

// How many turns the hooked side gets, and on how large a batch the encoder is timed.
struct Effort {
  int tiny, encoder, warm_up, throughput, lock;
  std::int64_t batch;
};
constexpr Effort kWhole{41, 7, 3, 5, 5, 64};
constexpr Effort kQuick{15, 3, 1, 3, 3, 16};

struct Row {
  std::string name;
  double ratio, spread, ours, peer;
  std::string unit;
};

template <typename Work>
double cpu_seconds(const Work& work, int times = 1) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  for (int k = 0; k < times; ++k) work();
  return now() - start;
}

struct Turn {
  double bare, hooked;
};

// Bare, hooked, bare, hooked, ..., bare. A hooked turn stands beside the mean of the bare ones before and after it:
// what slows the machine down for a while slows both.
std::vector<Turn> take_turns(int num_turns, const Measure& bare, const Measure& hooked) {
  std::vector<Turn> turns;
  double before = bare();
  for (int k = 0; k < num_turns; ++k) {
    const double ours = hooked();
    const double after = bare();
    turns.push_back({(before + after) / 2, ours});
    before = after;
  }
  return turns;
}

struct Summary {
  double median, spread;  // the spread is half of what the middle half of the values spans
};

Summary summary(const std::vector<Turn>& turns, const std::function<double(const Turn&)>& value) {
  std::vector<double> values;
  for (const Turn& turn : turns) values.push_back(value(turn));
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  };
  return {at(0.5), (at(0.75) - at(0.25)) / 2};
}

// The ratio is hooked / bare, less `whole`.
Row row(std::string name, const std::vector<Turn>& turns, double whole, double factor, std::string unit) {
  const Summary ratio = summary(turns, [&](const Turn& turn) { return turn.hooked / turn.bare - whole; });
  const double ours = summary(turns, [](const Turn& turn) { return turn.hooked; }).median * factor;
  const double peer = summary(turns, [](const Turn& turn) { return turn.bare; }).median * factor;
  return {std::move(name), ratio.median, ratio.spread, ours, peer, std::move(unit)};
}

// A layer that gives `expression` of a tensor, called one time after the other.
Module tiny_model(const std::string& expression) {
  Module layer("Layer"), model("Tiny");
  layer.define("def forward(self, x: Tensor) -> Tensor:\n  return " + expression + "\n");
  model.register_module("layer", layer);
  std::string code = "def forward(self, x: Tensor) -> Tensor:\n";
  for (int k = 0; k < kNumSites; ++k) code += "  x = self.layer.forward(x)\n";
  model.define(code + "  return x\n");
  return model;
}

// The nanoseconds of one hook call. As a measure beside them: those of about the cheapest work that a model does.
std::vector<Row> measure_calls(const Effort& effort) {
  Module bare = tiny_model("x"), relu = tiny_model("torch.relu(x)");
  srm::HookedModule hooked(bare);
  const srm::HookSet hooks = hooked.attach({"layer"});
  const at::Tensor x = at::ones({4});
  const Measure time_bare = [&] { return cpu_seconds([&] { bare.forward({x}); }, kForwardsPerTurn); };
  const auto nanoseconds_of = [&](auto model) {
    const Measure time = [&] { return cpu_seconds([&] { model.forward({x}); }, kForwardsPerTurn); };
    time();  // warms up
    return summary(take_turns(effort.tiny, time_bare, time),
                   [](const Turn& turn) { return (turn.hooked - turn.bare) / kNumSites / kForwardsPerTurn * 1e9; });
  };
  time_bare();
  const double peer = nanoseconds_of(relu).median;
  std::vector<Row> rows;
  const auto add = [&](const char* name) {
    const Summary ours = nanoseconds_of(hooked);
    rows.push_back({name, ours.median / peer, ours.spread / peer, ours.median, peer, "ns a call / one relu"});
  };
  hooks.set_enabled(false);
  add("hook/call_off");
  hooks.set_enabled(true);
  add("hook/call_on_empty");
  std::atomic<std::int64_t> count{0};
  for (std::size_t k = 0; k < hooks.size(); ++k) {
    hooks.hook(k).set_receiver([&](const srm::Passing&) { count.fetch_add(1, std::memory_order_relaxed); });
  }
  add("hook/call_on_count");
  return rows;
}

struct Encoder {
  std::string path;
  Module model;
  Inputs inputs, few_inputs;
};

Encoder load_encoder(const std::string& path, const std::string& inputs_path, std::int64_t batch) {
  Encoder encoder{path, torch::jit::load(path), {}, {}};
  const c10::IValue inputs = srm::read_value(inputs_path);
  for (const c10::IValue& input : inputs.toListRef()) {
    encoder.inputs.emplace_back(input.toTensor().slice(0, 0, batch).clone());
    encoder.few_inputs.emplace_back(input.toTensor().slice(0, 0, kSmallBatch).clone());
  }
  return encoder;
}

std::string shape_of(const Inputs& inputs) {
  return fmt::format("{}x{}", inputs.at(0).toTensor().size(0), inputs.at(0).toTensor().size(1));
}

srm::ObserveOptions accumulating_options() {
  srm::ObserveOptions options;
  options.layers = {kLayer};
  options.epsilon = {kEpsilon};
  return options;
}

std::vector<Row> measure_forward(Encoder& encoder, const Effort& effort) {
  srm::HookedModule one(encoder.model), all(encoder.model), every(encoder.model);
  const srm::HookSet hooks_one = one.attach({kLayer});
  const srm::HookSet hooks_all = all.attach({kAllModules});
  std::vector<srm::Selection> sites(every.sites().size());
  for (std::size_t k = 0; k < sites.size(); ++k) sites[k].site = k;
  const srm::HookSet hooks_every = every.attach_at(sites);
  const srm::ObservedModule observed(encoder.model, accumulating_options());

  const auto run = [&](auto& model) { return [&] { return cpu_seconds([&] { model.forward(encoder.inputs); }); }; };
  const Measure run_bare = run(encoder.model);
  for (int k = 0; k < kWarmUpRuns; ++k) run_bare();
  std::vector<Row> rows;
  const auto add = [&](const char* name, std::size_t num_hooks, const Measure& run_hooked) {
    for (int k = 0; k < kWarmUpRuns; ++k) run_hooked();
    const std::string unit = fmt::format("ms a forward of {}, {} hook(s)", shape_of(encoder.inputs), num_hooks);
    rows.push_back(row(name, take_turns(effort.encoder, run_bare, run_hooked), 1, 1e3, unit));
  };
  hooks_one.set_enabled(false);
  add("hook/encoder_off", 1, run(one));
  hooks_one.set_enabled(true);
  add("hook/encoder_on_empty", 1, run(one));
  add("hook/encoder_on_accumulator_one", 1, run(observed));
  add("hook/encoder_all_empty", hooks_all.size(), run(all));
  add("hook/encoder_every_address_empty", hooks_every.size(), run(every));
  return rows;
}

// Hooks that are there before the first run warm up with the model and not again; those that come later start over.
std::vector<Row> measure_warm_up(const Encoder& encoder, const Effort& effort) {
  enum class Attach { kNever, kEarly, kLate };
  const auto runs = [&](Attach attach, bool is_first) -> Measure {
    return [&encoder, attach, is_first] {
      srm::HookedModule model(torch::jit::load(encoder.path));
      srm::HookSet hooks;
      if (attach == Attach::kEarly) hooks = model.attach({kAllModules});
      const auto run = [&] { model.forward(encoder.few_inputs); };
      const double first = cpu_seconds(run, kWarmUpRuns);
      if (is_first) return first;
      if (attach == Attach::kLate) hooks = model.attach({kAllModules});
      const auto switch_and_run = [&] {
        hooks.set_enabled(false);
        hooks.set_enabled(true);
        run();
      };
      return cpu_seconds(switch_and_run, kWarmUpRuns);
    };
  };
  const auto compare = [&](const char* name, Attach attach, bool is_first) {
    const auto turns = take_turns(effort.warm_up, runs(Attach::kNever, is_first), runs(attach, is_first));
    return row(name, turns, 0, 1e3,
               fmt::format("ms, runs {} of {}", is_first ? "1-3" : "4-6", shape_of(encoder.few_inputs)));
  };
  return {compare("hook/warm_up", Attach::kEarly, true), compare("hook/warm_up_by_flag", Attach::kEarly, false),
          compare("hook/warm_up_attached_late", Attach::kLate, false)};
}

// In calls a second: callers take one after the other as long as there are any.
double throughput(int num_callers, const std::function<void()>& call) {
  std::atomic<int> num_left{kCallsPerTurn};
  std::vector<std::thread> callers;
  const auto start = std::chrono::steady_clock::now();
  for (int k = 0; k < num_callers; ++k) {
    callers.emplace_back([&] {
      const torch::NoGradGuard no_grad;
      at::set_num_threads(1);
      while (num_left.fetch_sub(1) > 0) call();
    });
  }
  for (std::thread& caller : callers) caller.join();
  return kCallsPerTurn / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<Row> measure_throughput(Encoder& encoder, const Effort& effort) {
  const srm::ObservedModule observed(encoder.model, accumulating_options());
  for (int k = 0; k < kWarmUpRuns; ++k) observed.forward(encoder.few_inputs);
  std::vector<Row> rows;
  for (const int num_callers : {1, 2, 4}) {
    const auto turns = take_turns(
        effort.throughput, [&] { return throughput(num_callers, [&] { encoder.model.forward(encoder.few_inputs); }); },
        [&] { return throughput(num_callers, [&] { observed.forward(encoder.few_inputs); }); });
    rows.push_back(row(fmt::format("hook/throughput_{}", num_callers), turns, 0, 1,
                       fmt::format("calls of {} a second", shape_of(encoder.few_inputs))));
  }
  return rows;
}

// An observer's lock is held while it counts, which is no longer than all it does with the rows of one call.
Row measure_lock(Encoder& encoder, const Effort& effort) {
  c10::IValue activation;
  {
    srm::HookedModule hooked(encoder.model);
    const srm::HookSet hooks = hooked.attach({kLayer});
    hooks.hook(0).set_receiver([&](const srm::Passing& passing) { activation = passing.value.deepcopy(); });
    hooked.forward(encoder.inputs);
  }
  srm::Observer observer(kLayer, accumulating_options(), srm::Layout::kAuto, std::make_shared<srm::MemoryBudget>());
  observer.observe(activation);
  const auto turns = take_turns(
      effort.lock, [&] { return cpu_seconds([&] { encoder.model.forward(encoder.inputs); }); },
      [&] { return cpu_seconds([&] { observer.observe(activation); }, kObservesPerTurn) / kObservesPerTurn; });
  return row("hook/lock_held", turns, 0, 1e6, fmt::format("us a call / forward of {}", shape_of(encoder.inputs)));
}

void print(const std::vector<Row>& rows) {
  std::ifstream file("/proc/cpuinfo");
  std::string cpu;
  while (std::getline(file, cpu) && cpu.rfind("model name", 0) != 0) continue;
  fmt::print("{}, {} cores; LibTorch {}; one thread a call\n", cpu.substr(cpu.find(':') + 2),
             std::thread::hardware_concurrency(), TORCHSRM_LIBTORCH_VERSION);
  fmt::print("hook/encoder_*: the share of the forward that hooks add. +-: half of the turns lie within that.\n\n");
  fmt::print("{:34} {:>8} {:>7} {:>9} {:>9}  {}\n", "", "ratio", "+-", "ours", "peer", "unit");
  for (const Row& each : rows) {
    fmt::print("{:34} {:>8.4f} {:>7.4f} {:>9.4g} {:>9.4g}  {}\n", each.name, each.ratio, each.spread, each.ours,
               each.peer, each.unit);
  }
}

// Rows take the place of those of the same names in the list that is there.
void write_json(const std::vector<Row>& rows, const std::string& path) {
  nlohmann::json lines = nlohmann::json::array();
  if (std::ifstream there(path); there) lines = nlohmann::json::parse(there);
  for (const auto& [name, ratio, spread, ours, peer, unit] : rows) {
    const auto is_old = [&name = name](const nlohmann::json& line) { return line.at("name") == name; };
    lines.erase(std::remove_if(lines.begin(), lines.end(), is_old), lines.end());
    lines.push_back({{"name", name}, {"ratio", ratio}, {"ours", ours}, {"peer", peer}, {"unit", unit}});
  }
  std::ofstream file(path);
  file << lines.dump(1) << "\n";
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) try {
  std::string json_path;
  std::string model_path = "build/real-models/sentence_encoder.traced.pt";
  std::string inputs_path = "build/real-models/sentence_encoder.inputs.pt";
  bool is_quick = false;
  CLI::App app("Times what hooks cost a model, beside the bare model in the same run.");
  app.add_option("--json", json_path, "Adds the rows to the list in this file");
  app.add_option("--model", model_path, "The sentence encoder, traced")->capture_default_str();
  app.add_option("--inputs", inputs_path, "The list of its arguments")->capture_default_str();
  app.add_flag("--quick", is_quick, "Fewer turns and a smaller batch");
  CLI11_PARSE(app, argc, argv);

  const torch::NoGradGuard no_grad;
  at::set_num_threads(1);
  const Effort& effort = is_quick ? kQuick : kWhole;
  std::vector<Row> rows = measure_calls(effort);
  if (std::ifstream(model_path) && std::ifstream(inputs_path)) {
    Encoder encoder = load_encoder(model_path, inputs_path, effort.batch);
    for (const auto& more : {measure_forward(encoder, effort),
                             measure_warm_up(encoder, effort),
                             measure_throughput(encoder, effort),
                             {measure_lock(encoder, effort)}}) {
      rows.insert(rows.end(), more.begin(), more.end());
    }
  } else {
    fmt::print(
        "no {}: only single calls are timed; to make it: cmake/python.sh && "
        ".deps/python-2.11.0/bin/python models/exporters/export_models.py build/real-models\n",
        model_path);
  }
  print(rows);
  if (!json_path.empty()) write_json(rows, json_path);
} catch (const std::exception& error) {
  fmt::print(stderr, "hook_bench: {}\n", error.what());
  return 1;
}
