#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <thread>

#include "cli/basis_files.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/learned_table.h"
#include "cli/observe_flags.h"
#include "cli/row_collection.h"
#include "cli/run_inputs.h"
#include "cli/sweep_progress.h"
#include "cli/tell.h"
#include "srm/io.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter =
    R"(aligned turns the basis until A4 of the rows is largest (rows on the axes: sparse codes, ReLU), diagonal until it is
smallest (rows between the axes: tanh), pca takes the principal axes. Of each layer --rows rows are kept, drawn evenly
by --seed from all that pass. Learning finds an extreme in any data, so the score says nothing by itself: two halves of
the data are learned from apart, and only where they agree the basis is called stable.

What is done to the rows before, in this order:
  centring        takes off their mean; without it the mean itself looks like an axis (--no-centre)
  --whiten        makes all directions vary alike, so that those of little variance count too; the basis is then not
                  orthonormal
  normalising     makes each row one direction, as A4 is defined; with --raw-rows a row weighs |x|^4, which the basis of
                  a ReLU needs to be found

-o basis.pt holds a dict: "basis" (n, n) float64, a vector a row, and beside it how it was found and how far to believe
it: method, score, converged, halves_agreement, restarts_agreement, chance, stable, ... Several layers take a folder or
-o 'bases/{layer}.pt'. Equal runs on as many threads give equal bytes.

Examples:
  torchsrm learn-basis model.pt --data train.npy --layers encoder.bottleneck_activation -o basis.pt
  torchsrm learn-basis model.pt --data train.npy --layers 'encoder.*' --method aligned --raw-rows -o bases
  torchsrm learn-basis --activations layer.npy --method pca -o pca.pt
  torchsrm observe model.pt --data test.npy --layers encoder.bottleneck_activation --basis basis.pt --centre)";

struct Flags {
  RunOptions run;
  std::string activations;
  ObserveFlags observe;  // its layers, layouts and limit
  std::string method = "diagonal";
  LearnOptions learn;
  std::int64_t seed = 0;
  std::int64_t num_rows = 20000;
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::string memory;
  std::string out;
};

const std::map<std::string, LearnMethod> kMethods = {
    {"aligned", LearnMethod::kAligned}, {"diagonal", LearnMethod::kDiagonal}, {"pca", LearnMethod::kPca}};

LearnOptions learn_options_of(const Flags& flags) {
  LearnOptions options = flags.learn;
  options.method = kMethods.at(flags.method);
  options.seed = static_cast<std::uint64_t>(flags.seed);
  if (options.method == LearnMethod::kPca && (options.whiten || !options.normalise_rows)) {
    throw Misuse("--method pca", "principal axes take --no-centre alone of what is done to rows",
                 options.whiten ? "--whiten" : "--raw-rows", "leave it out");
  }
  return options;
}

CollectOptions collect_options_of(const Flags& flags) {
  CollectOptions options;
  options.max_rows = flags.num_rows;
  options.seed = static_cast<std::uint64_t>(flags.seed);
  options.limit = flags.observe.limit;
  options.bytes_beside = learning_bytes;
  options.purpose = "learning from them";
  return options;
}

RowCollection collect(const Flags& flags, const ObserveOptions& chosen, const BasisFiles& files,
                      const InterruptGuard& interrupt) {
  const std::optional<std::int64_t> limit = memory_limit_of(flags.memory);
  const auto budget = limit ? std::make_shared<MemoryBudget>(*limit) : std::make_shared<MemoryBudget>();
  if (flags.run.model.empty()) {
    RunOptions run = flags.run;
    run.data = flags.activations;
    const Layout layout = chosen.layouts.empty() ? Layout::kAuto : chosen.layouts.back().second;
    return collect_from_activations(run, layout, collect_options_of(flags), budget, interrupt);
  }
  const auto on_chosen = [&](const std::vector<std::string>& addresses) {
    files.require_room_for(addresses.size() > 1 || addresses.front().find("[*]") != std::string::npos);
  };
  return collect_from_model(flags.run, {chosen.layers, chosen.layouts, {}}, collect_options_of(flags), budget,
                            interrupt, on_chosen);
}

void print_left_out(const RowCollection& collection) {
  for (const auto& [address, what] : collection.left_out) {
    tell("note: {} was left out: {} is no tensor with rows; an element goes by its own name, {}\n", printable(address),
         printable(what), printable(fmt::format("'{}:0'", address)));
  }
  if (!collection.silent_layers.empty() && !collection.is_interrupted) {
    tell("warning: no activation came from {}: the model did not call it on this data\n",
         printable(fmt::format("{}", fmt::join(collection.silent_layers, ", "))));
  }
}

// Learns from the rows of one layer, which go away, and writes what was found.
LearnedLayer learn_layer(RowCollector& rows, const std::string& address, LearnOptions options, const BasisFiles& files,
                         const InterruptGuard& interrupt) {
  const CollectedLayer collected = rows.take(address);
  const std::vector<std::int64_t>& blocks = collected.blocks;
  if (std::all_of(blocks.begin(), blocks.end(), [&](std::int64_t block) { return block == blocks.front(); })) {
    throw Error("learn-basis", "rows must come of two samples of the data or more, for halves to be compared",
                fmt::format("{} rows of one", blocks.size()), "run the model on more data");
  }
  SweepProgress progress(printable(address), options.num_restarts, options.tolerance);
  options.on_sweep = [&](const LearnProgress& sweep) {
    if (interrupt.is_interrupted()) throw Interrupted();
    progress.show(sweep);
  };
  LearnedLayer layer{address, learn_basis(collected.rows, options, collected.blocks), collected.num_rows_offered,
                     files.path_of(address).string()};
  if (interrupt.is_interrupted()) throw Interrupted();
  save_pickle(to_value(layer.learned, options, address, layer.num_rows_offered), layer.file);
  return layer;
}

int learn(const Flags& flags) {
  require_sources("learn-basis", flags.run, flags.activations, flags.observe.layers, flags.observe.layouts);
  const LearnOptions options = learn_options_of(flags);
  const ObserveOptions chosen = options_of(flags.observe);
  const BasisFiles files(flags.out);
  const InterruptGuard interrupt;
  at::set_num_threads(flags.threads);
  const RowCollection collection = collect(flags, chosen, files, interrupt);
  print_left_out(collection);
  const std::vector<std::string> addresses = collection.rows->addresses();
  if (addresses.empty() && !collection.is_interrupted) {
    throw Error("learn-basis", "rows must come from a layer", "none", "choose --layers that the model calls");
  }
  files.require_room_for(addresses.size() > 1);

  std::vector<LearnedLayer> layers;
  bool has_failed = false;
  bool is_interrupted = collection.is_interrupted;
  for (std::size_t k = 0; k < addresses.size() && !is_interrupted; ++k) {
    try {
      layers.push_back(learn_layer(*collection.rows, addresses[k], options, files, interrupt));
    } catch (const Interrupted&) {
      is_interrupted = true;
    } catch (const Error& error) {
      if (addresses.size() == 1) throw;
      has_failed = true;  // the other layers are worth having
      tell("torchsrm: error: {}\n", printable(Error(addresses[k], error).what()));
    }
  }
  if (!layers.empty()) fmt::print("{}", learned_table(layers, options));
  if (!layers.empty()) fmt::print("{}", learned_words(layers, options));
  if (is_interrupted) {
    tell("interrupted: {}\n", layers.empty() ? "nothing was written" : "the layers above were written, the others not");
    return kInterrupted;
  }
  return has_failed ? 1 : 0;
}

void add_source_options(CLI::App& command, Flags& flags) {
  command.add_option("MODEL", flags.run.model, "TorchScript file (.pt)");
  command.add_option("--data", flags.run.data,
                     "Inputs: .pt (tensor, tuple or list of arguments, dict by argument name), .npy, .npz[:KEY]; the "
                     "first dimension is the batch");
  command.add_option("--activations", flags.activations, "Learn from these activations instead of a model's layers");
  command.add_option("--layers", flags.observe.layers,
                     "Addresses, globs, re:REGEX or type:CLASS, ! takes away (default: all modules; see inspect)");
  command.add_option("--run-method", flags.run.method, "Method of the model to run")->capture_default_str();
  command.add_option("--mask", flags.run.mask,
                     "Leave out padding: an argument of the model, or FILE[:KEY] (num_samples, tokens); 0 is padding");
  command.add_option("--layout", flags.observe.layouts, "[GLOB=]auto|last|channels|flatten (default: auto)")
      ->delimiter(',');
  command.add_option("--limit", flags.observe.limit, "Look at no more than so many rows of a layer");
  command.add_option("--batch-size", flags.run.batch_size, "Samples a call of the model")->capture_default_str();
}

void add_learner_options(CLI::App& command, Flags& flags) {
  command.add_option("--method", flags.method, "aligned: A4 at its largest; diagonal: at its smallest; pca")
      ->check(CLI::IsMember({"aligned", "diagonal", "pca"}))
      ->capture_default_str();
  command.add_flag("--centre,--center,!--no-centre,!--no-center", flags.learn.centre,
                   "Take off the mean (the default), or not");
  command.add_flag("--normalise-rows,!--raw-rows", flags.learn.normalise_rows,
                   "Make each row one direction (the default), or let it weigh |x|^4");
  command.add_flag("--whiten", flags.learn.whiten, "Make all directions vary alike");
  command.add_option("--rows", flags.num_rows, "Rows of a layer that are kept to learn from")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--restarts", flags.learn.num_restarts, "Starts from random rotations; the best is taken")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--max-sweeps", flags.learn.max_sweeps, "Sweeps over all planes, after which a start ends")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--seed", flags.seed, "Of the rows, the starts and the halves")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--threads", flags.threads, "Threads for the model and for learning")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--memory", flags.memory, "Limit for rows and learning, e.g. 4G (default: half of what is free)");
  command.add_option("-o,--out", flags.out, "A .pt file for one layer's basis; a folder, or a name with {layer}")
      ->required();
}

}  // namespace

void add_learn_basis(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("learn-basis", "Learn the basis of a layer from its activations, and how far to believe it");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  add_source_options(*command, *flags);
  add_learner_options(*command, *flags);
  command->callback([flags, &action] { action = [flags] { return learn(*flags); }; });
}

}  // namespace srm::cli
