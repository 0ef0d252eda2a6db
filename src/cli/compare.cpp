#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/command.h"
#include "cli/compared_words.h"
#include "cli/console.h"
#include "cli/output_path.h"
#include "cli/shell_word.h"
#include "cli/tell.h"
#include "files/atomic_stream.h"
#include "srm/comparison_report.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter =
    R"(The first is what the others are compared with: two models, layers, steps of training or bases. Layers are matched by
their addresses, and by --layers or addresses behind the files where they have others. A4 is compared always, C4 and
curves at the epsilons that both have. p of a difference comes in two kinds: for independent samples, and as a bound
that holds whatever their dependence, so for the same samples in both too.

Examples:
  torchsrm compare before after
  torchsrm compare tanh relu isotropic -o compare.html
  torchsrm compare result:encoder.hidden result:encoder.bottleneck
  torchsrm compare training.srmh@0 training.srmh@500
  torchsrm compare model_a model_b --layers encoder.0=blocks.0 --json)";

struct Flags {
  std::vector<std::string> words;
  std::vector<std::string> pairs;
  std::string output;
  bool json = false;
};

LayerPairs pairs_of(const Flags& flags) {
  LayerPairs pairs;
  for (const std::string& word : flags.pairs) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == word.size()) {
      throw Misuse("--layers", "a layer of the first is paired with one of the others", word, "write A=B");
    }
    pairs.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return pairs;
}

Comparison compare_words(const Flags& flags) {
  const LayerPairs pairs = pairs_of(flags);
  std::vector<ComparedSource> sources;
  for (const std::string& word : flags.words) {
    sources.push_back(read_compared(word));
    sources.back().name = word;
    if (!sources.back().only.empty() && !pairs.empty()) {
      throw Misuse("--layers", "layers are paired by the flag or behind the files", word, "leave one of the two out");
    }
    if (sources.back().only.empty() != sources.front().only.empty()) {
      throw Misuse("compare", "all name a layer or none does", fmt::format("{}", fmt::join(flags.words, " ")),
                   "add :ADDRESS to the others");
    }
  }
  return compare(std::move(sources), pairs);
}

std::string command_line(const Flags& flags) {
  std::string text = "torchsrm compare";
  for (const std::string& word : flags.words) text += " " + shell_word(word);
  if (!flags.pairs.empty()) text += " --layers";
  for (const std::string& word : flags.pairs) text += " " + shell_word(word);
  return text + " -o " + shell_word(flags.output);
}

int compare_files(const Flags& flags) {
  if (flags.words.size() < 2) {
    throw Misuse("compare", "two or more must be compared", printable(flags.words.front()), "name another result");
  }
  if (!flags.output.empty()) require_output("-o", flags.output, flags.words);
  const Comparison comparison = compare_words(flags);
  if (flags.json) {
    const auto json = comparison_json(comparison);
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}", comparison_table(comparison, console_options()));
  }
  if (flags.output.empty()) return 0;
  const std::string command = command_line(flags);
  write_atomically(flags.output, [&](std::ostream& out) { write_comparison_html(out, comparison, command); });
  tell("written to {}\n", printable(flags.output));
  return 0;
}

}  // namespace

void add_compare(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("compare", "Compare results of models, layers, steps or bases, with what chance could do");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command->add_option("RESULT", flags->words, std::string("Two or more, each ") + kComparedWords)->required();
  command->add_option("--layers", flags->pairs, "Pairs A=B of a layer of the first and one of the others");
  command->add_option("-o,--output", flags->output, "A page too: one file that loads nothing");
  command->add_flag("--json", flags->json, "Print an object with all numbers and curves");
  command->callback([flags, &action] { action = [flags] { return compare_files(*flags); }; });
}

}  // namespace srm::cli
