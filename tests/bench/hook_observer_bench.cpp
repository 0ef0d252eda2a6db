// What observing adds to a forward of the sentence encoder: one layer, and all sites at once.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "encoder.h"
#include "srm/observer.h"
#include "workloads.h"

namespace srm::bench {
namespace {

constexpr int kPairs = 7;
constexpr const char* kLayer = "transformer.encoder.layer.5.output";
constexpr std::int64_t kWidest = 512;  // with a table a plane
constexpr double kAimedAt = 0.12;      // of a forward, where rows are sampled: below what is allowed
constexpr double kEnough = 1.02;       // so many times the rows that wait at most, so that all are looked at
constexpr double kMostWaiting = 1366;  // rows of width 384, see src/waiting_rows.h
constexpr double kFewestRows = 704;    // of a site, by which it is found out what a row costs

ObserveOptions options_for(const EpsilonChoice& epsilon) {
  ObserveOptions options;
  options.epsilon = {epsilon};
  options.num_angles = kNumAngles;
  return options;
}

// One layer. Its observer is timed inside the forward: what it adds is less than by which two forwards differ. That
// difference is told beside it.
Sides set_up_one(const std::shared_ptr<Encoder>& encoder, const EpsilonChoice& epsilon) {
  struct State {
    HookedModule model;
    HookSet hooks;
    Observer observer;
    double inside = 0;
    std::vector<double> added;
    double bare = 0;
  };
  HookedModule model(encoder->model);
  HookSet hooks = model.attach({kLayer});
  const std::shared_ptr<State> state(
      new State{std::move(model),
                std::move(hooks),
                {kLayer, options_for(epsilon), Layout::kAuto, std::make_shared<MemoryBudget>()},
                0,
                {},
                0});
  state->hooks.hook(0).set_receiver([raw = state.get()](const Passing& passing) {
    raw->inside = cpu_seconds([&] { raw->observer.observe(passing.value, passing.mask, passing.tags); });
  });
  const Measure ours = [state, encoder] {
    const double whole = cpu_seconds([&] { state->model.forward(encoder->inputs); });
    if (state->bare > 0) state->added.push_back(whole / state->bare - 1);
    return state->inside;
  };
  const Measure peer = [state, bare = forward_of(encoder->model, encoder)] { return state->bare = bare(); };
  warm_up(ours);
  return {ours, peer, {fmt::format("ms a forward of {}", shape_of(encoder->inputs)), 1e3}, [state] {
            const Summary added = summary_of(state->added);
            return fmt::format("by forwards: {:.4f} +- {:.4f}", added.median, added.spread);
          }};
}

// What passes at one site.
struct Site {
  std::string address;
  std::int64_t width;
  c10::IValue value;
  at::Tensor mask;
  SampleTags tags;
};

// The modules that give rows, with what passes there in one forward.
std::vector<Site> sites_of(const torch::jit::Module& module, const Inputs& inputs) {
  HookedModule model(module);
  const HookSet hooks = model.attach({"*"});
  std::vector<Site> sites;
  for (std::size_t k = 0; k < hooks.size(); ++k) {
    hooks.hook(k).set_receiver([&sites, address = hooks.place(k).address](const Passing& passing) {
      if (!passing.value.isTensor() || !passing.value.toTensor().is_floating_point()) return;
      sites.push_back({address, passing.value.toTensor().size(-1), passing.value, passing.mask, passing.tags});
    });
  }
  model.forward(inputs);
  return sites;
}

// Options for sites of up to kWidest, with tables for as many planes as a share of the free memory holds, and for wider
// ones without tables.
struct SiteOptions {
  SiteOptions(const std::vector<Site>& sites, Effort effort, const EpsilonChoice& epsilon)
      : narrow(options_for(epsilon)), wide(narrow) {
    wide.planes.kind = PlaneChoice::Kind::kNone;
    std::int64_t width = 0, num_narrow = 0;
    for (const Site& site : sites) {
      if (site.width > kWidest) continue;
      ++num_narrow;
      width = std::max(width, site.width);
    }
    choose_planes(width, MemoryBudget::half_of_free() / (effort == Effort::kWhole ? 2 : 8) / num_narrow);
  }
  const ObserveOptions& of(const Site& site) const { return site.width > kWidest ? wide : narrow; }

  ObserveOptions narrow, wide;
  std::string planes_text = "all planes";

 private:
  // `bytes` are for one site.
  void choose_planes(std::int64_t width, std::int64_t bytes) {
    const Basis basis = Basis::standard(width);
    const PlaneSet planes(basis, Pairs::kCombination);
    AccumulatorOptions each;
    each.epsilon = {0.5};
    each.grid = AngleGrid(kNumAngles);
    const std::int64_t fitting = Accumulator::num_planes_that_fit(basis, planes, each, bytes);
    if (fitting >= planes.num_planes()) return;
    narrow.planes = {.kind = PlaneChoice::Kind::kRandom, .num_planes = std::max<std::int64_t>(1, fitting)};
    planes_text = fmt::format("{} of {} planes", narrow.planes.num_planes, planes.num_planes());
  }
};

// All sites at once, in the forward.
Sides set_up_all(const std::shared_ptr<Encoder>& encoder, Effort effort, bool row_sums) {
  struct State {
    std::unique_ptr<ObservedModule> narrow, wide;
  };
  const std::vector<Site> sites = sites_of(encoder->model, encoder->few_inputs);
  SiteOptions options(sites, effort, EpsilonChoice(0.8));
  options.narrow.layers.clear();
  options.wide.layers.clear();
  options.narrow.row_sums = options.wide.row_sums = row_sums;
  for (const Site& site : sites) {
    (site.width > kWidest ? options.wide : options.narrow).layers.push_back(site.address);
  }
  const HookedModule model(encoder->model);
  const auto state = std::make_shared<State>();
  state->narrow = std::make_unique<ObservedModule>(model, options.narrow);
  if (!options.wide.layers.empty()) state->wide = std::make_unique<ObservedModule>(model, options.wide);
  const Measure ours = [state, encoder] { return cpu_seconds([&] { state->narrow->forward(encoder->inputs); }); };
  warm_up(ours);
  if (!state->narrow->silent_layers().empty() || (state->wide && !state->wide->silent_layers().empty())) {
    throw std::runtime_error("a site of the encoder was not observed");
  }
  return {ours,
          forward_of(encoder->model, encoder),
          {fmt::format("ms a forward of {}", shape_of(encoder->inputs)), 1e3},
          [text = fmt::format("{} sites, tables of {}", sites.size(), options.planes_text)] { return text; }};
}

// The least that something which reads all sites can add: a sum of each.
Sides set_up_sums(const std::shared_ptr<Encoder>& encoder) {
  struct State {
    HookedModule model;
    HookSet hooks;
    double num_bytes = 0;
  };
  HookedModule model(encoder->model);
  HookSet hooks = model.attach({"*"});
  const std::shared_ptr<State> state(new State{std::move(model), std::move(hooks)});
  for (std::size_t k = 0; k < state->hooks.size(); ++k) {
    state->hooks.hook(k).set_receiver([raw = state.get()](const Passing& passing) {
      if (!passing.value.isTensor() || !passing.value.toTensor().is_floating_point()) return;
      at::sum(passing.value.toTensor());
      raw->num_bytes += static_cast<double>(passing.value.toTensor().nbytes());
    });
  }
  const Measure ours = [state, encoder] {
    state->num_bytes = 0;
    return cpu_seconds([&] { state->model.forward(encoder->inputs); });
  };
  warm_up(ours);
  return {ours,
          forward_of(encoder->model, encoder),
          {fmt::format("ms a forward of {}", shape_of(encoder->inputs)), 1e3},
          [state] { return fmt::format("at::sum of the {:.0f} MB that pass", state->num_bytes / 1e6); }};
}

// What observers of all sites take for a forward, whose activations they are given again and again.
class SampledSites {
 public:
  SampledSites(const std::vector<Site>& sites, const SiteOptions& options, double fraction) {
    for (const Site& site : sites) {
      ObserveOptions chosen = options.of(site);
      chosen.fraction = fraction;
      observers_.push_back(
          std::make_unique<Observer>(site.address, chosen, Layout::kAuto, std::make_shared<MemoryBudget>()));
    }
  }
  double observe(const std::vector<Site>& sites) {
    return cpu_seconds([&] {
      for (std::size_t k = 0; k < sites.size(); ++k) {
        observers_[k]->observe(sites[k].value, sites[k].mask, sites[k].tags);
      }
    });
  }
  std::int64_t num_taken() const { return observers_.front()->position().num_taken; }

 private:
  std::vector<std::unique_ptr<Observer>> observers_;
};

// Takes so large a share of the rows that what is added comes to kAimedAt, by what one row costs. Sampled rows wait
// until they are enough to be looked at: so many forwards are timed that all have been.
Sides set_up_auto(const std::shared_ptr<Encoder>& encoder, Effort effort) {
  const auto sites = std::make_shared<std::vector<Site>>(sites_of(encoder->model, encoder->inputs));
  const auto options = std::make_shared<SiteOptions>(*sites, effort, EpsilonChoice::isotropic());
  const Measure bare = forward_of(encoder->model, encoder);
  const auto num_rows = static_cast<double>(encoder->inputs.at(0).toTensor().numel());
  const double share = std::min(1.0, kFewestRows / num_rows);
  SampledSites trial(*sites, *options, share);
  double seconds = 0;
  while (static_cast<double>(trial.num_taken()) < kFewestRows) seconds += trial.observe(*sites);
  const double row_seconds = seconds / static_cast<double>(trial.num_taken());
  const double fraction = std::min(1.0, kAimedAt * bare() / row_seconds / num_rows);
  const Measure ours = [sites, options, fraction] {
    SampledSites sampled(*sites, *options, fraction);
    double all = 0;
    int num_forwards = 0;
    for (; static_cast<double>(sampled.num_taken()) < kEnough * kMostWaiting; ++num_forwards) {
      all += sampled.observe(*sites);
    }
    return all / num_forwards;
  };
  return {ours, bare, {fmt::format("ms a forward of {}", shape_of(encoder->inputs)), 1e3}, [sites, options, fraction] {
            return fmt::format("{} sites, tables of {}; {:.3g} % of rows seen", sites->size(), options->planes_text,
                               100 * fraction);
          }};
}

}  // namespace

std::vector<Contest> hook_observer_rows(const EncoderFiles& files, Effort effort) {
  const auto one = [=](const char* name, EpsilonChoice epsilon) -> Contest {
    return {name, Ratio::kOursOverPeer, kPairs, [=] { return set_up_one(shared_encoder(files, effort), epsilon); }};
  };
  const auto all = [=](const char* name, Ratio ratio, int num_pairs, auto set_up) -> Contest {
    return {name, ratio, num_pairs, [=] { return set_up(shared_encoder(files, effort), effort); }};
  };
  const auto with_row_sums = [](const auto& encoder, Effort of) { return set_up_all(encoder, of, true); };
  std::vector<Contest> rows = {one("hook/one_layer", EpsilonChoice(0.8)),
                               all("hook/all_sites", Ratio::kAdded, kPairs, with_row_sums),
                               one("hook/one_layer_auto", EpsilonChoice::isotropic())};
  if (effort != Effort::kWhole) return rows;
  // These take longer than a check may.
  const auto without = [](const auto& encoder, Effort of) { return set_up_all(encoder, of, false); };
  const auto sums = [](const auto& encoder, Effort /*of*/) { return set_up_sums(encoder); };
  rows.push_back(all("hook/all_sites_auto", Ratio::kOursOverPeer, 1, set_up_auto));
  rows.push_back(all("hook/all_sites_without_row_sums", Ratio::kAdded, kPairs, without));
  rows.push_back(all("hook/all_sites_at_sum", Ratio::kAdded, kPairs, sums));
  return rows;
}

}  // namespace srm::bench
