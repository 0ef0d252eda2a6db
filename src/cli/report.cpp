#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <sstream>
#include <vector>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/figure_files.h"
#include "cli/input_pictures.h"
#include "cli/input_texts.h"
#include "cli/output_path.h"
#include "cli/result_path.h"
#include "cli/shell_word.h"
#include "files/atomic_stream.h"
#include "srm/history.h"
#include "srm/io.h"
#include "srm/report.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  torchsrm report result -o result.html
  torchsrm report standard rotated learned -o bases.html
  torchsrm report result --inputs held_out.npy --training training.srmh -o result.html
  torchsrm report training.srmh -o training.html
  torchsrm report result --figures paper/figures)";

struct Flags {
  std::vector<std::string> sources;
  std::string output;
  std::string training;
  std::string inputs;
  std::string image;
  std::string texts;
  std::string figures;
};

// What a result is called beside others: its folder, or its file without what all are called; where two would be
// called the same, as they are on the command line.
std::vector<std::string> names_of(const std::vector<std::string>& sources) {
  std::vector<std::string> names;
  for (const std::string& source : sources) {
    std::filesystem::path path = std::filesystem::path(source).lexically_normal();
    if (path.filename() == "results.srm.pt" && path.has_parent_path()) path = path.parent_path();
    if (!path.has_filename()) path = path.parent_path();
    std::string name = path.filename().string();
    if (name.ends_with(".srm.pt")) name.resize(name.size() - 7);
    names.push_back(name.empty() || name == "." ? source : name);
  }
  std::vector<std::string> unique = names;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (std::count(names.begin(), names.end(), names[k]) > 1) unique[k] = sources[k];
  }
  return unique;
}

std::string command_line(const Flags& flags) {
  std::string text = "torchsrm report";
  for (const std::string& source : flags.sources) text += " " + shell_word(source);
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) text += fmt::format(" {} {}", flag, shell_word(value));
  };
  add("--training", flags.training);
  add("--inputs", flags.inputs);
  add("--image", flags.image);
  add("--texts", flags.texts);
  add("--figures", flags.figures);
  add("-o", flags.output);
  return text;
}

void require_alone(const Flags& flags) {
  if (flags.sources.size() > 1) {
    throw Misuse("report", "a history of training has a page of its own",
                 fmt::format("{} beside others", printable(flags.sources.front())),
                 "give it behind --training for a section in the page of a result");
  }
  if (!flags.training.empty() || !flags.inputs.empty() || !flags.texts.empty()) {
    throw Misuse("report", "pictures, texts and training belong to the page of a result",
                 printable(flags.sources.front()) + ", a history", "give a result");
  }
}

// `figures` may be null; without -o nothing is added to `page`.
void write_results(const Flags& flags, const std::optional<ImageSize>& size, FigureFiles* figures, std::ostream& page) {
  std::vector<Results> results;
  for (const std::string& source : flags.sources) results.push_back(load_results(result_path(source)));
  std::optional<History> history;
  if (!flags.training.empty()) history = load_history(flags.training);
  std::vector<NamedResults> named;
  const std::vector<std::string> names = names_of(flags.sources);
  for (std::size_t k = 0; k < results.size(); ++k) {
    named.push_back({names[k], results[k]});
    if (figures != nullptr) figures->write(results[k], results.size() > 1 ? names[k] : "");
  }
  if (figures != nullptr && history) figures->write(*history);
  if (flags.output.empty()) return;
  ReportOptions options;
  options.command = command_line(flags);
  if (history) options.history = &*history;
  if (!flags.inputs.empty()) options.picture_of = read_pictures(flags.inputs, size);
  if (!flags.texts.empty()) options.text_of = read_texts(flags.texts);
  write_report_html(page, named, options);
}

void write_history(const Flags& flags, FigureFiles* figures, std::ostream& page) {
  require_alone(flags);
  const History history = load_history(flags.sources.front());
  if (figures != nullptr) figures->write(history);
  if (!flags.output.empty()) write_history_html(page, history);
}

void require_sense(const Flags& flags) {
  if (flags.output.empty() && flags.figures.empty()) {
    throw Misuse("-o", "the page must have a name, or the figures a folder", "neither -o nor --figures",
                 "e.g. -o report.html");
  }
  if (flags.output.empty() && !(flags.inputs.empty() && flags.texts.empty())) {
    throw Misuse("--figures", "pictures and texts of samples belong to the page", "no -o", "give -o too");
  }
}

int report(const Flags& flags) {
  require_sense(flags);
  const std::optional<ImageSize> size = image_size_of(flags.image);
  if (flags.inputs.empty() && size) {
    throw Misuse("--image", "the size is that of --inputs", "no --inputs", "give --inputs too");
  }
  if (!flags.output.empty()) {
    std::vector<std::string> inputs = flags.sources;
    inputs.insert(inputs.end(), {flags.training, flags.inputs, flags.texts});
    require_output("-o", flags.output, inputs);
  }
  std::optional<FigureFiles> figures;
  if (!flags.figures.empty()) figures.emplace(flags.figures);
  FigureFiles* const figure_files = figures ? &*figures : nullptr;
  const auto write = [&](std::ostream& page) {
    if (std::any_of(flags.sources.begin(), flags.sources.end(), [](const auto& one) { return is_history(one); })) {
      write_history(flags, figure_files, page);
    } else {
      write_results(flags, size, figure_files, page);
    }
  };
  if (flags.output.empty()) {
    std::ostringstream no_page;
    write(no_page);
  } else {
    write_atomically(flags.output, write);
  }
  if (figures) figures->tell();
  if (flags.output.empty()) return 0;
  fmt::print("written to {}\n", printable(flags.output));
  return 0;
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("report", "Write the page of results, or of a history of training");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command
      ->add_option("SOURCE", flags->sources,
                   "Result files or their folders, which one page draws side by side; or a history of srm::Monitor")
      ->required();
  command->add_option("-o,--output", flags->output, "The page: one file that loads nothing");
  command->add_option("--training", flags->training, "A history of srm::Monitor, drawn as a section of its own");
  command->add_option("--inputs", flags->inputs,
                      "FILE[:KEY] of the observed inputs (num_samples, ...): draws the samples nearest to a neuron");
  command->add_option("--image", flags->image, "With --inputs that are rows of pixels: HxW (default: square)");
  command->add_option("--texts", flags->texts, "A file with a line of text a sample, shown beside its number");
  command->add_option("--figures", flags->figures,
                      "A folder for figures for a paper: of each layer its curves and planes, and of all layers or of "
                      "the training one, as SVG and PNG");
  command->callback([flags, &action] { action = [flags] { return report(*flags); }; });
}

}  // namespace srm::cli
