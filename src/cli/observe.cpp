#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <thread>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/observation.h"
#include "cli/output_folder.h"
#include "srm/io.h"
#include "srm/report.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter = R"(Lists take spaces, commas or repetition; the model comes first, or after `--`.

Layouts: which dimension of an activation holds the numbers of one sample. auto takes the last of 2-D and 3-D
activations and the channels of 4-D and 5-D ones; flatten makes one sample of everything behind the batch.

Examples:
  torchsrm observe model.pt --data inputs.npy
  torchsrm observe model.pt --data inputs.pt --layers 'encoder.*' '!*.dropout' --epsilon 0.9 0.75 --centre
  torchsrm observe model.pt --data images.npz:x --layers conv1 fc --layout conv1=channels --out result
  torchsrm observe --activations layer.npy --basis rotated.npy --pairs permutation)";

// The flags as they were given; what was not given is empty, since --compat changes the defaults.
struct Flags {
  std::string model;
  std::string data;
  std::string activations;
  std::vector<std::string> layers;
  std::vector<double> epsilon;
  std::optional<std::int64_t> angles;
  std::optional<std::string> grid;
  std::optional<std::string> pairs;
  std::string basis = "standard";
  bool centre = false;
  std::vector<std::string> layouts;
  std::int64_t batch_size = 64;
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::string memory;
  std::string out = "srm-result";
  std::string compat;
};

const std::map<std::string, Layout> kLayouts = {
    {"auto", Layout::kAuto}, {"last", Layout::kLast}, {"channels", Layout::kChannels}, {"flatten", Layout::kFlatten}};

std::pair<std::string, Layout> layout_of(const std::string& flag) {
  const std::size_t equals = flag.rfind('=');
  const std::string selector = equals == std::string::npos ? "" : flag.substr(0, equals);
  const auto found = kLayouts.find(equals == std::string::npos ? flag : flag.substr(equals + 1));
  if (found == kLayouts.end()) {
    throw Misuse("--layout", "a layout is auto, last, channels or flatten, after GLOB= if it is for some layers", flag,
                 "e.g. --layout 'conv*=channels'");
  }
  return {selector, found->second};
}

void require_sources(const Flags& flags) {
  const bool has_model = !flags.model.empty();
  if (has_model == !flags.activations.empty()) {
    throw Misuse("observe", "there must be either a model or --activations", has_model ? "both" : "neither",
                 "the model comes first, or after `--` behind lists");
  }
  if (has_model && flags.data.empty()) {
    throw Misuse("observe", "a model needs --data to run on", "none", "give a .pt, .npy or .npz file of inputs");
  }
  if (!has_model && (!flags.data.empty() || !flags.layers.empty())) {
    throw Misuse("observe", "--data and --layers belong to a model", "--activations", "leave them out");
  }
  for (const std::string& layout : flags.layouts) {
    if (!has_model && layout.find('=') != std::string::npos) {
      throw Misuse("--layout", "without a model there is one layer, and no GLOB= to choose it", layout, "leave it out");
    }
  }
  if (flags.batch_size < 1) {
    throw Misuse("--batch-size", "a batch must hold a sample", fmt::format("{}", flags.batch_size), "give 1 or more");
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

// All but the basis, which is read from a file and thus no matter of the command line alone.
ObserveOptions options_of(const Flags& flags) {
  const bool compat = flags.compat == "reference";
  ObserveOptions options;
  options.layers = flags.layers.empty() ? std::vector<std::string>{"*"} : flags.layers;
  if (!flags.activations.empty()) options.layers = {};
  if (!flags.epsilon.empty()) options.epsilon = flags.epsilon;
  options.num_angles = flags.angles.value_or(compat ? 100 : 360);
  options.grid = flags.grid.value_or(compat ? "inclusive" : "exclusive") == "inclusive" ? GridEnds::kInclusive
                                                                                        : GridEnds::kExclusive;
  options.pairs = flags.pairs.value_or(compat ? "permutation" : "combination") == "permutation" ? Pairs::kPermutation
                                                                                                : Pairs::kCombination;
  if (compat) {
    options.sense = Sense::kReference;
    options.degenerate = DegeneratePlanes::kKeptAsZeros;
  }
  options.centre = flags.centre;
  for (const std::string& layout : flags.layouts) options.layouts.push_back(layout_of(layout));
  options.num_threads = flags.threads;
  try {
    require_valid(options);
  } catch (const Error& error) {
    throw Misuse(error);
  }
  return options;
}

std::shared_ptr<const Basis> read_basis(const std::string& spec, VectorLengths lengths) {
  const at::Tensor vectors = read_tensor(spec, "basis");
  const std::string where = "basis " + spec;
  if (vectors.dim() != 2 || c10::isComplexType(vectors.scalar_type())) {
    throw Error(where, "a basis is (num_vectors, dim) real numbers",
                fmt::format("{} ({})", c10::toString(vectors.scalar_type()), fmt::join(vectors.sizes(), ", ")),
                "give one row for each basis vector");
  }
  const at::Tensor rows = vectors.to(at::kDouble).contiguous();
  const double* data = rows.const_data_ptr<double>();
  // The name goes into the result, which holds no path.
  const std::string name = std::filesystem::path(spec).stem().string();
  return std::make_shared<const Basis>(
      Basis::from_vectors(name, rows.size(0), rows.size(1), std::vector<double>(data, data + rows.numel()), lengths));
}

int observe(const Flags& flags) {
  const InterruptGuard interrupt;
  require_sources(flags);
  ObserveOptions options = options_of(flags);
  const std::optional<std::int64_t> memory_limit = memory_limit_of(flags.memory);
  const OutputFolder folder(flags.out);
  if (flags.basis != "standard") {
    options.basis =
        read_basis(flags.basis, flags.compat == "reference" ? VectorLengths::kKept : VectorLengths::kNormalised);
    if (options.basis->was_rescaled()) {
      fmt::print(stderr, "note: the vectors of {} were normalised to length 1\n", flags.basis);
    }
  }
  const auto budget = memory_limit ? std::make_shared<MemoryBudget>(*memory_limit) : std::make_shared<MemoryBudget>();
  at::set_num_threads(flags.threads);
  const Observation seen = flags.model.empty()
                               ? observe_activations(flags.activations, flags.batch_size, options, budget, interrupt)
                               : observe_model(flags.model, flags.data, flags.batch_size, options, budget, interrupt);

  folder.write(seen.results);
  fmt::print("{}", layers_table(seen.results, console_options()));
  // Only a whole run tells which layers the model does not call.
  if (!seen.silent_layers.empty() && !seen.results.partial) {
    fmt::print(stderr, "warning: no activation came from {}: the model did not call it on this data\n",
               printable(fmt::format("{}", fmt::join(seen.silent_layers, ", "))));
  }
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
  command->add_option("MODEL", flags->model, "TorchScript file (.pt)");
  command->add_option("--data", flags->data,
                      "Inputs: .pt (tensor, tuple or list of arguments, dict by argument name), .npy, .npz[:KEY]; the "
                      "first dimension is the batch");
  command->add_option("--activations", flags->activations, "Observe these activations instead of a model's layers");
  command->add_option("--layers", flags->layers, "Addresses or globs, ! takes away (default: all; see inspect)")
      ->delimiter(',');
  command->add_option("--epsilon", flags->epsilon, "Cosine thresholds, each in [-1, 1] (default: 0.9)")
      ->delimiter(',')
      ->check([](const std::string& text) { return text.empty() ? "a number must follow" : ""; });
  command->add_option("--angles", flags->angles, "Number of angles K (default: 360)");
  command
      ->add_option("--grid", flags->grid,
                   "exclusive: 2 pi k/K; inclusive: 2 pi k/(K-1), both ends (default: exclusive)")
      ->check(CLI::IsMember({"exclusive", "inclusive"}));
  command
      ->add_option("--pairs", flags->pairs,
                   "combination: planes i < j; permutation: both orders (default: combination)")
      ->check(CLI::IsMember({"combination", "permutation"}));
  command->add_option("--basis", flags->basis, "standard, or a file of rows: .npy, .npz[:KEY], .pt")
      ->capture_default_str();
  command->add_flag("--centre,--center", flags->centre, "Take off the mean, found in a first pass over the data");
  command->add_option("--layout", flags->layouts, "[GLOB=]auto|last|channels|flatten (default: auto)")->delimiter(',');
  command->add_option("--batch-size", flags->batch_size, "Samples a call of the model")->capture_default_str();
  command->add_option("--threads", flags->threads, "Threads for the model and for counting; changes no count")
      ->capture_default_str();
  command->add_option("--memory", flags->memory, "Limit for all tables, e.g. 4G (default: half of what is free)");
  command->add_option("--out", flags->out, "Folder for the result")->capture_default_str();
  command
      ->add_option("--compat", flags->compat,
                   "reference: the published code's ways: towards -b_j, inclusive grid of 100 angles, permutation, "
                   "lengths of basis vectors kept; an explicit flag wins")
      ->check(CLI::IsMember({"reference"}));
  command->callback([flags, &action] { action = [flags] { return observe(*flags); }; });
}

}  // namespace srm::cli
