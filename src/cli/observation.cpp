#include "cli/observation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "cli/console.h"
#include "cli/labels.h"
#include "cli/model_file.h"
#include "cli/progress.h"
#include "cli/run_inputs.h"
#include "srm/error.h"
#include "srm/io.h"
#include "srm/model_inputs.h"

namespace srm::cli {
namespace {

using Step = std::function<void(std::int64_t begin, std::int64_t end)>;

// Every pass over its samples. What goes wrong in the pass that counts is kept, beside what was counted.
Observation run_passes(std::int64_t num_samples, std::int64_t batch_size, const ObserveOptions& options,
                       const InterruptGuard& interrupt, const Step& step,
                       const std::function<void(Pass next)>& finish_pass) {
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
    Progress progress(to_string(pass), last - first);
    for (std::int64_t begin = first; begin < last; begin += batch_size) {
      if (interrupt.is_interrupted()) break;
      const std::int64_t end = std::min(begin + batch_size, last);
      step(begin, end);
      progress.advance(end - begin);
    }
    seen.is_interrupted = interrupt.is_interrupted();
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
  const torch::jit::Module model = load_model(run.model);
  const c10::FunctionSchema& schema = require_method(model, run.method);
  const ModelInputs inputs = ModelInputs::read(run.data, schema);
  std::optional<at::Tensor> mask;
  if (schema.argumentIndexWithName(run.mask).value_or(0) > 0) {
    options.mask_input = run.mask;
  } else if (!run.mask.empty()) {
    mask = read_mask(run.mask, inputs.num_samples());
  }
  const HookedModule hooked(model);
  ObservedModule observed(hooked, options, budget);
  const std::vector<std::string> addresses = observed.addresses();
  fmt::print(stderr, "observing {} {}: {}\n", addresses.size(), addresses.size() == 1 ? "layer" : "layers",
             printable(fmt::format("{}", fmt::join(addresses, ", "))));
  const InputSamples input_samples(hooked, options, run.nonlinearities, budget);
  input_samples.set_enabled(passes_of(options).size() == 1);
  std::optional<Labels> labels;
  if (!run.labels.empty()) labels = read_labels(run.labels, inputs.num_samples());
  const torch::NoGradGuard no_grad;
  const auto step = [&](std::int64_t begin, std::int64_t end) {
    const auto [arguments, kwargs] = inputs.batch(begin, end);
    std::optional<MaskGuard> masked;
    if (mask) masked.emplace(mask->slice(0, begin, end));
    const TagGuard tagged(
        {labels ? labels->classes.slice(0, begin, end) : at::Tensor(), run.first_sample + begin, end - begin});
    forward_or_explain(model, run.method, arguments, kwargs,
                       [&] { observed.run_method(run.method, arguments, kwargs); });
  };
  Observation seen = run_passes(inputs.num_samples(), run.batch_size, options, interrupt, step, [&](Pass next) {
    observed.finish_pass();
    input_samples.set_enabled(next == Pass::kCounting);
  });
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
  std::optional<Labels> labels;
  if (!run.labels.empty()) labels = read_labels(run.labels, activations.size(0));
  const Layout layout = options.layouts.empty() ? Layout::kAuto : options.layouts.back().second;
  Observer observer("activations", options, layout, std::move(budget));
  const auto step = [&](std::int64_t begin, std::int64_t end) {
    observer.add(activations.slice(0, begin, end), mask.defined() ? mask.slice(0, begin, end) : at::Tensor(),
                 {labels ? labels->classes.slice(0, begin, end) : at::Tensor(), run.first_sample + begin, end - begin});
  };
  Observation seen =
      run_passes(activations.size(0), run.batch_size, options, interrupt, step, [&](Pass) { observer.finish_pass(); });
  observer.count_call();  // one array, however it was cut into batches
  add_sample(observer, seen.samples);
  Results results{settings_of(options), {}, false};
  add(observer.take_layer(), results);
  finish(seen, std::move(results));
  return seen;
}

}  // namespace srm::cli
