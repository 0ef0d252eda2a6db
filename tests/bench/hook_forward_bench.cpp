// Hooks that hand their value to nobody, on a forward of the sentence encoder; and how long an observer holds its lock.

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "encoder.h"
#include "srm/observer.h"

namespace srm::bench {
namespace {

constexpr int kPairs = 4;
constexpr int kObservesPerTurn = 10;
constexpr const char* kLayer = "transformer.encoder.layer.5.output";

using Attach = std::function<HookSet(HookedModule&)>;

HookSet attach_everywhere(HookedModule& model) {
  std::vector<Selection> sites(model.sites().size());
  for (std::size_t k = 0; k < sites.size(); ++k) sites[k].site = k;
  return model.attach_at(sites);
}

Sides set_up_empty(const std::shared_ptr<Encoder>& encoder, const Attach& attach, bool is_on) {
  HookedModule model(encoder->model);
  const auto hooks = std::make_shared<HookSet>(attach(model));
  hooks->set_enabled(is_on);
  const Measure run = forward_of(model, encoder);
  const Measure ours = [run, hooks] { return run(); };
  warm_up(ours);
  return {ours,
          forward_of(encoder->model, encoder),
          {fmt::format("ms a forward of {}", shape_of(encoder->inputs)), 1e3},
          [hooks] { return fmt::format("{} hooks", hooks->size()); }};
}

// The lock is held no longer than all that is done with the rows of one call.
Sides set_up_lock(const std::shared_ptr<Encoder>& encoder) {
  HookedModule hooked(encoder->model);
  const HookSet hooks = hooked.attach({kLayer});
  c10::IValue activation;
  hooks.hook(0).set_receiver([&](const Passing& passing) { activation = passing.value.deepcopy(); });
  hooked.forward(encoder->inputs);
  ObserveOptions options;
  options.epsilon = {0.8};
  const auto observer = std::make_shared<Observer>(kLayer, options, Layout::kAuto, std::make_shared<MemoryBudget>());
  const Measure ours = [observer, activation] {
    return cpu_seconds([&] { observer->observe(activation); }, kObservesPerTurn);
  };
  ours();
  return {ours, forward_of(encoder->model, encoder), {"us a call / a forward", 1e6}};
}

}  // namespace

std::vector<Contest> hook_forward_rows(const EncoderFiles& files, Effort effort) {
  const auto empty = [&](const char* name, Attach attach, bool is_on) -> Contest {
    return {name, Ratio::kAdded, kPairs, [=] { return set_up_empty(shared_encoder(files, effort), attach, is_on); }};
  };
  const Attach one = [](HookedModule& model) { return model.attach({kLayer}); };
  const Attach all = [](HookedModule& model) { return model.attach({"*"}); };
  return {empty("hook/encoder_off", one, false),
          empty("hook/encoder_on_empty", one, true),
          empty("hook/encoder_all_empty", all, true),
          empty("hook/encoder_every_address_empty", attach_everywhere, true),
          {"hook/lock_held", Ratio::kOursOverPeer, kPairs, [=] { return set_up_lock(shared_encoder(files, effort)); }}};
}

}  // namespace srm::bench
