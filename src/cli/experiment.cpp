#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "activation_basis/experiment.h"
#include "activation_basis/network.h"
#include "activation_basis/report.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/experiment_progress.h"
#include "cli/interrupt.h"
#include "cli/output_folder.h"
#include "cli/tell.h"

namespace srm::cli {
namespace {

namespace basis_experiment = activation_basis;

constexpr const char* kFooter =
    R"(Autoencoders of handwritten digits are trained that differ in one thing, the function after their bottleneck, and
measured before and after it, untrained and trained, in the standard basis, in the one that the function acts in and
in learned ones, against random rotations (Haar) and against the function's own effect (M1, M1c). Digits and networks
are built in; no file is needed.

Networks: tanh, tanh-rotated (acts in a random rotation), tanh-turned (the tanh network turned: a check of the code),
tanh-frame-24 and tanh-frame-48 (act along spread vectors; width 16 only), isotropic, linear, relu.

--out gets cases/ (a file a network), table.csv, experiment.json and experiment.html. Networks that have a file there
are not trained again: after Ctrl-C the same command goes on. Networks of other epochs or rotations are refused.

Time: about 5 seconds of one core a network of width 16, 8 of width 24; the default, 40 networks, takes 2 to 4 minutes
on two cores.

Examples:
  torchsrm experiment activation-basis
  torchsrm experiment activation-basis --widths 16 24 --seeds 10 --out privileged
  torchsrm experiment activation-basis --networks tanh isotropic --seeds 2 --epochs 150)";

struct Flags {
  basis_experiment::ExperimentOptions options;
  std::string out = "srm-experiment";
  bool json = false;
};

class EndOfExperiment : public std::exception {};

void require_usable(const Flags& flags) {
  if (flags.out.empty()) {
    throw Misuse("--out", "the folder must have a name", "none", "leave it out for srm-experiment");
  }
  try {
    basis_experiment::cases_of(flags.options);
  } catch (const Error& error) {
    throw Misuse(error);
  }
}

// The number of cases that are kept is what resuming starts from.
int tell_interrupted(const Flags& flags, const basis_experiment::ExperimentProgress& progress) {
  tell("stopped: {} of {} networks are done and kept in {}; the same command goes on from there\n", progress.num_done,
       progress.num_cases, printable(flags.out));
  return kInterrupted;
}

int run_activation_basis(const Flags& flags) {
  const InterruptGuard interrupt;
  require_usable(flags);
  const std::filesystem::path out = flags.out;
  const OutputFolder folder(out);
  const OutputFolder cases_folder(out / "cases");
  basis_experiment::ExperimentProgress last;
  std::vector<basis_experiment::CaseResult> cases;
  try {
    ExperimentProgressLine line;
    cases = basis_experiment::run_experiment(flags.options, out / "cases",
                                             [&](const basis_experiment::ExperimentProgress& progress) {
                                               last = progress;
                                               line.show(progress);
                                               if (interrupt.is_interrupted()) throw EndOfExperiment();
                                             });
  } catch (const EndOfExperiment&) {
    return tell_interrupted(flags, last);
  }
  if (last.num_found > 0) {
    tell("note: {} of {} networks were found in {} and not trained again\n", last.num_found, last.num_cases,
         printable((out / "cases").string()));
  }
  const basis_experiment::Findings findings = basis_experiment::findings_of(std::move(cases));
  basis_experiment::write_reports(findings, out);
  if (flags.json) {
    fmt::print("{}\n", basis_experiment::to_json(findings).dump(1));
  } else {
    fmt::print("{}\nwritten to {}: table.csv, experiment.json, experiment.html\n", basis_experiment::to_text(findings),
               printable(flags.out));
  }
  return 0;
}

}  // namespace

void add_experiment(CLI::App& app, Action& action) {
  CLI::App* group = app.add_subcommand("experiment", "Run an experiment on networks that are trained for it");
  group->require_subcommand(1);
  group->footer("Examples:\n  torchsrm experiment activation-basis\n  torchsrm experiment activation-basis --help");
  CLI::App* command =
      group->add_subcommand("activation-basis", "Does the activation function privilege the basis that it acts in?");
  auto flags = std::make_shared<Flags>();
  auto& options = flags->options;
  options.num_threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::string> names;
  for (const basis_experiment::Network& network : basis_experiment::networks()) names.push_back(network.name);
  command->footer(kFooter);
  command->add_option("--networks", options.networks, fmt::format("Which (default: all): {}", fmt::join(names, ", ")))
      ->delimiter(',');
  command->add_option("--widths", options.widths, "Widths of the bottleneck")
      ->delimiter(',')
      ->check(CLI::Range(2, 256))
      ->capture_default_str();
  command->add_option("--seeds", options.num_seeds, "Networks of each kind and width")->capture_default_str();
  command->add_option("--first-seed", options.first_seed, "They have this seed and the next ones")
      ->capture_default_str();
  command->add_option("--epochs", options.settings.num_epochs, "Epochs of training")->capture_default_str();
  command->add_option("--rotations", options.settings.num_rotations, "Rotations of each null; below 39 no p is <= 0.05")
      ->capture_default_str();
  command->add_option("--threads", options.num_threads, "Networks trained side by side; changes no result")
      ->capture_default_str();
  command->add_option("--out", flags->out, "Folder for the results")->capture_default_str();
  command->add_flag("--json", flags->json, "Print experiment.json instead of the table");
  command->callback([flags, &action] { action = [flags] { return run_activation_basis(*flags); }; });
}

}  // namespace srm::cli
