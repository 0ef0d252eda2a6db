#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/command.h"
#include "cli/tell.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  torchsrm inspect model.pt
  torchsrm observe model.pt --data inputs.npy --layers 'encoder.*' '!*.dropout' --out result
  torchsrm observe --activations layer.npy --basis rotated.npy --epsilon 0.9 0.75
  torchsrm show result/results.srm.pt --plane 0,1
  torchsrm report training.srmh -o training.html
  torchsrm compare before after -o compare.html
  torchsrm export result -o result.npz
  torchsrm instrument model.pt -o observed.pt --layers 'encoder.*'
  torchsrm merge part1 part2 -o whole.srm.pt
  torchsrm learn-basis model.pt --data inputs.npy --layers encoder.0 -o basis.pt
  torchsrm compare-bases basis.pt standard
  torchsrm experiment activation-basis

`torchsrm COMMAND --help` tells each command's options.)";

// CLI11 takes an unknown first word for a missing subcommand.
void require_known_subcommand(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  const auto subcommands = app.get_subcommands([&](const CLI::App* command) { return command->get_name() == argv[1]; });
  if (!subcommands.empty()) return;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  throw Misuse("command line", fmt::format("the first word must be one of {}", fmt::join(names, ", ")),
               fmt::format("'{}'", argv[1]), "see torchsrm --help");
}

constexpr const char* kFullOutput =
    "[standard output] all that is printed must be possible to write; got an output that takes no more; make room, or "
    "redirect it to another file";

int fail(const char* message, int exit_code) {
  std::fflush(stdout);
  tell("torchsrm: error: {}\n", message);
  return exit_code;
}

}  // namespace

int run(int argc, const char* const* argv) {
  CLI::App app{"The Spotlight Resonance Method: which layers of a TorchScript model align with their basis.",
               "torchsrm"};
  app.set_version_flag("--version", "torchsrm " TORCHSRM_VERSION);
  app.require_subcommand(1);
  app.footer(kFooter);
  Action action;
  add_inspect(app, action);
  add_observe(app, action);
  add_instrument(app, action);
  add_show(app, action);
  add_report(app, action);
  add_compare(app, action);
  add_export(app, action);
  add_merge(app, action);
  add_learn_basis(app, action);
  add_compare_bases(app, action);
  add_experiment(app, action);
  if (argc == 2 && argv[1] == std::string_view("--describe")) {
    fmt::print("{}", describe(app));
    return 0;
  }
  // A limit on the size of files is an error of writing, with words, and not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    require_known_subcommand(app, argc, argv);
    app.parse(argc, argv);
    const int exit_code = action();
    // What was printed may still be on its way, and a full disk tells only now.
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
    return fail(kFullOutput, 1);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    const std::string help =
        argc > 1 && argv[1][0] != '-' ? fmt::format("torchsrm {} --help", argv[1]) : "torchsrm --help";
    return fail(
        fmt::format("[command line] it must be one that is understood; got '{}'; see {}", error.what(), help).c_str(),
        2);
  } catch (const Misuse& error) {
    return fail(error.what(), 2);
  } catch (const std::bad_alloc&) {
    return fail("[memory] what is read and observed must fit; got an allocation that failed; lower --memory", 1);
  } catch (const std::system_error& error) {
    // fmt may have met it first.
    return fail(std::ferror(stdout) != 0 ? kFullOutput : error.what(), 1);
  } catch (const std::exception& error) {
    return fail(error.what(), 1);
  }
}

}  // namespace srm::cli
