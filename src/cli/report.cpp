#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/result_path.h"
#include "files/atomic_file.h"
#include "srm/history.h"
#include "srm/io.h"
#include "srm/report.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  torchsrm report training.srmh -o training.html
  torchsrm report result -o result.html)";

struct Flags {
  std::string source;
  std::string output;
};

int report(const Flags& flags) {
  if (flags.output.empty()) throw Misuse("-o", "the page must have a name", "none", "e.g. -o report.html");
  std::ostringstream page;
  if (is_history(flags.source)) {
    write_history_html(page, load_history(flags.source));
  } else {
    write_report_html(page, load_results(result_path(flags.source)));
  }
  AtomicFile file(flags.output);
  file.write(page.str());
  file.commit();
  fmt::print("written to {}\n", printable(flags.output));
  return 0;
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("report", "Write the page of a result, or of a history of training");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command->add_option("SOURCE", flags->source, "A result file, its folder, or a history of srm::Monitor")->required();
  command->add_option("-o,--output", flags->output, "The page: one file that loads nothing")->required();
  command->callback([flags, &action] { action = [flags] { return report(*flags); }; });
}

}  // namespace srm::cli
