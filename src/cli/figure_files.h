#pragma once

#include <filesystem>
#include <string>

#include "cli/output_folder.h"
#include "figures/file_names.h"
#include "srm/figures.h"

namespace srm::cli {

/// What --figures writes: the figures of results and of a training.
class FigureFiles {
 public:
  /// Makes the folder where there is none; throws srm::Error when it cannot be made or written.
  explicit FigureFiles(const std::string& folder);

  /// Writes into the folder or, where `name` is that of one of several results, into one of its own inside.
  void write(const Results& results, const std::string& name);
  void write(const History& history);

  /// Prints how many were written, and what was left out.
  void tell() const;

 private:
  void add(const WrittenFigures& written);

  const std::filesystem::path path_;
  const OutputFolder folder_;
  figures::FileNames names_;
  WrittenFigures all_;
};

}  // namespace srm::cli
