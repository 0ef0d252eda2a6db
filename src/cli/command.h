#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <stdexcept>
#include <string>

#include "srm/error.h"

namespace srm::cli {

/// What a subcommand does once the command line was read; returns the exit code.
using Action = std::function<int()>;

/// Each adds its subcommand, which sets `action` when it is the one that was given.
void add_inspect(CLI::App& app, Action& action);
void add_observe(CLI::App& app, Action& action);
/// instrument, collect and strip.
void add_instrument(CLI::App& app, Action& action);
void add_show(CLI::App& app, Action& action);
void add_report(CLI::App& app, Action& action);
void add_merge(CLI::App& app, Action& action);
void add_learn_basis(CLI::App& app, Action& action);
void add_compare_bases(CLI::App& app, Action& action);
void add_compare(CLI::App& app, Action& action);
void add_export(CLI::App& app, Action& action);
/// activation-basis.
void add_experiment(CLI::App& app, Action& action);

/// All commands with their options and help, as JSON: man page and completions are made of it, so that they never tell
/// of an option that is not there. `torchsrm --describe` prints it; --help does not list that.
std::string describe(const CLI::App& app);

/// The whole command. Exit codes: 0 done, 1 for what a file, a model or the machine did, 2 for what is wrong from the
/// command line alone, 130 after Ctrl-C. Everything that is printed, is printed from here down.
int run(int argc, const char* const* argv);

/// An srm::Error that the command line alone is to blame for.
class Misuse : public Error {
 public:
  using Error::Error;
  explicit Misuse(const Error& error) : Error(error) {}
};

constexpr int kInterrupted = 130;

}  // namespace srm::cli
