#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <thread>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/observation.h"
#include "cli/observe_flags.h"
#include "cli/output_folder.h"
#include "srm/report.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter = R"(Lists take spaces, commas or repetition; the model comes first, or after `--`.

Sampling: what --every, --fraction, --limit and --mask leave out is counted as skipped.

Layouts: which dimension of an activation holds the numbers of one sample. auto takes the last of 2-D and 3-D
activations and the channels of 4-D and 5-D ones; flatten makes one sample of everything behind the batch.

Examples:
  torchsrm observe model.pt --data inputs.npy
  torchsrm observe model.pt --data inputs.pt --layers 'encoder.*' '!*.dropout' --epsilon 0.9 0.75 --centre
  torchsrm observe encoder.pt --data tokens.pt --mask attention_mask --layers 'layers.*/gelu' 're:layers\.[0-3]'
  torchsrm observe codec.pt --data x.npy --method encode --layers '*' --limit 100000
  torchsrm observe model.pt --data images.npz:x --layers conv1 fc --layout conv1=channels --out result
  torchsrm observe --activations layer.npy --basis rotated.npy --pairs permutation)";

struct Flags {
  RunOptions run;
  std::string activations;
  ObserveFlags observe;
  bool centre = false;
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::string memory;
  std::string out = "srm-result";
};

void require_sources(const Flags& flags) {
  const bool has_model = !flags.run.model.empty();
  if (has_model == !flags.activations.empty()) {
    throw Misuse("observe", "there must be either a model or --activations", has_model ? "both" : "neither",
                 "the model comes first, or after `--` behind lists");
  }
  if (has_model && flags.run.data.empty()) {
    throw Misuse("observe", "a model needs --data to run on", "none", "give a .pt, .npy or .npz file of inputs");
  }
  const bool is_method_given = flags.run.method != RunOptions().method;
  if (!has_model && (!flags.run.data.empty() || !flags.observe.layers.empty() || is_method_given)) {
    throw Misuse("observe", "--data, --layers and --method belong to a model", "--activations", "leave them out");
  }
  for (const std::string& layout : flags.observe.layouts) {
    if (!has_model && layout.find('=') != std::string::npos) {
      throw Misuse("--layout", "without a model there is one layer, and no GLOB= to choose it", layout, "leave it out");
    }
  }
  if (flags.run.batch_size < 1) {
    throw Misuse("--batch-size", "a batch must hold a sample", fmt::format("{}", flags.run.batch_size),
                 "give 1 or more");
  }
  if (flags.out.empty()) throw Misuse("--out", "the folder must have a name", "none", "leave it out for srm-result");
}

std::optional<std::int64_t> memory_limit_of(std::string flag) {
  if (flag.empty()) return std::nullopt;
  const std::string got = flag;
  std::int64_t limit = 0;
  try {
    CLI::AsSizeValue(false)(flag);  // "4G" becomes "4294967296", or a message
    limit = std::stoll(flag);
  } catch (const std::exception&) {
    limit = 0;
  }
  if (limit <= 0) throw Misuse("--memory", "the limit must be a size above zero", got, "give e.g. 4G");
  return limit;
}

ObserveOptions options_of(const Flags& flags) {
  ObserveOptions options = options_of(flags.observe);
  if (!flags.activations.empty()) options.layers = {};
  options.centre = flags.centre;
  options.num_threads = flags.threads;
  try {
    require_valid(options);
  } catch (const Error& error) {
    throw Misuse(error);
  }
  return options;
}

void print_warnings(const Observation& seen) {
  for (const auto& [address, what] : seen.left_out) {
    fmt::print(stderr, "note: {} was left out: {} has no rows to count\n", printable(address), printable(what));
  }
  for (const std::string& failure : seen.failures) {
    fmt::print(stderr, "warning: taken off after an error: {}\n", printable(failure));
  }
  // Only a whole run tells which layers the model does not call.
  if (!seen.silent_layers.empty() && !seen.results.partial) {
    fmt::print(stderr, "warning: no activation came from {}: the model did not call it on this data\n",
               printable(fmt::format("{}", fmt::join(seen.silent_layers, ", "))));
  }
}

int observe(Flags flags) {
  const InterruptGuard interrupt;
  require_sources(flags);
  ObserveOptions options = options_of(flags);
  const std::optional<std::int64_t> memory_limit = memory_limit_of(flags.memory);
  const OutputFolder folder(flags.out);
  options.basis = read_basis(flags.observe);
  const auto budget = memory_limit ? std::make_shared<MemoryBudget>(*memory_limit) : std::make_shared<MemoryBudget>();
  at::set_num_threads(flags.threads);
  const bool has_model = !flags.run.model.empty();
  if (!has_model) flags.run.data = flags.activations;
  const Observation seen = has_model ? observe_model(flags.run, options, budget, interrupt)
                                     : observe_activations(flags.run, options, budget, interrupt);

  folder.write(seen.results);
  fmt::print("{}", layers_table(seen.results, console_options()));
  print_warnings(seen);
  fmt::print("\nwritten to {}: results.srm.pt, planes.csv, layers.json, report.html{}\n", printable(flags.out),
             seen.results.partial ? " (partial)" : "");
  if (seen.failure) std::rethrow_exception(seen.failure);
  return seen.is_interrupted ? kInterrupted : 0;
}

}  // namespace

void add_observe(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("observe", "Observe layers of a model, or activations, and write the result");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command->add_option("MODEL", flags->run.model, "TorchScript file (.pt)");
  command->add_option("--data", flags->run.data,
                      "Inputs: .pt (tensor, tuple or list of arguments, dict by argument name), .npy, .npz[:KEY]; the "
                      "first dimension is the batch");
  command->add_option("--activations", flags->activations, "Observe these activations instead of a model's layers");
  command->add_option("--method", flags->run.method, "Method of the model to run")->capture_default_str();
  command->add_option("--mask", flags->run.mask,
                      "Leave out padding: an argument of the model, or FILE[:KEY] (num_samples, tokens); 0 is padding");
  add_observe_flags(*command, flags->observe, "throw");
  command->add_flag("--centre,--center", flags->centre, "Take off the mean, found in a first pass over the data");
  command->add_option("--batch-size", flags->run.batch_size, "Samples a call of the model")->capture_default_str();
  command->add_option("--threads", flags->threads, "Threads for the model and for counting; changes no count")
      ->capture_default_str();
  command->add_option("--memory", flags->memory, "Limit for all tables, e.g. 4G (default: half of what is free)");
  command->add_option("--out", flags->out, "Folder for the result")->capture_default_str();
  command->callback([flags, &action] { action = [flags] { return observe(*flags); }; });
}

}  // namespace srm::cli
