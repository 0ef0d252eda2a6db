#include "cli/figure_files.h"

#include <fmt/format.h>

#include "cli/console.h"

namespace srm::cli {

FigureFiles::FigureFiles(const std::string& folder) : path_(folder), folder_(folder, "--figures") {}

void FigureFiles::write(const Results& results, const std::string& name) {
  const std::filesystem::path path = name.empty() ? path_ : path_ / names_(name);
  const OutputFolder folder(path, "--figures");
  add(write_figures(results, path));
}

void FigureFiles::write(const History& history) { add(write_figures(history, path_)); }

void FigureFiles::add(const WrittenFigures& written) {
  all_.files.insert(all_.files.end(), written.files.begin(), written.files.end());
  all_.notes.insert(all_.notes.end(), written.notes.begin(), written.notes.end());
}

void FigureFiles::tell() const {
  // Each is there as SVG and as PNG.
  fmt::print("{} figures written to {}\n", all_.files.size() / 2, printable(path_.string()));
  for (const std::string& note : all_.notes) fmt::print("{}\n", printable(note));
}

}  // namespace srm::cli
