#include "cli/observation.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "cli/model_run.h"
#include "cli/run_inputs.h"
#include "srm/error.h"

namespace srm::cli {
namespace {

using Step = std::function<void(std::int64_t begin, std::int64_t end)>;

// Every pass over its samples. What goes wrong in the pass that counts is kept, beside what was counted.
Observation run_passes(std::int64_t num_samples, const RunOptions& run, const ObserveOptions& options,
                       const InterruptGuard& interrupt, const Step& step,
                       const std::function<void(Pass next)>& finish_pass, const std::function<Results()>& so_far) {
  const std::vector<Pass> passes = passes_of(options);
  const bool learns = passes.front() == Pass::kLearning;
  if (learns && num_samples < 2) {
    throw Error("observe", "a basis is learned on the first half of the samples, of which there must be two",
                fmt::format("{}", num_samples), "give more data, or another --basis");
  }
  const std::int64_t half = learns ? num_samples / 2 : 0;
  Observation seen;
  const auto run_pass = [&](Pass pass) {
    const std::int64_t first = pass == Pass::kLearning ? 0 : half;
    const std::int64_t last = pass == Pass::kLearning ? half : num_samples;
    const auto step_and_look = [&](std::int64_t begin, std::int64_t end) {
      step(begin, end);
      if (run.glance && pass == Pass::kCounting) run.glance(so_far);
    };
    seen.is_interrupted = !for_each_batch(to_string(pass), first, last, run.batch_size, interrupt, step_and_look);
  };
  for (std::size_t k = 0; k + 1 < passes.size(); ++k) {
    run_pass(passes[k]);
    if (seen.is_interrupted) return seen;
    finish_pass(passes[k + 1]);
  }
  try {
    run_pass(Pass::kCounting);
  } catch (...) {
    seen.failure = std::current_exception();
  }
  return seen;
}

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
  const InputSamples input_samples(hooked, options, run.nonlinearities, budget);
  input_samples.set_enabled(passes_of(options).size() == 1);
  require_labels(run, model.num_samples());
  const torch::NoGradGuard no_grad;
  const auto step = [&](std::int64_t begin, std::int64_t end) {
    const TagGuard tagged(tags_of(run, begin, end));
    model.run_batch(begin, end, [&](const auto& arguments, const auto& kwargs) {
      observed.run_method(run.method, arguments, kwargs);
    });
  };
  const auto finish_pass = [&](Pass next) {
    observed.finish_pass();
    input_samples.set_enabled(next == Pass::kCounting);
  };
  Observation seen = run_passes(model.num_samples(), run, options, interrupt, step, finish_pass,
                                [&] { return observed.holistic_results(); });
  seen.silent_layers = observed.silent_layers();
  seen.left_out = observed.left_out();
  for (const Error& failure : observed.failures()) seen.failures.emplace_back(failure.what());
  for (const auto& observer : observed.observers()) add_sample(*observer, seen.samples);
  input_samples.give_to(seen.samples, seen.notes);
  finish(seen, observed.take_results());
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
  const auto step = [&](std::int64_t begin, std::int64_t end) {
    observer.add(activations.slice(0, begin, end), mask.defined() ? mask.slice(0, begin, end) : at::Tensor(),
                 tags_of(run, begin, end));
  };
  const auto so_far = [&] {
    Results results{settings_of(options), {}, false};
    if (auto layer = observer.holistic()) results.layers.push_back(std::move(*layer));
    return results;
  };
  const auto finish_pass = [&](Pass /*next*/) { observer.finish_pass(); };
  Observation seen = run_passes(activations.size(0), run, options, interrupt, step, finish_pass, so_far);
  observer.count_call();  // one array, however it was cut into batches
  add_sample(observer, seen.samples);
  Results results{settings_of(options), {}, false};
  add(observer.take_layer(), results);
  finish(seen, std::move(results));
  return seen;
}

}  // namespace srm::cli
