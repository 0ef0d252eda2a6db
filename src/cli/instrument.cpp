#include "srm/instrumented_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/model_file.h"
#include "cli/observe_flags.h"
#include "cli/output_folder.h"
#include "cli/tell.h"
#include "srm/io.h"
#include "srm/report.h"

namespace srm::cli {
namespace {

constexpr const char* kInstrumentFooter =
    R"(The model that is written counts wherever LibTorch runs it and this project's plugin is loaded: in C++ by dlopen or
LD_PRELOAD of libtorchsrm.so, in Python by torch.ops.load_library. Saving it again keeps what was counted.

Examples:
  torchsrm instrument model.pt -o observed.pt --layers 'encoder.*'
  torchsrm collect observed.pt -o result
  torchsrm strip observed.pt -o model.pt)";

struct Flags {
  std::string model;
  std::string out;
  std::string mask;
  ObserveFlags observe;
};

// None for the standard basis of each layer's width.
std::shared_ptr<const Basis> fixed_basis(const BasisWord& word, const torch::jit::Module& model) {
  if (word.kind == BasisWord::Kind::kStandard) return nullptr;
  const auto width = width_of(word, &model);
  if (!width) {
    throw Misuse("--basis", "an instrumented model takes standard, weights:NAME or a file", word.text,
                 "write the basis to a file (torchsrm learn-basis), or use torchsrm observe");
  }
  return make_basis(word, *width, &model, {});
}

int run_instrument(const Flags& flags) {
  ObserveOptions options = options_of(flags.observe);
  try {
    require_valid(options);
  } catch (const Error& error) {
    throw Misuse(error);
  }
  options.mask_input = flags.mask;
  const torch::jit::Module model = load_model(flags.model, ModelMode::kAsSaved);
  options.basis = fixed_basis(basis_word_of(flags.observe), model);
  const torch::jit::Module observed = instrument(model, options);
  save_model(observed, flags.out);
  std::vector<std::string> addresses;
  for (const auto& observer : observers_of(observed)) addresses.push_back(observer->address());
  fmt::print("written to {}, which observes {} {}: {}\n", printable(flags.out), addresses.size(),
             addresses.size() == 1 ? "layer" : "layers", printable(fmt::format("{}", fmt::join(addresses, ", "))));
  return 0;
}

int run_collect(const Flags& flags) {
  const torch::jit::Module model = load_model(flags.model, ModelMode::kAsSaved);
  const Results results = collect(model);
  for (const auto& observer : observers_of(model)) {
    if (const auto failure = observer->failure()) {
      tell("warning: taken off after an error: {}\n", printable(failure->what()));
    }
  }
  const OutputFolder folder(flags.out);
  folder.write(results);
  fmt::print("{}", layers_table(results, console_options()));
  if (results.layers.empty()) {
    tell("warning: nothing was counted yet: run the model, and save it where it ran\n");
  }
  fmt::print("\nwritten to {}: results.srm.pt, planes.csv, layers.json, report.html{}\n", printable(flags.out),
             results.partial ? " (partial)" : "");
  return 0;
}

int run_strip(const Flags& flags) {
  save_model(strip(load_model(flags.model, ModelMode::kAsSaved)), flags.out);
  fmt::print("written to {}: the plain model\n", printable(flags.out));
  return 0;
}

CLI::App* add(CLI::App& app, Action& action, const std::string& name, const std::string& words,
              const std::shared_ptr<Flags>& flags, int (*run)(const Flags&)) {
  CLI::App* command = app.add_subcommand(name, words);
  command->footer(kInstrumentFooter);
  command->add_option("MODEL", flags->model, "TorchScript file (.pt)")->required();
  command->callback([flags, &action, run] { action = [flags, run] { return run(*flags); }; });
  return command;
}

}  // namespace

void add_instrument(CLI::App& app, Action& action) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      add(app, action, "instrument", "Write a model that observes its layers wherever it runs", flags, run_instrument);
  command->add_option("-o,--out", flags->out, "File for the instrumented model")->required();
  command->add_option("--mask", flags->mask, "Leave out padding: an argument of the model that is 0 there");
  add_observe_flags(*command, flags->observe, "detach");

  flags = std::make_shared<Flags>();
  command = add(app, action, "collect", "Read what an instrumented model has counted", flags, run_collect);
  command->add_option("-o,--out", flags->out, "Folder for the result")->default_val("srm-result");

  flags = std::make_shared<Flags>();
  command = add(app, action, "strip", "Write the plain model inside an instrumented one", flags, run_strip);
  command->add_option("-o,--out", flags->out, "File for the plain model")->required();
}

}  // namespace srm::cli
