// What hooks cost around a forward: in the first runs of a model, and with callers side by side.

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "encoder.h"
#include "srm/observer.h"

namespace srm::bench {
namespace {

constexpr int kWarmUpPairs = 3;
constexpr int kCallerPairs = 3;
constexpr int kCallsPerTurn = 8;  // which the callers share
constexpr const char* kLayer = "transformer.encoder.layer.5.output";

enum class Attach { kNever, kEarly, kLate };

// CPU seconds of runs 1 to 3 of a model that is loaded anew, or of runs 4 to 6.
double warm_up_seconds(const Encoder& encoder, Attach attach, bool is_first) {
  HookedModule model(torch::jit::load(encoder.path));
  HookSet hooks;
  if (attach == Attach::kEarly) hooks = model.attach({"*"});
  const auto run = [&] { model.forward(encoder.few_inputs); };
  const double first = kWarmUpRuns * cpu_seconds(run, kWarmUpRuns);
  if (is_first) return first;
  if (attach == Attach::kLate) hooks = model.attach({"*"});
  const auto switch_and_run = [&] {
    hooks.set_enabled(false);
    hooks.set_enabled(true);
    run();
  };
  return kWarmUpRuns * cpu_seconds(switch_and_run, kWarmUpRuns);
}

// Seconds a call on the wall: callers take one after the other as long as there are any.
double seconds_a_call(int num_callers, const std::function<void()>& call) {
  std::atomic<int> num_left{kCallsPerTurn};
  std::vector<std::thread> callers;
  const double start = wall_now();
  for (int k = 0; k < num_callers; ++k) {
    callers.emplace_back([&] {
      const torch::NoGradGuard no_grad;
      at::set_num_threads(1);
      while (num_left.fetch_sub(1) > 0) call();
    });
  }
  for (std::thread& caller : callers) caller.join();
  return (wall_now() - start) / kCallsPerTurn;
}

Sides set_up_callers(const std::shared_ptr<Encoder>& encoder, int num_callers) {
  ObserveOptions options;
  options.layers = {kLayer};
  options.epsilon = {0.8};
  const auto observed = std::make_shared<ObservedModule>(encoder->model, options);
  const auto run_ours = [observed, encoder] { observed->forward(encoder->few_inputs); };
  const auto run_peer = [encoder] { encoder->model.forward(encoder->few_inputs); };
  for (int k = 0; k < kWarmUpRuns; ++k) run_ours();
  for (int k = 0; k < kWarmUpRuns; ++k) run_peer();
  return {[=] { return seconds_a_call(num_callers, run_ours); },
          [=] { return seconds_a_call(num_callers, run_peer); },
          {fmt::format("calls of {} a second", shape_of(encoder->few_inputs)), 1, true}};
}

}  // namespace

// Hooks that are there before the first run warm up with the model and not again; those that come later start over.
std::vector<Contest> hook_warm_up_rows(const EncoderFiles& files) {
  const auto compare = [&](const char* name, Attach attach, bool is_first) -> Contest {
    return {name, Ratio::kOursOverPeer, kWarmUpPairs, [=]() -> Sides {
              const auto encoder = shared_encoder(files, Effort::kWhole);
              return {[=] { return warm_up_seconds(*encoder, attach, is_first); },
                      [=] { return warm_up_seconds(*encoder, Attach::kNever, is_first); },
                      {fmt::format("ms, runs {}", is_first ? "1-3" : "4-6"), 1e3}};
            }};
  };
  return {compare("hook/warm_up", Attach::kEarly, true), compare("hook/warm_up_by_flag", Attach::kEarly, false),
          compare("hook/warm_up_attached_late", Attach::kLate, false)};
}

std::vector<Contest> hook_caller_rows(const EncoderFiles& files) {
  std::vector<Contest> rows;
  for (const int num_callers : {1, 2, 4}) {
    rows.push_back({fmt::format("hook/throughput_{}", num_callers), Ratio::kPeerOverOurs, kCallerPairs,
                    [=] { return set_up_callers(shared_encoder(files, Effort::kWhole), num_callers); }});
  }
  return rows;
}

}  // namespace srm::bench
