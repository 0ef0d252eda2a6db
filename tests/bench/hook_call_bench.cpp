// What one call of a hook costs, in nanoseconds, beside about the cheapest work that a model does.

#include <torch/script.h>

#include <atomic>
#include <memory>
#include <string>

#include "rows.h"
#include "srm/hooked_module.h"

namespace srm::bench {
namespace {

using torch::jit::Module;

constexpr int kPairs = 15;
constexpr int kNumSites = 200;         // calls of the tiny model's layer in one forward
constexpr int kForwardsPerTurn = 200;  // of the tiny model

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

enum class Hooks { kOff, kEmpty, kCounting };

struct Models {
  Module bare = tiny_model("x"), relu = tiny_model("torch.relu(x)");
  HookedModule hooked{bare};
  HookSet hooks = hooked.attach({"layer"});
  std::atomic<std::int64_t> count{0};
  at::Tensor x = at::ones({4});
};

Sides set_up(Hooks which) {
  const auto models = std::make_shared<Models>();
  models->hooks.set_enabled(which != Hooks::kOff);
  for (std::size_t k = 0; which == Hooks::kCounting && k < models->hooks.size(); ++k) {
    models->hooks.hook(k).set_receiver(
        [&count = models->count](const Passing&) { count.fetch_add(1, std::memory_order_relaxed); });
  }
  // What a call takes beside one of a layer that gives back what it gets.
  const auto added_by = [models](auto& model) -> Measure {
    return [models, &model] {
      const double with = cpu_seconds([&] { model.forward({models->x}); }, kForwardsPerTurn);
      return (with - cpu_seconds([&] { models->bare.forward({models->x}); }, kForwardsPerTurn)) / kNumSites;
    };
  };
  const Measure ours = added_by(models->hooked), peer = added_by(models->relu);
  ours();
  peer();
  return {ours, peer, {"ns a call / one relu", 1e9}};
}

Contest call(const char* name, Hooks which) {
  return {name, Ratio::kOursOverPeer, kPairs, [which] { return set_up(which); }};
}

}  // namespace

std::vector<Contest> hook_call_rows() {
  return {call("hook/call_off", Hooks::kOff), call("hook/call_on_empty", Hooks::kEmpty),
          call("hook/call_on_count", Hooks::kCounting)};
}

}  // namespace srm::bench
