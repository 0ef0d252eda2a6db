// What observing adds to a forward of the sentence encoder: one layer, and all sites at once.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "encoder.h"
#include "srm/observer.h"
#include "workloads.h"

namespace srm::bench {
namespace {

constexpr int kPairs = 7;
constexpr const char* kLayer = "transformer.encoder.layer.5.output";
constexpr std::int64_t kWidest = 512;         // with a table a plane
constexpr double kAimedAt = 0.12;             // of a forward, where rows are sampled: below what is allowed
constexpr double kFirstFraction = 1.0 / 256;  // by which it is found out how many that may be
constexpr double kLeastFraction = 1.0 / 2048;

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

// The addresses of modules that give rows, each with its width.
std::map<std::string, std::int64_t> widths_of_sites(const Encoder& encoder) {
  HookedModule model(encoder.model);
  const HookSet hooks = model.attach({"*"});
  std::map<std::string, std::int64_t> widths;
  for (std::size_t k = 0; k < hooks.size(); ++k) {
    hooks.hook(k).set_receiver([&widths, address = hooks.place(k).address](const Passing& passing) {
      if (!passing.value.isTensor() || !passing.value.toTensor().is_floating_point()) return;
      widths[address] = passing.value.toTensor().size(-1);
    });
  }
  model.forward(encoder.few_inputs);
  return widths;
}

// All sites: those wider than kWidest without tables, the others with as many as a share of the free memory holds.
class AllSites {
 public:
  AllSites(const std::shared_ptr<Encoder>& encoder, Effort effort, const EpsilonChoice& epsilon, double fraction) {
    ObserveOptions narrow = options_for(epsilon), wide = narrow;
    narrow.fraction = wide.fraction = fraction;
    narrow.layers.clear();
    wide.layers.clear();
    std::int64_t width = 0;
    for (const auto& [address, dim] : widths_of_sites(*encoder)) {
      (dim > kWidest ? wide : narrow).layers.push_back(address);
      if (dim <= kWidest) width = std::max(width, dim);
    }
    wide.planes.kind = PlaneChoice::Kind::kNone;
    choose_planes(width, MemoryBudget::half_of_free() / (effort == Effort::kWhole ? 2 : 8), narrow);
    const HookedModule model(encoder->model);
    narrow_ = std::make_unique<ObservedModule>(model, narrow);
    if (!wide.layers.empty()) wide_ = std::make_unique<ObservedModule>(model, wide);
    num_sites_ = narrow.layers.size() + wide.layers.size();
    run_ = [this, encoder] { return cpu_seconds([&] { narrow_->forward(encoder->inputs); }); };
    warm_up(run_);
    if (!narrow_->silent_layers().empty() || (wide_ && !wide_->silent_layers().empty())) {
      throw std::runtime_error("a site of the encoder was not observed");
    }
  }
  double run() const { return run_(); }

  std::string text() const {
    std::int64_t seen = 0, skipped = 0;
    for (const auto* const observed : {narrow_.get(), wide_.get()}) {
      if (observed == nullptr) continue;
      for (const auto& observer : observed->observers()) {
        seen += observer->position().num_taken;
        skipped += observer->position().num_rows - observer->position().num_taken;
      }
    }
    return fmt::format("{} sites, tables of {}; {:.3g} % of rows seen", num_sites_, planes_text_,
                       100.0 * static_cast<double>(seen) / static_cast<double>(seen + skipped));
  }

 private:
  // `bytes` are for all sites together.
  void choose_planes(std::int64_t width, std::int64_t bytes, ObserveOptions& options) {
    const Basis basis = Basis::standard(width);
    const PlaneSet planes(basis, Pairs::kCombination);
    AccumulatorOptions each;
    each.epsilon = {0.5};
    each.grid = AngleGrid(kNumAngles);
    const std::int64_t share = bytes / static_cast<std::int64_t>(options.layers.size());
    const std::int64_t fitting = Accumulator::num_planes_that_fit(basis, planes, each, share);
    planes_text_ = "all planes";
    if (fitting >= planes.num_planes()) return;
    options.planes = {.kind = PlaneChoice::Kind::kRandom, .num_planes = std::max<std::int64_t>(1, fitting)};
    planes_text_ = fmt::format("{} of {} planes", options.planes.num_planes, planes.num_planes());
  }

  std::unique_ptr<ObservedModule> narrow_, wide_;
  std::size_t num_sites_ = 0;
  std::string planes_text_;
  Measure run_;
};

Sides sides_of(const std::shared_ptr<Encoder>& encoder, const std::shared_ptr<AllSites>& sites) {
  return {[sites] { return sites->run(); },
          forward_of(encoder->model, encoder),
          {fmt::format("ms a forward of {}", shape_of(encoder->inputs)), 1e3},
          [sites] { return sites->text(); }};
}

// Takes so large a share of the rows that what is added comes to kAimedAt, by what a small share adds.
Sides set_up_auto(const std::shared_ptr<Encoder>& encoder, Effort effort) {
  const EpsilonChoice epsilon = EpsilonChoice::isotropic();
  double fraction = kFirstFraction;
  {
    const AllSites sites(encoder, effort, epsilon, kFirstFraction);
    Turns turns([&] { return sites.run(); }, forward_of(encoder->model, encoder));
    for (int k = 0; k < kShortPairs; ++k) turns.take();
    const double added =
        summary_of(turns.pairs(), [](const Pair& pair) { return ratio_of(pair, Ratio::kAdded); }).median;
    fraction = std::clamp(kFirstFraction * kAimedAt / std::max(added, 1e-3), kLeastFraction, 1.0);
  }
  Sides sides = sides_of(encoder, std::make_shared<AllSites>(encoder, effort, epsilon, fraction));
  sides.unit.name += fmt::format(", {:.3g} % of rows", 100 * fraction);
  return sides;
}

}  // namespace

std::vector<Contest> hook_observer_rows(const EncoderFiles& files, Effort effort) {
  const auto one = [=](const char* name, EpsilonChoice epsilon) -> Contest {
    return {name, Ratio::kOursOverPeer, kPairs, [=] { return set_up_one(shared_encoder(files, effort), epsilon); }};
  };
  const auto set_up_all = [=] {
    const auto encoder = shared_encoder(files, effort);
    return sides_of(encoder, std::make_shared<AllSites>(encoder, effort, EpsilonChoice(0.8), 1.0));
  };
  return {one("hook/one_layer", EpsilonChoice(0.8)),
          {"hook/all_sites", Ratio::kAdded, kPairs, set_up_all},
          one("hook/one_layer_auto", EpsilonChoice::isotropic()),
          {"hook/all_sites_auto", Ratio::kAdded, kPairs,
           [=] { return set_up_auto(shared_encoder(files, effort), effort); }}};
}

}  // namespace srm::bench
