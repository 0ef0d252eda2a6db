#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <thread>

#include "cli/checkpoints.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/live_view.h"
#include "cli/load_flags.h"
#include "cli/model_file.h"
#include "cli/observation.h"
#include "cli/observe_flags.h"
#include "cli/output_folder.h"
#include "cli/plane_words.h"
#include "cli/printed_result.h"
#include "cli/prom_file.h"
#include "cli/run_inputs.h"
#include "cli/run_settings.h"
#include "cli/tell.h"
#include "srm/io.h"
#include "srm/neuron_tally.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter = R"(Lists take spaces, commas or repetition; the model comes first, or after `--`.

Sampling: what --every, --fraction, --limit and --mask leave out is counted as skipped.

Layouts: which dimension of an activation holds the numbers of one sample. auto takes the last of 2-D and 3-D
activations and the channels of 4-D and 5-D ones; flatten makes one sample of everything behind the batch.

Tests: A4 of a sample of each layer's rows against Haar rotations of the basis (--rotations), beyond the activation
function's own effect where the layer is one, and planes one by one where a layer is narrow.

Passes: --centre, --epsilon auto:data, --planes top and --basis pca or learned-* run the data once more each, before it
is counted. A learned basis is learned on the first half of the samples and observed on the second: shuffle data that
are in some order.

Long runs: with --save-every all that was counted is saved now and then, which takes a copy of the tables in memory
and, where it goes by time, a tenth of it at most. The same command line with --resume goes on from there; the model,
the data and whatever decides what is counted must be the same. A finished run leaves no checkpoint.

Examples:
  torchsrm observe model.pt --data inputs.npy
  torchsrm observe model.pt --data images.npz:x --labels images.npz:y --by-class --layers 'block*' --centre
  torchsrm observe model.pt --data inputs.npy --planes top:64 --epsilon auto:data --basis learned-diagonal
  torchsrm observe model.pt --data inputs.npy --layers act --density 3,7 --nonlinearity act=gelu-tanh:fc
  torchsrm observe model.pt --data inputs.pt --layers 'encoder.*' '!*.dropout' --epsilon 0.9 0.75 --centre
  torchsrm observe encoder.pt --data tokens.pt --mask attention_mask --layers 'layers.*/gelu' 're:layers\.[0-3]'
  torchsrm observe codec.pt --data x.npy --method encode --layers '*' --limit 100000
  torchsrm observe model.pt --data images.npz:x --layers conv1 fc --layout conv1=channels --out result
  torchsrm observe model.pt --data inputs.npy --prom-file /var/lib/node_exporter/srm.prom
  torchsrm observe model.pt --data inputs.npy --live 8080 --live-window last:100000 --live-stay
  torchsrm observe model.pt --data inputs.npy --save-every 5m --resume --out long
  torchsrm observe --activations layer.npy --basis rotated.npy --pairs permutation)";

struct Flags {
  RunOptions run;
  std::string activations;
  ObserveFlags observe;
  bool centre = false;
  std::string mean;
  std::string labels;
  bool by_class = false;
  std::optional<std::int64_t> num_nearest;
  std::vector<std::string> density;
  std::int64_t density_bins = ObserveOptions().density_bins;
  std::int64_t density_points = ObserveOptions().density_points;
  std::int64_t num_rotations = TestingOptions().num_rotations;
  std::optional<std::int64_t> num_test_rows;
  bool tests_planes = false;
  bool tests_no_planes = false;
  std::vector<std::string> nonlinearities;
  std::int64_t num_learning_rows = 20000;
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::string memory;
  std::string out = "srm-result";
  std::string prom_file;
  LiveFlags live;
  LoadFlags load;
  CheckpointFlags checkpoints;
};

// What the command line alone tells: neither basis nor mean nor the number of classes.
ObserveOptions options_of(const Flags& flags) {
  ObserveOptions options = options_of(flags.observe);
  if (!flags.activations.empty()) options.layers = {};
  options.centre = flags.centre || !flags.mean.empty();
  options.num_threads = flags.threads;
  options.num_nearest = flags.num_nearest;
  if (!flags.labels.empty() && !options.num_nearest) options.num_nearest = NeuronOptions().num_nearest;
  options.density_planes = parse_planes(flags.density, "--density");
  options.density_bins = flags.density_bins;
  options.density_points = flags.density_points;
  if (flags.num_rotations > 0) options.num_test_rows = flags.num_test_rows.value_or(kByWidth);
  apply(flags.load, !flags.run.model.empty(), options);
  try {
    require_valid(options);
  } catch (const Error& error) {
    throw Misuse(error);
  }
  return options;
}

void require_tests(const Flags& flags) {
  if (flags.by_class && flags.labels.empty()) {
    throw Misuse("--by-class", "a result per class needs --labels", "none", "give the class of each sample");
  }
  if (flags.num_rotations != 0 && flags.num_rotations < 2) {
    throw Misuse("--rotations", "a null takes two rotations or more, or 0 for no tests",
                 fmt::format("{}", flags.num_rotations), "200 is usual; below 39 no p can be 5 % or less");
  }
  if (flags.tests_planes && flags.num_rotations == 0) {
    throw Misuse("--test-planes", "planes are tested beside layers", "--rotations 0", "leave one of the two out");
  }
  if (!flags.nonlinearities.empty() && flags.run.model.empty()) {
    throw Misuse("--nonlinearity", "it names two layers of a model", "--activations", "observe the model itself");
  }
  if (flags.num_learning_rows < 4) {
    throw Misuse("--learn-rows", "a basis is learned from four rows or more",
                 fmt::format("{}", flags.num_learning_rows), "thousands are needed for it to be stable");
  }
  if (flags.run.first_sample < 0) {
    throw Misuse("--first-sample", "samples are numbered from 0", fmt::format("{}", flags.run.first_sample),
                 "give the number of the first one in the whole data");
  }
  if (flags.num_test_rows.value_or(2) < 2) {
    throw Misuse("--test-rows", "tests need two rows or more", fmt::format("{}", *flags.num_test_rows),
                 "--rotations 0 leaves tests out");
  }
}

void read_mean(const std::string& spec, ObserveOptions& options) {
  const at::Tensor mean = read_tensor(spec, "mean").to(at::kDouble).flatten().contiguous();
  const double* data = mean.const_data_ptr<double>();
  options.mean.assign(data, data + mean.numel());
  if (mean.numel() > 0 && mean.isfinite().all().item<bool>()) return;
  throw Error("mean " + spec, "a mean must be finite numbers", mean.numel() == 0 ? "none" : "NaN or infinity",
              "give the mean activation of the layer");
}

// As torchsrm learn-basis says in its file.
bool is_learned_and_unstable(const std::string& spec) {
  const c10::IValue value = read_value(spec);
  if (!value.isGenericDict() || !value.toGenericDict().contains("stable")) return false;
  const c10::IValue stable = value.toGenericDict().at("stable");
  return stable.isBool() && !stable.toBool();
}

// Every layer's basis is made when its width is known; what there is to say of it comes into `notes`.
void choose_basis(const Flags& flags, ObserveOptions& options, const std::shared_ptr<std::vector<std::string>>& notes,
                  const InterruptGuard& interrupt) {
  const BasisWord word = basis_word_of(flags.observe);
  std::shared_ptr<const torch::jit::Module> model;
  if (word.needs_model()) {
    if (flags.run.model.empty()) {
      throw Misuse("--basis", "weights are those of a model", word.text, "give the model, or a file of the weights");
    }
    model = std::make_shared<const torch::jit::Module>(load_model(flags.run.model));
  }
  options.basis_rule = {word.text};
  if (word.kind == BasisWord::Kind::kStandard) return;
  if (word.kind == BasisWord::Kind::kFile && is_learned_and_unstable(word.name)) {
    notes->push_back("the basis in " + word.name +
                     " was learned and is not stable: another half of its data gave another");
  }
  if (const auto width = width_of(word, model.get())) {
    options.basis = make_basis(word, *width, model.get(), {}, notes.get());
    return;
  }
  options.basis_rule.make = [word, model, notes, &interrupt](std::int64_t dim, const at::Tensor& rows) {
    return make_basis(word, dim, model.get(), rows, notes.get(), [&interrupt] {
      if (interrupt.is_interrupted()) throw Interrupted();
    });
  };
  if (word.needs_rows()) options.basis_rule.num_rows = flags.num_learning_rows;
}

// A learned basis is an extreme of whatever rows: no rotation of it is a fair comparison.
void test(const Flags& flags, const ObserveOptions& options, const InterruptGuard& interrupt, Observation& seen) {
  if (seen.is_interrupted || seen.failure || seen.samples.empty()) return;
  std::optional<bool> planes;
  if (flags.tests_planes || flags.tests_no_planes) planes = flags.tests_planes;
  TestingOptions testing{.num_rotations = flags.num_rotations,
                         .seed = options.seed,
                         .centred = options.centre,
                         .mean = options.mean,
                         .planes = planes};
  test_layers(seen.samples, testing, interrupt, seen.results, seen.notes);
  seen.is_interrupted = interrupt.is_interrupted();
}

int observe(Flags flags) {
  const InterruptGuard interrupt;
  require_sources("observe", flags.run, flags.activations, flags.observe.layers, flags.observe.layouts);
  if (flags.out.empty()) throw Misuse("--out", "the folder must have a name", "none", "leave it out for srm-result");
  require_tests(flags);
  ObserveOptions options = options_of(flags);
  for (const std::string& one : flags.nonlinearities) flags.run.nonlinearities.push_back(parse_nonlinearity(one));
  std::optional<std::int64_t> memory_limit = memory_limit_of(flags.memory);
  const OutputFolder folder(flags.out);
  std::optional<Checkpoints> checkpoints = Checkpoints::asked_for(flags.checkpoints, flags.out);
  if (!flags.mean.empty()) read_mean(flags.mean, options);
  if (!flags.labels.empty()) {
    flags.run.labels = read_labels(flags.labels);
    options.num_classes = flags.run.labels->num_classes;
  }
  options.by_class = flags.by_class;
  const auto notes = std::make_shared<std::vector<std::string>>();
  choose_basis(flags, options, notes, interrupt);
  require_one_pass(options);
  if (options.basis_rule.num_rows > 0) options.num_test_rows = 0;
  // How many planes have tables may follow from it.
  if (!memory_limit && options.top_planes == 0 && checkpoints) memory_limit = checkpoints->memory_limit();
  const auto budget = memory_limit ? std::make_shared<MemoryBudget>(*memory_limit) : std::make_shared<MemoryBudget>();
  at::set_num_threads(flags.threads);
  const bool has_model = !flags.run.model.empty();
  if (!has_model) flags.run.data = flags.activations;
  if (checkpoints) {
    const BasisWord basis = basis_word_of(flags.observe);
    const RunFiles files = {flags.labels, flags.mean, basis.kind == BasisWord::Kind::kFile ? basis.name : "",
                            flags.nonlinearities};
    checkpoints->set_run(run_settings(flags.run, options, files), budget->limit_bytes());
    flags.run.checkpoints = &*checkpoints;
  }
  PromFile prom_file(flags.prom_file, flags.run.model);
  const LiveView live(flags.live, flags.run.model.empty() ? flags.activations : flags.run.model);
  flags.run.watch = [&](LiveSource source) { live.watch(std::move(source)); };
  flags.run.glance = [&](const std::function<Results()>& results) { prom_file.update(results); };
  Observation seen = has_model ? observe_model(flags.run, options, budget, interrupt)
                               : observe_activations(flags.run, options, budget, interrupt);
  test(flags, options, interrupt, seen);

  // Nothing worth a file, least of all in place of an earlier one.
  if (seen.is_interrupted && seen.results.layers.empty()) {
    tell("stopped before anything was counted: no result was written\n");
    return kInterrupted;
  }
  folder.write(seen.results);
  if (checkpoints) checkpoints->finish(!seen.is_interrupted && !seen.failure);
  prom_file.finish(seen.results);
  print_result(seen.results);
  if (options.basis_rule.num_rows > 0) {
    notes->push_back(
        "the basis was found in the first half of the samples and observed on the second; it was not "
        "tested, since learning finds an extreme in any rows");
  }
  notes->insert(notes->end(), seen.notes.begin(), seen.notes.end());
  for (const std::string& note : *notes) tell("note: {}\n", printable(note));
  print_warnings(seen);
  fmt::print("\nwritten to {}: results.srm.pt, planes.csv, {}layers.json, report.html{}\n", printable(flags.out),
             has_neurons(seen.results) ? "neurons.csv, " : "", seen.results.partial ? " (partial)" : "");
  if (seen.failure) std::rethrow_exception(seen.failure);
  live.finish(seen.results, interrupt);
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
  command->add_option("--mean", flags->mean, "Take off this mean instead: FILE[:KEY] of (dim) numbers");
  command
      ->add_option("--learn-rows", flags->num_learning_rows,
                   "Rows that --basis pca and learned-* take, drawn from the first half of the data")
      ->capture_default_str();
  command
      ->add_option("--rotations", flags->num_rotations,
                   "Haar rotations that A4 is tested against; 0 leaves all tests out")
      ->capture_default_str();
  command->add_option("--test-rows", flags->num_test_rows,
                      "Rows of a layer that tests rest on, drawn by --seed (default: 4096, fewer above 512 wide)");
  CLI::Option* planes = command->add_flag("--test-planes", flags->tests_planes,
                                          "Test every plane (default: of layers with up to 64 basis vectors)");
  command->add_flag("--no-test-planes", flags->tests_no_planes, "Test no planes")->excludes(planes);
  command->add_option("--nonlinearity", flags->nonlinearities,
                      "LAYER=FUNCTION[:INPUT]: test LAYER against the function's own effect (M1, M1c); known without "
                      "it where LAYER is a module or operator that is an activation function");
  command->add_option("--labels", flags->labels, "FILE[:KEY] with the class of each sample: lists grandmother neurons");
  command
      ->add_option("--first-sample", flags->run.first_sample,
                   "Number of the first sample, where the data are a part of more: so that the nearest samples of "
                   "merged parts keep their numbers")
      ->capture_default_str();
  command->add_flag("--by-class", flags->by_class, "With --labels: a result for each class beside the whole");
  command->add_option("--nearest", flags->num_nearest,
                      "Keep so many samples nearest to each signed basis vector (default: 8 with --labels)");
  command->add_option("--density", flags->density,
                      "i,j...: project onto these planes (PPPM) rows whose part in it is at least the first epsilon");
  command->add_option("--density-bins", flags->density_bins, "Bins a side, a power of two")->capture_default_str();
  command->add_option("--density-points", flags->density_points, "Points kept of each plane, drawn by --seed")
      ->capture_default_str();
  command->add_option("--batch-size", flags->run.batch_size, "Samples a call of the model")->capture_default_str();
  command->add_option("--threads", flags->threads, "Threads for the model and for counting; changes no count")
      ->capture_default_str();
  command->add_option("--memory", flags->memory, "Limit for all tables, e.g. 4G (default: half of what is free)");
  command->add_option("--out", flags->out, "Folder for the result")->capture_default_str();
  command->add_option("--prom-file", flags->prom_file,
                      "Keep this file up to date, each second, with what was counted so far, for node_exporter's "
                      "textfile collector (Prometheus)");
  add_live_flags(*command, flags->live);
  add_load_flags(*command, flags->load);
  add_checkpoint_flags(*command, flags->checkpoints);
  command->callback([flags, &action] { action = [flags] { return observe(*flags); }; });
}

}  // namespace srm::cli
