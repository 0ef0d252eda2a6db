#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/output_folder.h"
#include "cli/result_path.h"
#include "cli/tell.h"
#include "srm/io.h"
#include "srm/merge.h"
#include "srm/report.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter =
    R"(Results of disjoint data, observed with the same settings, add up exactly: in any order and grouping the
merged file is the same, byte for byte.

Examples:
  torchsrm merge part1 part2 part3 -o whole
  torchsrm merge monday.srm.pt tuesday.srm.pt -o both.srm.pt)";

struct Flags {
  std::vector<std::string> results;
  std::string out;
};

int merge_files(const Flags& flags) {
  const std::filesystem::path out = flags.out;
  const bool is_file = out.extension() == ".pt" && !std::filesystem::is_directory(out);
  std::optional<OutputFolder> folder;
  if (!is_file) folder.emplace(out);
  std::vector<Results> parts;
  std::set<std::filesystem::path> seen;
  bool had_tests = false;
  for (const std::string& word : flags.results) {
    const std::filesystem::path path = result_path(word);
    std::error_code ignored;
    if (!seen.insert(std::filesystem::weakly_canonical(path, ignored)).second) {
      throw Misuse("merge", "results are of disjoint data, and each is named once", fmt::format("{} twice", word),
                   "leave one out");
    }
    parts.push_back(load_results(path));
    for (const LayerFindings& found : parts.back().findings) had_tests = had_tests || found.tests;
  }
  const Results merged = merge(parts);
  parts.clear();
  if (folder) {
    folder->write(merged);
  } else {
    save(merged, out);
  }
  if (had_tests) {
    tell("note: p and verdicts rest on samples of the rows of one run and are left out of the sum\n");
  }
  fmt::print("{}\nwritten to {}\n", layers_table(merged, console_options()), printable(flags.out));
  return 0;
}

}  // namespace

void add_merge(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("merge", "Add up results of disjoint data, exactly");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command->add_option("RESULT", flags->results, "Result files, or folders that hold one")->required();
  command->add_option("-o,--out", flags->out, "A .pt file for the result alone, or a folder for the reports too")
      ->required();
  command->callback([flags, &action] { action = [flags] { return merge_files(*flags); }; });
}

}  // namespace srm::cli
