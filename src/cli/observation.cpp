#include "cli/observation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "cli/load_flags.h"
#include "cli/model_run.h"
#include "cli/run_inputs.h"
#include "cli/tell.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm::cli {
namespace {

// What is done with a model, or with activations.
struct Steps {
  std::function<void(std::int64_t begin, std::int64_t end)> count;
  std::function<void(Pass next)> finish_pass;
  std::function<Results()> so_far;
  std::function<Checkpoint()> save;
  std::function<void(Checkpoint earlier)> resume;
};

// Where the counting pass begins: `first`, unless it goes on.
std::int64_t resume(const RunOptions& run, const Steps& steps, std::int64_t first, std::int64_t last) {
  std::optional<Checkpoint> earlier = run.checkpoints ? run.checkpoints->take_earlier() : std::nullopt;
  if (!earlier) return first;
  const std::int64_t num_done = earlier->num_samples_done;
  if (num_done < first || num_done > last) {
    throw Error("--resume", fmt::format("a checkpoint must be within the samples {} to {}", first, last),
                fmt::format("{}", num_done), "delete it to begin anew");
  }
  tell("going on behind {} of {} samples\n", num_done - first, last - first);
  steps.resume(std::move(*earlier));
  return num_done;
}

// Every pass over its samples. What goes wrong in the pass that counts is kept, beside what was counted.
Observation run_passes(std::int64_t num_samples, const RunOptions& run, const ObserveOptions& options,
                       const InterruptGuard& interrupt, const Steps& steps) {
  const std::vector<Pass> passes = passes_of(options);
  const bool learns = passes.front() == Pass::kLearning;
  if (learns && num_samples < 2) {
    throw Error("observe", "a basis is learned on the first half of the samples, of which there must be two",
                fmt::format("{}", num_samples), "give more data, or another --basis");
  }
  const std::int64_t half = learns ? num_samples / 2 : 0;
  Observation seen;
  const auto run_pass = [&](Pass pass, std::int64_t first, const auto& step) {
    const std::int64_t last = pass == Pass::kLearning ? half : num_samples;
    seen.is_interrupted = !for_each_batch(to_string(pass), first, last, run.batch_size, interrupt, step);
  };
  for (std::size_t k = 0; k + 1 < passes.size(); ++k) {
    run_pass(passes[k], passes[k] == Pass::kLearning ? 0 : half, steps.count);
    if (seen.is_interrupted) return seen;
    try {
      steps.finish_pass(passes[k + 1]);
    } catch (const Interrupted&) {
      seen.is_interrupted = true;
      return seen;
    }
  }
  std::int64_t num_done = resume(run, steps, half, num_samples);
  const auto count = [&](std::int64_t begin, std::int64_t end) {
    steps.count(begin, end);
    num_done = end;
    if (run.checkpoints && end < num_samples) run.checkpoints->update(end, steps.save);
    if (run.glance) run.glance(steps.so_far);
  };
  try {
    run_pass(Pass::kCounting, num_done, count);
    if (seen.is_interrupted && run.checkpoints) run.checkpoints->save(num_done, steps.save);
  } catch (...) {
    seen.failure = std::current_exception();
  }
  return seen;
}

// While one exists, the run can be looked at.
class WatchGuard {
 public:
  WatchGuard(const RunOptions& run, LiveSource source) : run_(run) {
    source.to_file = [](const Results& results) { return to_bytes(results); };
    if (run_.watch) run_.watch(std::move(source));
  }
  ~WatchGuard() {
    if (run_.watch) run_.watch({});
  }
  WatchGuard(const WatchGuard&) = delete;
  WatchGuard& operator=(const WatchGuard&) = delete;

 private:
  const RunOptions& run_;
};

void require_labels(const RunOptions& run, std::int64_t num_samples) {
  if (run.labels) run.labels->require_samples(num_samples);
}

SampleTags tags_of(const RunOptions& run, std::int64_t begin, std::int64_t end) {
  return {run.labels ? run.labels->classes.slice(0, begin, end) : at::Tensor(), run.first_sample + begin, end - begin};
}

void add_sample(const Observer& observer, std::vector<LayerSample>& samples) {
  auto rows = observer.sample();
  if (rows) samples.push_back({observer.address(), observer.basis(), std::move(*rows)});
}

void finish(Observation& seen, Results results) {
  seen.results = std::move(results);
  seen.results.partial = seen.is_interrupted || seen.failure;
  // Nothing worth a file, least of all in place of an earlier one: the failure is all there is to tell.
  const auto has_samples = [](const Resonance& layer) { return layer.num_samples_seen() > 0; };
  if (seen.failure && std::none_of(seen.results.begin(), seen.results.end(), has_samples)) {
    std::rethrow_exception(seen.failure);
  }
}

}  // namespace

Observation observe_model(const RunOptions& run, ObserveOptions options, std::shared_ptr<MemoryBudget> budget,
                          const InterruptGuard& interrupt) {
  const ModelRun model(run);
  options.mask_input = model.mask_input();
  const HookedModule hooked(model.model());
  ObservedModule observed(hooked, options, budget);
  print_layers("observing", observed.addresses());
  const InputSamples input_samples(hooked, options, run.nonlinearities, budget, observed.overhead_budget());
  input_samples.set_enabled(passes_of(options).size() == 1);
  require_labels(run, model.num_samples());
  const torch::NoGradGuard no_grad;
  Steps steps;
  steps.count = [&](std::int64_t begin, std::int64_t end) {
    const TagGuard tagged(tags_of(run, begin, end));
    model.run_batch(begin, end, [&](const auto& arguments, const auto& kwargs) {
      observed.run_method(run.method, arguments, kwargs);
    });
  };
  steps.finish_pass = [&](Pass next) {
    observed.finish_pass();
    input_samples.set_enabled(next == Pass::kCounting);
  };
  steps.so_far = [&] { return observed.holistic_results(); };
  steps.save = [&] { return Checkpoint{.sites = observed.states(), .inputs = input_samples.states()}; };
  steps.resume = [&](Checkpoint earlier) {
    observed.resume(std::move(earlier.sites));
    input_samples.resume(std::move(earlier.inputs));
  };
  Observation seen = [&] {
    const WatchGuard watched(run, {steps.so_far, [&] { return observed.results(); }});
    return run_passes(model.num_samples(), run, options, interrupt, steps);
  }();
  try {
    observed.drain();
    input_samples.drain();
  } catch (...) {
    if (!seen.failure) seen.failure = std::current_exception();
  }
  seen.silent_layers = observed.silent_layers();
  seen.left_out = observed.left_out();
  for (const Error& failure : observed.failures()) seen.failures.emplace_back(failure.what());
  for (const auto& observer : observed.observers()) add_sample(*observer, seen.samples);
  input_samples.give_to(seen.samples, seen.notes);
  finish(seen, observed.take_results());
  for (std::string& note : load_notes(observed, seen.results)) seen.notes.push_back(std::move(note));
  return seen;
}

Observation observe_activations(const RunOptions& run, const ObserveOptions& options,
                                std::shared_ptr<MemoryBudget> budget, const InterruptGuard& interrupt) {
  const at::Tensor activations = read_activations(run.data);
  at::Tensor mask;
  if (!run.mask.empty()) mask = read_mask(run.mask, activations.size(0));
  require_labels(run, activations.size(0));
  const Layout layout = options.layouts.empty() ? Layout::kAuto : options.layouts.back().second;
  Observer observer("activations", options, layout, std::move(budget));
  Steps steps;
  steps.count = [&](std::int64_t begin, std::int64_t end) {
    observer.add(activations.slice(0, begin, end), mask.defined() ? mask.slice(0, begin, end) : at::Tensor(),
                 tags_of(run, begin, end));
  };
  steps.so_far = [&] {
    Results results{settings_of(options), {}, false};
    if (auto layer = observer.holistic()) results.layers.push_back(std::move(*layer));
    return results;
  };
  steps.finish_pass = [&](Pass /*next*/) { observer.finish_pass(); };
  steps.save = [&] { return Checkpoint{.sites = {{.address = observer.address(), .parts = {observer.state()}}}}; };
  steps.resume = [&](Checkpoint earlier) { observer.resume(std::move(earlier.sites.at(0).parts.at(0))); };
  const auto whole = [&] {
    Results results{settings_of(options), {}, false};
    add(observer.layer(), results);
    return results;
  };
  Observation seen = [&] {
    const WatchGuard watched(run, {steps.so_far, whole});
    return run_passes(activations.size(0), run, options, interrupt, steps);
  }();
  observer.count_call();  // one array, however it was cut into batches
  add_sample(observer, seen.samples);
  Results results{settings_of(options), {}, false};
  add(observer.take_layer(), results);
  finish(seen, std::move(results));
  return seen;
}

}  // namespace srm::cli
